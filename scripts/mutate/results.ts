/**
 * The file of judged mutants, one line of JSON each, so that a run that was stopped goes on, on another machine too. A kill holds
 * as long as the mutated file and the test file that noticed it are the same. A survivor holds for the test files that it was run
 * with: where others are planned by now, or some have changed, these alone are run. What no longer holds still tells which
 * test file to try first.
 */

import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Mutant } from "./mutants.ts";

/** A judged mutant. `late`: a test took several times as long as without the change; it counts as killed. */
export interface Result extends Omit<Mutant, "start" | "end"> {
  outcome: "killed" | "late" | "survived";
  /** The test that noticed it. */
  by?: { file: string; title: string; message: string };
  /** The test files that it was judged by, each with its hash: of a killed one, the file that noticed it. */
  tests: { [file: string]: string };
  /** Test files that load the mutated one, too, and were beyond the budget. */
  left: number;
  seconds: number;
  /** The hash of the file without the change. */
  source: string;
}

/** What judging a mutant says. */
export type Judged = Omit<Result, "tests" | "source"> & { tests: readonly string[] };

/** The results of earlier runs, and where new ones go. */
export interface Results {
  /**
   * What is known of a mutant by what is there now; `rest`: the planned tests that it has not been run with; `holds`: the changed file and
   * all that it was judged by are as they were.
   */
  of(mutant: Mutant, planned: readonly string[]): { result: Result | undefined; rest: string[]; holds: boolean };
  /** How often each test file noticed a change of this file, whatever has changed since; first of all the one that noticed this. */
  noticed(mutant: Mutant): Map<string, number>;
  /** Keeps a result; a survivor's tests are added to those that it survived before. */
  add(judged: Judged): Result;
  /** Writes the file anew: one line a mutant, sorted, without those that no code has any more. */
  tidy(isThere: (id: string) => boolean): void;
}

/** Opens a file of results; a torn last line is left out. */
export function openResults(path: string, root: string): Results {
  const kept = readLines(path);
  const hashOf = memo((file: string) => (existsSync(join(root, file)) ? hash(readFileSync(join(root, file))) : "none"));
  const isSame = (result: Result, file: string): boolean => result.tests[file] === hashOf(file);
  const holding = (id: string, file: string): Result | undefined =>
    kept.get(id)?.source === hashOf(file) ? kept.get(id) : undefined;
  return {
    of(mutant, planned) {
      const found = holding(mutant.id, mutant.file);
      const nothing = { result: undefined, rest: [...planned], holds: false };
      if (found === undefined) return nothing;
      const result = { ...found, line: mutant.line };
      if (found.by !== undefined) return isSame(found, found.by.file) ? { result, rest: [], holds: true } : nothing;
      const holds = Object.keys(found.tests).every((test) => isSame(found, test));
      return { result, rest: planned.filter((test) => !isSame(found, test)), holds };
    },
    noticed(mutant) {
      const counts = new Map<string, number>();
      for (const { id, file, by } of kept.values())
        if (file === mutant.file && by !== undefined)
          counts.set(by.file, (counts.get(by.file) ?? 0) + (id === mutant.id ? kept.size : 1));
      return counts;
    },
    add(judged) {
      const before = holding(judged.id, judged.file);
      const survived = judged.outcome === "survived" && before?.outcome === "survived" ? before : undefined;
      const old = Object.entries(survived?.tests ?? {}).filter(([test, its]) => hashOf(test) === its);
      const now = (judged.by === undefined ? judged.tests : [judged.by.file]).map((test) => [test, hashOf(test)]);
      const result: Result = {
        ...judged,
        tests: Object.fromEntries([...old, ...now].sort(([a], [b]) => (a! < b! ? -1 : 1))),
        source: hashOf(judged.file),
      };
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, `${JSON.stringify(result)}\n`);
      kept.set(result.id, result);
      return result;
    },
    tidy(isThere) {
      if (kept.size === 0) return;
      const lines = [...readLines(path).values()].filter(({ id }) => isThere(id));
      lines.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.id < b.id ? -1 : 1));
      writeFileSync(`${path}.new`, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      renameSync(`${path}.new`, path);
    },
  };
}

function readLines(path: string): Map<string, Result> {
  const kept = new Map<string, Result>();
  for (const line of existsSync(path) ? readFileSync(path, "utf8").split("\n") : [])
    try {
      const result = JSON.parse(line) as Result;
      kept.set(result.id, result);
    } catch {}
  return kept;
}

function hash(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex").slice(0, 12);
}

function memo<T>(compute: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key)!;
  };
}
