/**
 * Which code a test file runs, by V8's own coverage: every process of Node's that it starts and that ends by itself writes down what
 * it ran (`NODE_V8_COVERAGE`). A test that never runs the changed place cannot notice the change. What ran in a locked child of the
 * sandbox, or in a process that was killed, is not seen: where nothing of a file is seen, nothing is said of it.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutants.ts";

/** Files of the project that a test file was seen to load; of each, what it never ran: start, end, start, end, ... */
export interface Ran {
  [file: string]: number[];
}

interface Report {
  result: { url: string; functions: { ranges: Range[] }[] }[];
}

interface Range {
  startOffset: number;
  endOffset: number;
  count: number;
}

/** Reads what the processes of one run wrote to a folder; `sourceOf` gives the text of a file that can be changed, null for others. */
export function readCoverage(folder: string, root: string, sourceOf: (file: string) => string | null): Ran {
  const idle = new Map<string, Uint8Array>();
  for (const name of readdirSync(folder))
    for (const { url, functions } of readReport(join(folder, name))) {
      const file = url.startsWith("file:") ? relative(root, fileURLToPath(url)).replaceAll("\\", "/") : "";
      const source = sourceOf(file);
      if (source === null) continue;
      const here = paint(
        functions.flatMap(({ ranges }) => ranges),
        source.length,
      );
      const before = idle.get(file);
      idle.set(file, before === undefined ? here : here.map((value, i) => value & before[i]!));
    }
  return Object.fromEntries([...idle].map(([file, marks]) => [file, intervals(marks)]));
}

/** Whether a test file runs the place of the change; undefined where nothing of the changed file was seen. */
export function runsMutant(ran: Ran, mutant: Mutant, source: string): boolean | undefined {
  const idle = ran[mutant.file];
  if (idle === undefined) return undefined;
  // An operator belongs to what stands before it, whose place may be run where what follows is not.
  const before = source.slice(0, mutant.start).trimEnd().length - 1;
  return [mutant.start, before].some((at) => at < 0 || !isIn(idle, at));
}

/** A process that was killed as it wrote leaves a torn file. */
function readReport(path: string): Report["result"] {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as Report).result;
  } catch {
    return [];
  }
}

/** One letter a mark, 1 where it never ran. Inner ranges tell over those around them. */
function paint(ranges: readonly Range[], length: number): Uint8Array {
  const marks = new Uint8Array(length);
  const outerFirst = ranges.toSorted((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of outerFirst) marks.fill(count === 0 ? 1 : 0, startOffset, endOffset);
  return marks;
}

function intervals(marks: Uint8Array): number[] {
  const found: number[] = [];
  for (let i = 0; i <= marks.length; i++) if ((marks[i] ?? 0) !== (marks[i - 1] ?? 0)) found.push(i);
  return found;
}

function isIn(pairs: readonly number[], at: number): boolean {
  return pairs.filter((edge) => edge <= at).length % 2 === 1;
}
