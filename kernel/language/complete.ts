/** Whether a cell is complete, for front ends that run a cell on Enter. */

import { parseSync } from "oxc-parser";

/** The answer of `is_complete_request`. */
export type Completeness = { status: "complete" } | { status: "incomplete"; indent: string } | { status: "invalid" };

/** Judges a cell by its parse: an error at its very end, or an open bracket, asks for more. */
export function isComplete(source: string): Completeness {
  const { errors } = parseSync("cell.ts", source, { lang: "ts", sourceType: "module" });
  if (errors.length === 0) return { status: "complete" };
  const end = source.trimEnd().length;
  const atEnd = errors.some((error) =>
    error.labels.some(({ start, end: to }) => start >= end || to > end || (start <= end && to >= source.length)),
  );
  const says = errors.some((error) =>
    /Unterminated|Unexpected end|end of file|EOF|but found `EOF`/i.test(error.message),
  );
  const depth = openBrackets(source);
  if ((!atEnd && !says) || depth < 0) return { status: "invalid" };
  return { status: "incomplete", indent: "  ".repeat(depth) };
}

function openBrackets(source: string): number {
  let depth = 0;
  for (const mark of source.replace(/(["'`])(?:\\.|(?!\1)[^\\])*\1|\/\/[^\n]*/g, "")) {
    if ("{[(".includes(mark)) depth++;
    else if ("}])".includes(mark)) depth--;
  }
  return depth;
}
