/**
 * The kept list: survivors that somebody has looked at, each with its reason. `equivalent`: nothing that the project
 * promises changes; `open`: a test is wanted. An entry is matched by content (file, line's text, what becomes of what), never
 * by line number, and one that matches nothing any more is told.
 */

import { existsSync, readFileSync } from "node:fs";
import type { Mutant } from "./mutants.ts";

/** A survivor that was looked at. */
export interface Kept {
  file: string;
  /** The line's text, trimmed. */
  text: string;
  was: string;
  becomes: string;
  verdict: "equivalent" | "open";
  reason: string;
}

/** Reads the list; none is an empty one. */
export function readKept(path: string): Kept[] {
  if (!existsSync(path)) return [];
  const list = JSON.parse(readFileSync(path, "utf8")) as Kept[];
  for (const [i, entry] of list.entries())
    if (!entry.reason?.trim() || !["equivalent", "open"].includes(entry.verdict))
      throw new Error(
        `Entry ${i} of ${path} needs a reason and a verdict "equivalent" or "open": ${JSON.stringify(entry)}`,
      );
  return list;
}

/** The entry that means this mutant. */
export function findKept(
  kept: readonly Kept[],
  mutant: Pick<Mutant, "file" | "text" | "was" | "becomes">,
): Kept | undefined {
  return kept.find(
    ({ file, text, was, becomes }) =>
      file === mutant.file && text === mutant.text && was === mutant.was && becomes === mutant.becomes,
  );
}

/** Entries that mean no mutant that could be made now. */
export function staleKept(kept: readonly Kept[], mutants: readonly Mutant[]): Kept[] {
  return kept.filter((entry) => !mutants.some((mutant) => findKept([entry], mutant) !== undefined));
}
