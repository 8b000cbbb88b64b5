/**
 * Which tests pass before anything is changed, and how long each file takes: a mutant may only be judged by tests that are
 * green without it. A test file is run without a change when it first notices something, and what it said is kept in
 * `.cache/mutate` by the content of the file and all that it loads. Seconds are kept in the project (`--seconds`), so that a new
 * checkout makes the same plans: seconds of processor, children included, which hang least on what else the machine does.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Copy } from "./copy.ts";
import { distancesFrom, type Loads } from "./loads.ts";
import { runTests } from "./tests.ts";

/** A test file without a change in the project. `flaky`: it failed once and passed once. */
export interface Baseline {
  state: "green" | "red" | "flaky";
  /** Of processor where the system tells, else by the clock. */
  seconds: number;
  /** By the clock. */
  took: number;
  key: string;
  /** Why it is not green. */
  why?: string;
}

/** The baselines of a project. */
export interface Baselines {
  /** Seconds of the file as they were last measured anywhere. */
  secondsOf(test: string): number | undefined;
  /** Seconds by the clock that it may be expected to take here. */
  tookOf(test: string): number;
  /** Keeps the seconds of a file that passed, unless some are known that are nearly the same. */
  note(test: string, seconds: number): void;
  /** Whether it is known not to be green as it is now. */
  isUnfit(test: string): boolean;
  /** Runs the file in an unchanged copy unless its baseline is known. */
  verify(test: string, copy: Copy, signal: AbortSignal): Promise<Baseline>;
  /** Files that were found red or flaky, now or before. */
  unfit(): [test: string, baseline: Baseline][];
}

/** Opens the project's kept baselines; `seconds` is the path of the kept seconds. */
export function openBaselines(root: string, loads: Loads, seconds: string): Baselines {
  const path = join(root, ".cache", "mutate", "baselines.json");
  const kept = readObject<Baseline>(path);
  const told = readObject<number>(seconds);
  const now = new Map<string, Promise<Baseline>>();
  const unfit = new Map<string, Baseline>();
  const keys = new Map<string, string>();
  const keyOf = (test: string): string => {
    if (!keys.has(test)) keys.set(test, hashOf(root, test, loads));
    return keys.get(test)!;
  };
  const holding = (test: string): Baseline | undefined =>
    kept[test] !== undefined && kept[test].key === keyOf(test) ? kept[test] : undefined;
  const measure = async (test: string, copy: Copy, signal: AbortSignal): Promise<Baseline> => {
    const before = holding(test);
    const baseline = before ?? { ...(await runTwice(test, copy, signal)), key: keyOf(test) };
    signal.throwIfAborted();
    if (baseline.state !== "green") unfit.set(test, baseline);
    if (before !== undefined) return before;
    kept[test] = baseline;
    writeObject(path, kept);
    note(test, baseline.seconds);
    return baseline;
  };
  const note = (test: string, took: number): void => {
    const known = told[test];
    if (known !== undefined && took < known * 1.5 + 1 && took > known / 1.5 - 1) return;
    told[test] = Number(took.toFixed(1));
    writeObject(seconds, Object.fromEntries(Object.entries(told).sort(([a], [b]) => (a < b ? -1 : 1))));
  };
  return {
    secondsOf: (test) => told[test],
    tookOf: (test) => kept[test]?.took ?? 3 * (told[test] ?? 20),
    note,
    isUnfit: (test) => (holding(test)?.state ?? "green") !== "green",
    verify(test, copy, signal) {
      const running = now.get(test) ?? measure(test, copy, signal);
      now.set(test, running);
      return running;
    },
    unfit: () => [...unfit],
  };
}

/** A red file gets a second try: what passes then is flaky, and judges no mutant either. */
async function runTwice(test: string, copy: Copy, signal: AbortSignal): Promise<Omit<Baseline, "key">> {
  const started = Date.now();
  const first = await runTests(copy, [test], { allowed: () => 900, signal });
  const took = (Date.now() - started) / 1000;
  if (first.outcome === "passed") return { state: "green", seconds: first.processor ?? took, took };
  signal.throwIfAborted(); // it was stopped: that says nothing of it
  const why = first.outcome === "late" ? "it took more than 15 minutes" : `${first.title}: ${first.message}`;
  const second = await runTests(copy, [test], { allowed: () => 900, signal });
  return { state: second.outcome === "passed" ? "flaky" : "red", seconds: took, took, why };
}

function hashOf(root: string, test: string, loads: Loads): string {
  const hash = createHash("sha256");
  for (const file of [...distancesFrom(test, loads).keys()].sort())
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest("hex").slice(0, 16);
}

function readObject<T>(path: string): { [name: string]: T } {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
}

function writeObject(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 1)}\n`);
}
