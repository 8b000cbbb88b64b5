/**
 * Who answers: each contestant as a list of runs, each of them a language model with a mark that tells its weights from others'.
 * A policy is asked through the model that it writes with, its trained head included.
 */

import { faultOf, like, type Schema, show } from "../data/check.ts";
import { digest } from "../data/digest.ts";
import { type LanguageModel, models, type PromptForm } from "../llm/index.ts";
import type { FreeText } from "../policy/index.ts";

/** Who can be asked: a language model, or a policy that writes with one (`sharpen` gives such a one, too). */
export type CodeContestant = LanguageModel | { readonly name: string; freeText?(): Promise<FreeText> };

/** Contestants by name; several runs of one (the same training with other seeds) as a list. */
export type CodeContestants = { readonly [name: string]: CodeContestant | readonly CodeContestant[] };

/** One run of a contestant. */
export interface ContestantRun {
  name: string;
  run: number;
  /** As it was given; and the model that it is asked through. */
  given: CodeContestant;
  model: LanguageModel;
  form: PromptForm;
  /** What tells it from others: equal marks give equal answers to equal questions. */
  mark: string;
}

const expected =
  "a language model (one of `models`, or an object with a `name`, which is a text, and complete()), or a policy that writes with one, such as policies.fromPretrained(...); or a list of such runs";

/** One contestant: a single one or its runs. */
export const contestantSchema: Schema<CodeContestant | readonly CodeContestant[]> = like((value) => {
  const runs = [value].flat() as (Partial<LanguageModel & { freeText: unknown }> | null)[];
  const answers = (one: (typeof runs)[number]) =>
    typeof one?.name === "string" && (typeof one.complete === "function" || typeof one.freeText === "function");
  return runs.length > 0 && runs.every(answers);
}, expected);

/** All runs, in the order in which they were given. Throws a TypeError that names the contestant that is none. */
export async function runsOf(contestants: CodeContestants, form?: PromptForm): Promise<ContestantRun[]> {
  if (Object.keys(contestants).length === 0)
    throw new TypeError("Expected at least one contestant, by name: evaluateCode({ pretrained, trained })");
  for (const [name, given] of Object.entries(contestants)) {
    if (faultOf(contestantSchema, given, name) === null) continue;
    throw new TypeError(`Expected "${name}" to be ${expected}, got ${show(given)}`);
  }
  const all = Object.entries(contestants).flatMap(([name, given]) =>
    ([given].flat() as CodeContestant[]).map((one, run) => ({ name, run, one })),
  );
  return Promise.all(all.map(({ name, run, one }) => runOf(name, run, one, form)));
}

/** A contestant as a run. */
export async function runOf(
  name: string,
  run: number,
  given: CodeContestant,
  form?: PromptForm,
): Promise<ContestantRun> {
  const model = modelOf(given);
  // Without a fingerprint another of the same name may have other weights: its answers are its own in this place alone.
  const print = model.fingerprint === undefined ? `at ${name} ${run}` : await model.fingerprint();
  return { name, run, given, model, form: form ?? model.forms?.[0] ?? "chat", mark: digest([model.name, print]) };
}

/** Most answers at once. Examples are held once for all of them, so that they take little memory; in few, a batch after each beginning is small. */
const maxBatch = 64;

/** The model that a contestant is asked through. */
export function modelOf(given: CodeContestant): LanguageModel {
  return "complete" in given ? given : models.local(given, { prompt: "plain", maxBatch });
}
