/**
 * How answers fail: each step that was asked something, as one of a few outcomes, told by the program's verdict, the genome
 * before and after it, and what the task wants there. Nothing is run again. Not here: whether a task is done (the task's own
 * `score`).
 */

import { type Episode, genomeBefore, type Step } from "../episode/index.ts";
import type { GenomeMember } from "../sandbox/index.ts";
import type { Task, Wanted } from "../tasks/index.ts";
import { parametersOf } from "./parameters.ts";

/** All outcomes, in the order in which tables have them. */
export const outcomes = [
  "done",
  "wrong body",
  "wrong value",
  "wrong name",
  "wrong parameters",
  "no edit",
  "not done",
  "does not run",
  "dies",
  "harm",
] as const;

/**
 * What became of an ask. `wrong body` and `wrong parameters` are of a method that has the wanted name, `wrong value` of an
 * attribute; `wrong name`: something else was made or changed; `no edit`: nothing was. `not done`: the task does not say what
 * it wants. `does not run`: it has no syntax, or throws. `dies`: the agent did not survive it otherwise.
 */
export type Outcome = (typeof outcomes)[number];

/** How often each outcome was. */
export type Outcomes = { [outcome in Outcome]?: number };

/** The outcomes of the steps of sound episodes that were asked something; null where none was. */
export function outcomesOf(
  episodes: readonly Episode[],
  tasks: readonly Pick<Task, "id" | "wants">[],
): Outcomes | null {
  const wants = new Map(tasks.map(({ id, wants: own }) => [id, own ?? []]));
  const counts: Outcomes = {};
  for (const episode of episodes.filter(({ fault }) => !fault))
    for (const [i, step] of episode.steps.entries()) {
      if (step.task === undefined) continue;
      const outcome = outcomeOf(step, genomeBefore(episode, i) ?? [], wants.get(step.task) ?? []);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
  return Object.keys(counts).length === 0 ? null : counts;
}

function outcomeOf(step: Step, before: readonly GenomeMember[], wants: readonly Wanted[]): Outcome {
  const { verdict, effects, solved, changed, report } = step;
  if (effects.length > 0) return "harm";
  if (verdict === "syntax_error" || verdict === "runtime_error") return "does not run";
  if (verdict !== "survived") return "dies";
  if (solved === true) return "done";
  if (changed === false) return "no edit";
  if (report === null || wants.length === 0) return "not done";
  const found = afterSetup(before, report.genome, step.setup);
  for (const wanted of wants) {
    const outcome = shortfall(wanted, found, report.genome);
    if (outcome !== null) return outcome;
  }
  return wants.some(({ kind }) => kind === "method") ? "wrong body" : "wrong value";
}

/** The genome that the program found: what the step left as the task's setup had put it there was there before. */
function afterSetup(
  before: readonly GenomeMember[],
  after: readonly GenomeMember[],
  setup = "",
): readonly GenomeMember[] {
  const lines = new Set(setup.split("\n").map((line) => line.trim().replace(/;$/, "")));
  const put = after.filter(({ name, source }) => lines.has(`${name} = ${source}`));
  return [...put, ...before.filter(({ name }) => !put.some((one) => one.name === name))];
}

/** What the genome alone shows to be wrong about one thing that is wanted; null if it has its name, kind and parameters. */
function shortfall(
  { name, kind, parameters }: Wanted,
  before: readonly GenomeMember[],
  after: readonly GenomeMember[],
): Outcome | null {
  const member = memberOf(after, name);
  if (kind === "none") return member === undefined ? null : "wrong value";
  if (member === undefined || isSame(member, memberOf(before, name)))
    return after.some(
      (one) =>
        !isSame(
          one,
          before.find((old) => old.name === one.name),
        ),
    )
      ? "wrong name"
      : "no edit";
  if (member.kind !== kind) return kind === "method" ? "wrong body" : "wrong value";
  const misfits = kind === "method" && parameters !== undefined && parametersOf(member.source) !== parameters;
  return misfits ? "wrong parameters" : null;
}

/** An attribute or method of the agent itself, else of its state. */
function memberOf(genome: readonly GenomeMember[], name: string): GenomeMember | undefined {
  return genome.find((member) => member.name === `self.${name}`) ?? genome.find((member) => member.name === name);
}

function isSame(one: GenomeMember, other: GenomeMember | undefined): boolean {
  return other !== undefined && one.kind === other.kind && one.source === other.source;
}
