/**
 * The file of results: one line of JSON a judged mutant, so that a run that was stopped goes on. A line holds as long as
 * what it was judged by is unchanged: the mutated file, and for a killed one the test that killed it, for a survivor
 * every test that it was run with.
 */

import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Mutant } from "./mutants.ts";

/** A judged mutant. `late`: a test took several times as long as without the change; it counts as killed. */
export interface Result extends Omit<Mutant, "start" | "end"> {
  outcome: "killed" | "late" | "survived";
  /** The test that noticed it. */
  by?: { file: string; title: string; message: string };
  /** The test files that it was run with. */
  tests: string[];
  /** Test files that load the mutated one, too, and were beyond the budget. */
  left: number;
  seconds: number;
  /** What it was judged by, as a hash. */
  state: string;
}

/** The results of earlier runs that still hold, and where new ones go. */
export interface Results {
  of(mutant: Mutant, tests: readonly string[]): Result | undefined;
  add(result: Omit<Result, "state">): Result;
}

/** Opens a file of results; a torn last line is left out. */
export function openResults(path: string, root: string): Results {
  const kept = new Map<string, Result>();
  const hashOf = memo((file: string) => (existsSync(join(root, file)) ? hash(readFileSync(join(root, file))) : "none"));
  const stateOf = (file: string, tests: readonly string[]): string => hash([file, ...tests].map(hashOf).join(" "));
  for (const line of existsSync(path) ? readFileSync(path, "utf8").split("\n") : [])
    try {
      const result = JSON.parse(line) as Result;
      kept.set(result.id, result);
    } catch {}
  return {
    of(mutant, tests) {
      const found = kept.get(mutant.id);
      if (found === undefined) return undefined;
      const judges = found.by === undefined ? tests : [found.by.file];
      return found.state === stateOf(mutant.file, judges) ? { ...found, line: mutant.line } : undefined;
    },
    add(result) {
      const state = stateOf(result.file, result.by === undefined ? result.tests : [result.by.file]);
      const whole: Result = { ...result, state };
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, `${JSON.stringify(whole)}\n`);
      kept.set(whole.id, whole);
      return whole;
    },
  };
}

function hash(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex").slice(0, 16);
}

function memo<T>(compute: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key)!;
  };
}
