/** Judges one mutant in a copy: writes it, runs its tests until one notices, puts the file back. */

import type { Baselines } from "./baseline.ts";
import { type Copy, clearTemporary, writeTo } from "./copy.ts";
import { applyMutant, type Mutant } from "./mutants.ts";
import type { Result } from "./results.ts";
import { runTests } from "./tests.ts";

/** A file may take this many times its measured seconds, and `patience` more, before it counts as hanging. */
const slower = 4;

/** Test files up to this many measured seconds together run first, in a process of their own. */
const firstSeconds = 8;

/** Options of `judge`. */
export interface JudgeOptions {
  tests: readonly string[];
  left: number;
  source: string;
  baselines: Baselines;
  /** Seconds that a test file may take beyond several times its measured ones. */
  patience: number;
  signal: AbortSignal;
}

/** The mutant's result. Test files that are not green without it are left out. */
export async function judge(copy: Copy, mutant: Mutant, options: JudgeOptions): Promise<Omit<Result, "state">> {
  const { source, baselines, patience, signal } = options;
  const tests: string[] = [];
  for (const test of options.tests)
    if ((await baselines.verify(test, copy, signal)).state === "green") tests.push(test);
  const { start, end, ...about } = mutant;
  const base = { ...about, tests, left: options.left };
  const began = Date.now();
  writeTo(copy, mutant.file, applyMutant(source, mutant));
  try {
    for (const group of inGroups(tests, (test) => baselines.known(test)!.seconds)) {
      const allowed = (test: string): number => (baselines.known(test)?.seconds ?? 0) * slower + patience;
      const told = await runTests(copy, group, { allowed, signal });
      signal.throwIfAborted();
      const seconds = (Date.now() - began) / 1000;
      if (told.outcome === "late")
        return { ...base, outcome: "late", by: { file: told.file, title: "", message: "it hangs" }, seconds };
      if (told.outcome === "failed") {
        const { file, title, message } = told;
        return { ...base, outcome: "killed", by: { file, title, message }, seconds };
      }
    }
    return { ...base, outcome: "survived", seconds: (Date.now() - began) / 1000 };
  } finally {
    writeTo(copy, mutant.file, source);
    clearTemporary(copy);
  }
}

/** The quick ones at the front, then the rest: what a near test notices does not wait for far ones to load. */
function inGroups(tests: readonly string[], secondsOf: (test: string) => number): string[][] {
  const sums = tests.map((_, i) => tests.slice(0, i + 1).reduce((sum, test) => sum + secondsOf(test), 0));
  const first = sums.findIndex((sum, i) => i > 0 && sum > firstSeconds);
  const groups = first < 0 ? [tests.slice()] : [tests.slice(0, first), tests.slice(first)];
  return groups.filter(({ length }) => length > 0);
}
