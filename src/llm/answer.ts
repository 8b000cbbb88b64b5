/** What a model must be and give, checked where it is asked: an own one that gives something else is named with it. */

import { orAborted } from "../data/aborted.ts";
import { faultOf, like, type Schema } from "../data/check.ts";
import { LanguageModelFailure } from "./error.ts";
import type { Completion, LanguageModel, Prompt } from "./types.ts";

/** Whatever can be asked, and has a name: prices, records and errors tell models by it. */
export const modelSchema: Schema<LanguageModel> = like((value) => {
  const { name, complete } = (value ?? {}) as Partial<LanguageModel>;
  return typeof name === "string" && typeof complete === "function";
}, "a language model: one of `models`, such as models.scripted([...]), or an object with a `name`, which is a text, and complete()");

/** The model, as it is. Throws a LanguageModelFailure for what is none. */
export function checkModel(model: LanguageModel): LanguageModel {
  const fault = faultOf(modelSchema, model, "model");
  if (fault === null) return model;
  throw new LanguageModelFailure(fault);
}

/** What is known of a model before it is asked, for another that stands before it. */
export function aboutModel(model: LanguageModel): Pick<LanguageModel, "maxTokens" | "forms" | "fingerprint"> {
  const { maxTokens, forms } = model;
  return {
    ...(maxTokens !== undefined && { maxTokens }),
    ...(forms !== undefined && { forms }),
    ...(model.fingerprint !== undefined && { fingerprint: () => model.fingerprint!() }),
  };
}

/** The same model, asked for programs in the language of what an agent is made of. */
export function askedFor(language: string, model: LanguageModel): LanguageModel {
  return {
    name: model.name,
    ...aboutModel(model),
    complete: (prompt) => model.complete({ language, ...prompt }),
  };
}

/** Milliseconds that a cancelled model has to end by itself: one of somebody's own may never look at its signal. */
const graceMs = 1000;

/**
 * Asks a model; one that tells no usage has its tokens counted by whoever keeps a budget. Rejects with a LanguageModelFailure where it
 * gives no completion, and with the signal's reason where the question is cancelled and the model does not heed that.
 */
export async function ask(model: LanguageModel, prompt: Prompt): Promise<Completion> {
  const answer: unknown = await orAborted(model.complete(prompt), prompt.signal, graceMs);
  if (typeof (answer as Partial<Completion> | null)?.text === "string") return answer as Completion;
  throw new LanguageModelFailure({ kind: "answer", model: String(model.name), value: answer });
}
