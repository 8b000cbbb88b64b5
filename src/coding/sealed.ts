/**
 * The count of how often sealed problems were asked. A split that is looked at while a model is chosen is sealed no more: so a line
 * is written beside its file before the first question, and whoever shows figures says how many lines there are.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { openLines } from "../data/lines.ts";
import type { CodeProblem } from "./types.ts";

const places = new WeakMap<CodeProblem, string>();

/** Remembers which file sealed problems are of. */
export function markSealed(problems: readonly CodeProblem[], path: string): void {
  for (const one of problems) places.set(one, path);
}

/** One asking of sealed problems. */
export interface SealedReading {
  /** When, as ISO has it. */
  at: string;
  /** Names of the contestants, and what they are by hash. */
  contestants: { readonly [name: string]: string };
  /** Of the file with the problems, so that a file that was drawn anew begins anew. */
  file: string;
  problems: number;
}

/**
 * Notes that sealed problems are about to be asked, in `FILE.readings.jsonl`, and gives how often they have been, this time
 * included. Null where none of them is sealed. Call it before the first question.
 */
export function noteSealedReading(
  problems: readonly CodeProblem[],
  contestants: SealedReading["contestants"],
  now = new Date(),
): number | null {
  const sealed = problems.filter(({ split }) => split === "sealed");
  if (sealed.length === 0) return null;
  const paths = new Set(sealed.map((one) => places.get(one)));
  const [path] = paths;
  if (paths.size > 1 || path === undefined)
    throw new TypeError("Sealed problems must come of one file, as `codeProblems({ split, file })` gives them");
  const file = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16);
  const lines = openLines(`${path}.readings.jsonl`);
  lines.append({ at: now.toISOString(), contestants, file, problems: sealed.length } satisfies SealedReading);
  return lines.values.filter((one) => (one as SealedReading | null)?.file === file).length;
}
