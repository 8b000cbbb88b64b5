/** Many questions at once, and an answer piece by piece. */

import { checkOptions, only, optional, positiveInteger } from "../data/check.ts";
import { ask, checkModel } from "./answer.ts";
import type { Completion, LanguageModel, Prompt } from "./types.ts";

const manySchema = only<{ concurrency?: number }>({ concurrency: optional(positiveInteger) });

/**
 * Answers to all questions, in their order: by the model's own batch where it has one, else `concurrency` at a time. The
 * first failure rejects, and no further question is asked. Rejects with an OptionFailure for a `concurrency` that is no number of
 * questions, and with a LanguageModelFailure for what is no model.
 */
export async function completeAll(
  model: LanguageModel,
  prompts: readonly Prompt[],
  options: { concurrency?: number } = {},
): Promise<Completion[]> {
  checkOptions(manySchema, options, "the options of completeAll");
  checkModel(model);
  const { concurrency = 8 } = options;
  if (model.batch !== undefined && prompts.length > 1) return model.batch(prompts);
  const answers = new Array<Completion>(prompts.length);
  let next = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (next < prompts.length && !failed) {
      const i = next++;
      try {
        answers[i] = await ask(model, prompts[i]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, prompts.length) }, work));
  return answers;
}

/** The pieces of an answer as they come: `for await (const piece of streamText(model, { prompt })) …` */
export async function* streamText(model: LanguageModel, prompt: Prompt): AsyncGenerator<string, Completion> {
  checkModel(model);
  const pieces: string[] = [];
  let wake = (): void => {};
  const stop = new AbortController();
  const signal = prompt.signal ? AbortSignal.any([prompt.signal, stop.signal]) : stop.signal;
  let ended = false;
  const onText = (piece: string): void => {
    pieces.push(piece);
    prompt.onText?.(piece);
    wake();
  };
  const answer = ask(model, { ...prompt, signal, onText }).finally(() => {
    ended = true;
    wake();
  });
  answer.catch(() => {}); // told below, or nobody listens any more
  try {
    while (!ended || pieces.length > 0) {
      if (pieces.length > 0) yield pieces.shift()!;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (ended || pieces.length > 0) resolve();
        });
    }
    return await answer;
  } finally {
    stop.abort();
  }
}
