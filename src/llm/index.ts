/** Language models: what writes the programs. */

import { openai } from "./openai.ts";
import { scripted } from "./scripted.ts";

export type { OpenAIOptions } from "./openai.ts";
export { type Completion, type LanguageModel, LanguageModelFailure, type Prompt } from "./types.ts";

/** The ready-made models. */
export const models = { scripted, openai };
