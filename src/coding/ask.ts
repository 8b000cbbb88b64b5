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
  const left = leftOf(questions, file);
  const [first] = left;
  if (first === undefined) return;
  const began = performance.now();
  const prompts = left.map((one) => promptFor(one, asking));
  let next = 0;
  for await (const answers of answersOf(first.asked.model, prompts, signal))
    for (const answer of answers) file.addAnswer(keptAnswer(left[next++]!, answer));
  const { name: contestant, run } = first.of;
  file.addSeconds({ part, contestant, run, answers: left.length, seconds: (performance.now() - began) / 1000 });
}

/** Questions that are not answered, each once; those that somebody else has `claimed` are left to them. */
export function leftOf(questions: readonly Question[], file: AnswersFile, claimed = new Set<string>()): Question[] {
  const once = [...new Map(questions.map((one) => [one.key, one])).values()];
  const left = once.filter(({ key }) => !file.answers.has(key) && !claimed.has(key));
  for (const { key } of left) claimed.add(key);
  return left;
}

/** Answers to all prompts, as many together as suits the model. Rejects with the signal's reason when it is aborted. */
export async function* answersOf(
  model: LanguageModel,
  prompts: readonly Prompt[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Completion[]> {
  const some = model.batch === undefined ? atOnce : prompts.length;
  for (let from = 0; from < prompts.length; from += some) {
    signal?.throwIfAborted();
    const chunk = prompts.slice(from, from + some).map((one) => ({ ...one, ...(signal && { signal }) }));
    yield await complete(model, chunk, signal);
  }
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

/** A question as a model is asked it: plain data. */
export function promptFor(
  { prompt: { text, form, shared, stop, maxTokens, temperature: fixed }, seed }: Question,
  { temperature: usual, topP }: Asking,
): Prompt {
  const temperature = fixed ?? usual;
  return {
    ...{ prompt: text, form, seed, maxTokens },
    ...(shared > 0 && { shared }),
    ...(stop.length > 0 && { stop }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
  };
}

/** An answer as it is kept. */
export function keptAnswer(
  { key, asked, of, problem, exercise, sample }: Question,
  { text, finish, usage, steered }: Completion,
): KeptAnswer {
  return {
    ...{ key, contestant: of.name, run: of.run, problem: problem.id, exercise, sample, model: asked.model.name, text },
    ...{ finish: finish ?? null, promptTokens: usage?.promptTokens ?? 0, tokens: usage?.completionTokens ?? 0 },
    steered: steered ?? null,
  };
}
