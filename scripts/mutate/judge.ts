/** Judges one mutant in a copy: writes it, runs its tests until one notices, puts the file back. */

import type { Baselines } from "./baseline.ts";
import { type Copy, clearTemporary, writeTo } from "./copy.ts";
import { applyMutant, type Mutant } from "./mutants.ts";
import type { Judged } from "./results.ts";
import { runTests } from "./tests.ts";

/** A file may take this many times its measured seconds, and `patience` more, before it counts as hanging. */
const slower = 4;

/** Test files up to this many measured seconds together run first, in a process of their own. */
const firstSeconds = 8;

/** Options of `judge`. */
export interface JudgeOptions {
  /** In the order in which they are to run. */
  tests: readonly string[];
  left: number;
  source: string;
  baselines: Baselines;
  /** Seconds that a test file may take beyond several times its measured ones. */
  patience: number;
  signal: AbortSignal;
}

/** Mocha's own words when a test takes longer than it may. */
const timedOut = /^(Timeout of|For async tests)/;

/**
 * The mutant's result. What takes too long is tried a second time, since a busy machine looks the same; only then it counts as
 * late. A test file that fails without it, too, judges nothing: the others go on.
 */
export async function judge(copy: Copy, mutant: Mutant, options: JudgeOptions): Promise<Judged> {
  const { baselines, signal } = options;
  const { start, end, ...about } = mutant;
  const began = Date.now();
  const waiting = inGroups(options.tests, (test) => baselines.secondsOf(test) ?? firstSeconds);
  const tests: string[] = [];
  const tried = new Set<string>();
  for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
    const told = await runChanged(copy, mutant, group, options);
    const seconds = (Date.now() - began) / 1000;
    const base = { ...about, left: options.left, seconds };
    if (told.outcome === "passed") {
      tests.push(...group);
      continue;
    }
    const { file } = told;
    const isLate = told.outcome === "late" || timedOut.test(told.message);
    const isGreen = (await baselines.verify(file, copy, signal)).state === "green";
    if (isGreen && (!isLate || tried.has(file))) {
      const { title, message } = told.outcome === "late" ? { title: "", message: "it hangs" } : told;
      return { ...base, outcome: isLate ? "late" : "killed", by: { file, title, message }, tests: [file] };
    }
    tried.add(file);
    const passed = group.slice(0, group.indexOf(file));
    tests.push(...passed);
    const rest = group.slice(passed.length + (isGreen ? 0 : 1));
    if (rest.length > 0) waiting.unshift(rest);
  }
  return { ...about, left: options.left, outcome: "survived", tests, seconds: (Date.now() - began) / 1000 };
}

async function runChanged(copy: Copy, mutant: Mutant, group: readonly string[], options: JudgeOptions) {
  writeTo(copy, mutant.file, applyMutant(options.source, mutant));
  try {
    const told = await runTests(copy, group, {
      allowed: (test) => allowedFor(test, options),
      onPassed: options.baselines.note,
      signal: options.signal,
    });
    options.signal.throwIfAborted();
    return told;
  } finally {
    writeTo(copy, mutant.file, options.source);
    clearTemporary(copy);
  }
}

function allowedFor(test: string, { baselines, patience }: JudgeOptions): number {
  return baselines.tookOf(test) * slower + patience;
}

/** The quick ones at the front, then the rest: what a near test notices does not wait for far ones to load. */
function inGroups(tests: readonly string[], secondsOf: (test: string) => number): string[][] {
  const sums = tests.map((_, i) => tests.slice(0, i + 1).reduce((sum, test) => sum + secondsOf(test), 0));
  const first = sums.findIndex((sum, i) => i > 0 && sum > firstSeconds);
  const groups = first < 0 ? [tests.slice()] : [tests.slice(0, first), tests.slice(first)];
  return groups.filter(({ length }) => length > 0);
}
