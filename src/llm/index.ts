/** Language models: what writes the programs. */

import { budget } from "./budget.ts";
import { local } from "./local.ts";
import { openai } from "./openai.ts";
import { random } from "./random.ts";
import { recorded, recording } from "./recorded.ts";
import { scripted } from "./scripted.ts";

export type { Budget, BudgetOptions, BudgetView } from "./budget.ts";
export { describeLanguageModelError, type LanguageModelError, LanguageModelFailure } from "./error.ts";
export type { BudgetLimits } from "./ledger.ts";
export type { LocalModel, LocalOptions, LocalSource } from "./local.ts";
export { completeAll, streamText } from "./many.ts";
export type { OpenAIOptions } from "./openai.ts";
export { type Price, priceOf, prices } from "./prices.ts";
export { paperRates, type RandomModelOptions, type RandomRates } from "./random.ts";
export type { RecordedAnswer } from "./recorded.ts";
export type { Completion, LanguageModel, Message, ModelPlan, Prompt, PromptForm } from "./types.ts";

/** The ready-made models. */
export const models = { scripted, random, recorded, recording, openai, local };

export { budget };
