/**
 * Checks of the options that a cell gives: a schema says what is expected, and a key that nobody reads is refused with the nearest
 * name. The library checks its own in the same way and words; the two share no code. The schemas' library is loaded with the
 * first options that are given, so that no start waits for it.
 */

import { createRequire } from "node:module";
import type * as Valibot from "valibot";

type Library = typeof Valibot;

/** What each option may be, by its name; made when it is asked for. */
export type Entries = (v: Library) => Valibot.ObjectEntries;

const require = createRequire(import.meta.url);

/** Throws a RangeError for options of `of` that nobody reads, or that have no meaning. */
export function checkOptions(of: string, options: unknown, entries: Entries): void {
  if (options === undefined || isEmpty(options)) return;
  const fault = faultOf(`the options of ${of}`, options, entries);
  if (fault !== null) throw new RangeError(fault);
}

/** What is wrong with an object, as a sentence; null where nothing is. Every message of a schema completes "Expected `name` to be". */
export function faultOf(of: string, value: unknown, entries: Entries): string | null {
  const v = require("valibot") as Library;
  const own = entries(v);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return `Expected \`${of}\` to be an object of options, got ${show(value)}`;
  const known = Object.keys(own);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    const cure = near === null ? `there are ${known.join(", ")}` : `did you mean \`${near}\`?`;
    return `There is no \`${unknown}\` in ${of}: ${cure}`;
  }
  const { issues } = v.safeParse(v.object(own), value, { abortEarly: true });
  if (issues === undefined) return null;
  const [{ path = [], message, input }] = issues;
  return `Expected \`${path.map(({ key }) => String(key)).join(".")}\` to be ${message}, got ${show(input)}`;
}

function isEmpty(options: unknown): boolean {
  return options instanceof Object && !Array.isArray(options) && Object.keys(options).length === 0;
}

function show(value: unknown): string {
  if (typeof value === "function") return "a function";
  return (
    (typeof value === "object" ? JSON.stringify(value) : undefined) ??
    (typeof value === "string" ? JSON.stringify(value) : String(value))
  );
}

/** The known name that is meant, by letters alone; null where none is near. */
function nearest(name: string, known: readonly string[]): string | null {
  const wanted = fold(name);
  const most = Math.max(1, Math.floor(wanted.length / 3));
  const near = known
    .map((one) => ({ one, edits: editsBetween(wanted, fold(one)) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits);
  return near[0]?.one ?? null;
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** Letters to put in, take out, replace or swap with the next (Damerau 1964, each place edited once). */
function editsBetween(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
