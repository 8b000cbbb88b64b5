/** Whether a cell is complete, for front ends that run a cell on Enter. */

import { meaningOf } from "./meaning.ts";
import { isTooDeep, parse } from "./parse.ts";

/** The answer of `is_complete_request`. */
export type Completeness = { status: "complete" } | { status: "incomplete"; indent: string } | { status: "invalid" };

/**
 * Judges a cell by its parse. It is incomplete only if a further line could still mend it: its first error is at its end, or
 * moves there when a line is added. What no line can help, as a string that its own line does not close, is invalid.
 */
export function isComplete(source: string): Completeness {
  if (isTooDeep(source)) return { status: "invalid" };
  const found = firstError(meaningOf(source).text);
  if (found === null) return { status: "complete" };
  const depth = openBrackets(source);
  if (depth < 0 || !isAtEnd(source, found)) return { status: "invalid" };
  return { status: "incomplete", indent: "  ".repeat(depth) };
}

interface Found {
  message: string;
  start: number;
}

function firstError(source: string): Found | null {
  const [first] = parse(source).errors;
  return first === undefined ? null : { message: first.message, start: first.labels[0]?.start ?? 0 };
}

function isAtEnd(source: string, { message, start }: Found): boolean {
  if (/Unterminated multiline comment/.test(message)) return true;
  // A template goes on over lines, and so does a string whose line ends in a backslash.
  if (/Unterminated string/.test(message)) return source[start] === "`" || /(?:^|[^\\])(?:\\\\)*\\$/.test(source);
  if (/Unterminated/.test(message)) return false;
  if (start < source.trimEnd().length) return false;
  if (/^Missing catch or finally/.test(message)) return true;
  return firstError(`${source}\n0`)?.start !== start;
}

function openBrackets(source: string): number {
  let depth = 0;
  for (const mark of source.replace(/(["'`])(?:\\.|(?!\1)[^\\])*\1|\/\/[^\n]*/g, "")) {
    if ("{[(".includes(mark)) depth++;
    else if ("}])".includes(mark)) depth--;
  }
  return depth;
}
