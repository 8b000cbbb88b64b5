/** Judges one mutant in a copy: writes it, runs its tests until one notices, puts the file back. */

import type { Baselines } from "./baseline.ts";
import { type Copy, clearTemporary, writeTo } from "./copy.ts";
import { applyMutant, type Mutant } from "./mutants.ts";
import { isOwn } from "./plan.ts";
import type { Judged } from "./results.ts";
import { runTests, type Told } from "./tests.ts";

/** A file may take this many times its measured seconds before it counts as hanging; by the clock `patience` more. */
const slower = 3;

/** Seconds of processor that a file may take beyond that. */
const more = 5;

/** Test files of up to this many measured seconds share a process, once the first by itself has noticed nothing. */
const groupSeconds = 6;

/** Options of `judge`. */
export interface JudgeOptions {
  /** Which tests are to run by what is known now, in order: asked again as more is known. */
  plan: () => { tests: string[]; left: number };
  /** Whether a test file runs the changed place, as far as is known. */
  runs: (test: string) => boolean | undefined;
  source: string;
  baselines: Baselines;
  /** Seconds that a test file may take beyond several times its measured ones. */
  patience: number;
  /** Seconds of test files that turn out not to run the place, after which no further ones are tried. */
  budget: number;
  signal: AbortSignal;
}

/** Mocha's own words when a test takes longer than it may. */
const timedOut = /^(Timeout of|For async tests)/;

/**
 * The mutant's result. What takes too long by the clock, or fails in another folder's tests, is tried a second time, since a busy machine
 * looks the same; only then it counts. A test file that fails without the change, too, judges nothing: the others go on.
 */
export async function judge(copy: Copy, mutant: Mutant, options: JudgeOptions): Promise<Judged> {
  const { baselines, signal, plan } = options;
  const { start, end, ...about } = mutant;
  const began = Date.now();
  const passed = new Set<string>();
  const doubted = new Set<string>();
  for (;;) {
    const { group, idle } = await nextGroup(copy, options, passed);
    for (const test of idle) passed.add(test);
    const told: Told =
      group.length > 0 ? await runChanged(copy, mutant, group, options) : { outcome: "passed", processor: 0 };
    const seconds = (Date.now() - began) / 1000;
    const base = { ...about, left: plan().left, seconds };
    if (told.outcome === "passed") {
      for (const test of group) passed.add(test);
      if (group.length === 0) return { ...base, outcome: "survived", tests: [...passed] };
      continue;
    }
    const { file } = told;
    for (const test of group.slice(0, group.indexOf(file))) passed.add(test);
    const isLate = told.outcome === "late" || timedOut.test(told.message);
    const isSpinning = told.outcome === "late" && told.by === "processor";
    const isSure = doubted.has(file) || isSpinning || (!isLate && isOwn(file, mutant.file));
    if ((await baselines.verify(file, copy, signal)).state === "green" && isSure) {
      const { title, message } = told.outcome === "late" ? { title: "", message: "it hangs" } : told;
      return { ...base, outcome: isLate ? "late" : "killed", by: { file, title, message }, tests: [file] };
    }
    doubted.add(file);
  }
}

/**
 * The next test files to run, each of which passes without the change: one at first, then some that share a process.
 * `idle`: those that were found not to run the changed place, and so pass.
 */
async function nextGroup(
  copy: Copy,
  { plan, runs, baselines, budget, signal }: JudgeOptions,
  passed: ReadonlySet<string>,
) {
  const group: string[] = [];
  const idle: string[] = [];
  let [taken, lost] = [0, 0];
  for (;;) {
    const next = plan().tests.find((test) => !passed.has(test) && !group.includes(test) && !idle.includes(test));
    if (next === undefined || lost > budget) return { group, idle };
    const seconds = baselines.secondsOf(next) ?? groupSeconds;
    if (group.length > 0 && (passed.size === 0 || taken + seconds > groupSeconds)) return { group, idle };
    const { state, seconds: measured } = await baselines.verify(next, copy, signal);
    if (state !== "green" || (runs(next) !== false && !plan().tests.includes(next))) continue; // it is beyond the budget
    if (runs(next) === false) {
      idle.push(next);
      lost += measured;
    } else {
      group.push(next);
      taken += measured;
    }
  }
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

function allowedFor(test: string, { baselines, patience }: JudgeOptions) {
  return {
    seconds: baselines.tookOf(test) * slower + patience,
    processor: (baselines.secondsOf(test) ?? patience) * slower + more,
  };
}
