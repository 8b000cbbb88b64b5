/** Language models: what writes the programs. */

import { openai } from "./openai.ts";
import { random } from "./random.ts";
import { recorded, recording } from "./recorded.ts";
import { scripted } from "./scripted.ts";

export type { OpenAIOptions } from "./openai.ts";
export { paperRates, type RandomRates } from "./random.ts";
export type { RecordedAnswer } from "./recorded.ts";
export { type Completion, type LanguageModel, LanguageModelFailure, type Prompt } from "./types.ts";

/** The ready-made models. */
export const models = { scripted, random, recorded, recording, openai };
