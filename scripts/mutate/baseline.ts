/**
 * Which tests pass before anything is changed, how long each file takes, and which code it runs: a mutant may only be judged by tests
 * that are green without it, and only those that run the changed place can notice it. A test file is run without a change before it first
 * judges anything, and what it said is kept in `.cache/mutate` by the content of the file and all that it loads. Seconds are kept in the
 * project (`--seconds`), so that a new checkout makes the same plans: seconds of processor, children included, which hang least on what
 * else the machine does.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Copy, clearTemporary } from "./copy.ts";
import { type Ran, readCoverage } from "./coverage.ts";
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
  /** What it runs as it is now; undefined where nobody knows. */
  ranOf(test: string): Ran | undefined;
  /** Runs the file in an unchanged copy unless its baseline is known. */
  verify(test: string, copy: Copy, signal: AbortSignal): Promise<Baseline>;
  /** Files that were found red or flaky, now or before. */
  unfit(): [test: string, baseline: Baseline][];
}

/** Where baselines are kept, and of what project. */
export interface BaselineOptions {
  root: string;
  loads: Loads;
  /** The file of the kept seconds. */
  seconds: string;
  /** The text of a file that can be changed, null for others. */
  sourceOf: (file: string) => string | null;
}

/** Opens the project's kept baselines. */
export function openBaselines({ root, loads, seconds, sourceOf }: BaselineOptions): Baselines {
  const folder = join(root, ".cache", "mutate");
  const path = join(folder, "baselines.json");
  const ran = new Map<string, Ran | undefined>();
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
    const covered = before === undefined ? join(copy.temporary, "coverage") : "";
    const baseline = before ?? { ...(await runUnchanged(test, copy, { coverage: covered, signal })), key: keyOf(test) };
    signal.throwIfAborted();
    if (baseline.state !== "green") unfit.set(test, baseline);
    if (before !== undefined) return before;
    if (existsSync(covered))
      writeObject(join(folder, "ran", `${baseline.key}.json`), readCoverage(covered, copy.root, sourceOf));
    clearTemporary(copy);
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
    ranOf(test) {
      const key = holding(test)?.key;
      if (key === undefined) return undefined;
      if (!ran.has(key)) ran.set(key, readKnown(join(folder, "ran", `${key}.json`)));
      return ran.get(key);
    },
    verify(test, copy, signal) {
      const running = now.get(test) ?? measure(test, copy, signal);
      now.set(test, running);
      return running;
    },
    unfit: () => [...unfit],
  };
}

/**
 * A file that fails while its coverage is written gets two tries without it, and is green if it passes both: some tests look at what
 * a process writes. What passes one of them is flaky, and judges no mutant.
 */
async function runUnchanged(
  test: string,
  copy: Copy,
  { coverage, signal }: { coverage: string; signal: AbortSignal },
): Promise<Omit<Baseline, "key">> {
  const started = Date.now();
  const run = async (covered?: string) => {
    const told = await runTests(copy, [test], { allowed: () => ({ seconds: 900 }), coverage: covered, signal });
    signal.throwIfAborted(); // it was stopped: that says nothing of it
    return told;
  };
  const took = (): number => (Date.now() - started) / 1000;
  const first = await run(coverage);
  if (first.outcome === "passed") return { state: "green", seconds: first.processor ?? took(), took: took() };
  rmSync(coverage, { recursive: true, force: true });
  const why = first.outcome === "late" ? "it took more than 15 minutes" : `${first.title}: ${first.message}`;
  const second = await run();
  if (second.outcome !== "passed") return { state: "red", seconds: took(), took: took(), why };
  const third = await run();
  const state = third.outcome === "passed" ? "green" : "flaky";
  return { state, seconds: second.processor ?? took(), took: took(), ...(state === "flaky" ? { why } : {}) };
}

function hashOf(root: string, test: string, loads: Loads): string {
  const hash = createHash("sha256");
  for (const file of [...distancesFrom(test, loads).keys()].sort())
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest("hex").slice(0, 16);
}

function readKnown(path: string): Ran | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

function readObject<T>(path: string): { [name: string]: T } {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
}

function writeObject(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 1)}\n`);
}
