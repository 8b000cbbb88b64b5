/**
 * Work that is no episode, as data: asking a language model, and running the programs that it wrote. What all parts share is a
 * `WorkSpec`; a part is a list of questions, or of answers. What comes of it follows from both, whoever does it and however
 * often. Not here: how it travels (`wanted.ts`), what it is for (`coding/`).
 */

import { answersOf } from "../coding/ask.ts";
import { type CodeContestant, modelOf } from "../coding/contestants.ts";
import type { CodeElsewhere } from "../coding/elsewhere.ts";
import { scoreAnswers } from "../coding/score.ts";
import type { CodeAnswer, CodeLanguage, CodeScore, ScoreOptions } from "../coding/types.ts";
import type { Completion, Prompt } from "../llm/index.ts";
import { WorkersFailure } from "./error.ts";
import { originOf } from "./module.ts";
import type { Workbench } from "./open-spec.ts";
import { type ContestantSpec, type SandboxSpec, sandboxSpec } from "./spec.ts";
import type { DoneWork } from "./wanted.ts";

/** What all parts share. */
export type WorkSpec =
  | { kind: "answers"; contestant: ContestantSpec }
  | { kind: "scores"; sandboxes: { readonly [language in CodeLanguage]?: SandboxSpec } };

/** What has to be sent so that a contestant can be asked. Throws a WorkersFailure that names what cannot be. */
async function contestantSpec(given: CodeContestant): Promise<ContestantSpec> {
  const module = originOf(given);
  if (module !== undefined) return { module };
  const what = `The contestant ${given.name}`;
  const { plan } = modelOf(given);
  if (plan === undefined) {
    const why = "it is a function or an object of your own, and functions do not travel";
    throw new WorkersFailure({ kind: "unsent", what, why });
  }
  try {
    return { plan: await plan() };
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new WorkersFailure({ kind: "unsent", what, why: cause.message }, { cause });
  }
}

/** What the sandboxes are like that programs run in. */
function scoringSpec(sandboxes: Parameters<CodeElsewhere["score"]>[1]["sandboxes"]): WorkSpec {
  const told = Object.entries(sandboxes).map(([language, given]): [string, SandboxSpec] => [
    language,
    given ? sandboxSpec(given) : { body: language },
  ]);
  return { kind: "scores", sandboxes: Object.fromEntries(told) };
}

/** Has parts of other work done, and gives what came of them in order. */
export type HaveDone = (
  what: string,
  spec: WorkSpec,
  parts: readonly (readonly unknown[])[],
  signal?: AbortSignal,
) => AsyncIterable<DoneWork>;

/** Code tasks over whoever does such work. */
export function codeElsewhere(work: HaveDone): CodeElsewhere {
  return {
    async admit(contestant) {
      await contestantSpec(contestant);
    },
    async *answer(contestant, parts, { signal }) {
      const spec: WorkSpec = { kind: "answers", contestant: await contestantSpec(contestant) };
      for await (const { values, seconds } of work(`answers of ${contestant.name}`, spec, parts, signal))
        yield { answers: values as Completion[], seconds };
    },
    async *score(parts, { sandboxes, signal }) {
      for await (const { values } of work("scores", scoringSpec(sandboxes), parts, signal)) yield values as CodeScore[];
    },
  };
}

/** Does a part; `name` is the spec's content's. Rejects with the signal's reason when it is aborted. */
export async function doWork(
  bench: Workbench,
  { name, spec, given }: { name: string; spec: WorkSpec; given: unknown },
  { signal }: { signal?: AbortSignal } = {},
): Promise<unknown[]> {
  if (spec.kind === "answers") {
    const answers: Completion[] = [];
    const model = await bench.model(name, spec.contestant);
    for await (const some of answersOf(model, given as readonly Prompt[], signal)) answers.push(...some);
    return answers;
  }
  const open = Object.entries(spec.sandboxes).map(async ([language, own]) => [language, await bench.sandbox(own)]);
  const sandboxes = Object.fromEntries(await Promise.all(open)) as NonNullable<ScoreOptions["sandboxes"]>;
  return scoreAnswers(given as readonly CodeAnswer[], { sandboxes, signal });
}
