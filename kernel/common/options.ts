/**
 * Checks of the options that a cell gives: a schema says what is expected, and a key that nobody reads is refused with the nearest
 * name. The library checks its own in the same way and words; the two share no code. The schemas' library is loaded with the
 * first options that are given, so that no start waits for it.
 */

import { createRequire } from "node:module";
import type * as Valibot from "valibot";
import { nearestName } from "./nearest.ts";

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
    const near = nearestName(unknown, known);
    const cure = near === null ? `there are ${known.join(", ")}` : `did you mean \`${near}\`?`;
    return `There is no \`${unknown}\` in ${of}: ${cure}`;
  }
  const { issues } = v.safeParse(v.object(own), value);
  if (issues === undefined) return null;
  const [{ path, message, input }] = issues; // the first; of an option, since it is an object
  return `Expected \`${path!.map(({ key }) => String(key)).join(".")}\` to be ${message}, got ${show(input)}`;
}

/** Whether these are options without any: nothing has to be loaded to check them. */
export function isEmpty(options: unknown): boolean {
  return (
    typeof options === "object" && options !== null && !Array.isArray(options) && Object.keys(options).length === 0
  );
}

function show(value: unknown): string {
  if (typeof value === "function") return "a function";
  return (
    (typeof value === "object" ? JSON.stringify(value) : undefined) ??
    (typeof value === "string" ? JSON.stringify(value) : String(value))
  );
}
