/** Asks the questions that nobody has answered yet, and keeps the answers in the questions' order. */

import { type Completion, completeAll, type LanguageModel, type Prompt } from "../llm/index.ts";
import type { AnswersFile, KeptAnswer } from "./answers-file.ts";
import type { Asking, Question } from "./plan.ts";

/** Questions that go out together to a model that has no batches of its own: so many answers are lost at most. */
const atOnce = 16;

/** Asks one model's questions. Rejects with the signal's reason when it is aborted; what was answered before is kept. */
export async function askAll(
  questions: readonly Question[],
  file: AnswersFile,
  { asking, part, signal }: { asking: Asking; part: string; signal: AbortSignal | undefined },
): Promise<void> {
  const left = [...new Map(questions.map((one) => [one.key, one])).values()].filter(
    ({ key }) => !file.answers.has(key),
  );
  const [first] = left;
  if (first === undefined) return;
  const { model } = first.asked;
  const began = performance.now();
  const some = model.batch === undefined ? atOnce : left.length;
  for (let from = 0; from < left.length; from += some) {
    signal?.throwIfAborted();
    const chunk = left.slice(from, from + some);
    const answers = await complete(
      model,
      chunk.map((one) => promptFor(one, asking, signal)),
      signal,
    );
    for (const [i, question] of chunk.entries()) file.addAnswer(kept(question, answers[i]!));
  }
  const { name: contestant, run } = first.of;
  file.addSeconds({ part, contestant, run, answers: left.length, seconds: (performance.now() - began) / 1000 });
}

async function complete(
  model: LanguageModel,
  prompts: Prompt[],
  signal: AbortSignal | undefined,
): Promise<Completion[]> {
  try {
    return await completeAll(model, prompts);
  } catch (error) {
    // Who was stopped says so in its own words: a cancelled question.
    signal?.throwIfAborted();
    throw error;
  }
}

function promptFor(
  { prompt: { text, form, stop, maxTokens }, seed }: Question,
  { temperature, topP }: Asking,
  signal: AbortSignal | undefined,
): Prompt {
  return {
    ...{ prompt: text, form, seed, maxTokens },
    ...(stop.length > 0 && { stop }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(signal && { signal }),
  };
}

function kept(
  { key, asked, of, problem, exercise, sample }: Question,
  { text, finish, usage, steered }: Completion,
): KeptAnswer {
  return {
    ...{ key, contestant: of.name, run: of.run, problem: problem.id, exercise, sample, model: asked.model.name, text },
    ...{ finish: finish ?? null, promptTokens: usage?.promptTokens ?? 0, tokens: usage?.completionTokens ?? 0 },
    steered: steered ?? null,
  };
}
