/**
 * Which tests pass before anything is changed, and how long each file takes: a mutant may only be judged by tests that are
 * green without it. Kept in `.cache/mutate` by the content of a test file and all that it loads; a file's last known time
 * is kept even where its content is new, so that plans can be made before it is run again.
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
  seconds: number;
  key: string;
  /** Why it is not green. */
  why?: string;
}

/** The baselines of a project. */
export interface Baselines {
  /** The last known, whatever has changed since. */
  known(test: string): Baseline | undefined;
  /** Runs the file in an unchanged copy unless its baseline is known. */
  verify(test: string, copy: Copy, signal: AbortSignal): Promise<Baseline>;
  /** Files that were found red or flaky now. */
  unfit(): [test: string, baseline: Baseline][];
}

/** Opens the project's kept baselines. */
export function openBaselines(root: string, loads: Loads): Baselines {
  const path = join(root, ".cache", "mutate", "baselines.json");
  const kept: { [test: string]: Baseline } = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const now = new Map<string, Promise<Baseline>>();
  const unfit = new Map<string, Baseline>();
  const measure = async (test: string, copy: Copy, signal: AbortSignal): Promise<Baseline> => {
    const key = keyOf(root, test, loads);
    const baseline = kept[test]?.key === key ? kept[test] : { ...(await runTwice(test, copy, signal)), key };
    signal.throwIfAborted();
    if (baseline.state !== "green") unfit.set(test, baseline);
    kept[test] = baseline;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(kept, null, 1)}\n`);
    return baseline;
  };
  return {
    known: (test) => kept[test],
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
  const seconds = (Date.now() - started) / 1000;
  if (first.outcome === "passed") return { state: "green", seconds };
  signal.throwIfAborted(); // it was stopped: that says nothing of it
  const why = first.outcome === "late" ? "it took more than 15 minutes" : `${first.title}: ${first.message}`;
  const second = await runTests(copy, [test], { allowed: () => 900, signal });
  return { state: second.outcome === "passed" ? "flaky" : "red", seconds, why };
}

function keyOf(root: string, test: string, loads: Loads): string {
  const hash = createHash("sha256");
  for (const file of [...distancesFrom(test, loads).keys()].sort())
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest("hex").slice(0, 16);
}
