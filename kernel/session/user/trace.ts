/** Errors as Jupyter sends them: the cell's own lines, a code frame, causes and members below. Stacks: `stack.ts`. */

import { inspect } from "node:util";
import { inspectSafely } from "../../display/index.ts";
import { CellSyntaxError } from "../../language/rewrite.ts";
import { framesOf, type KnownCode, type Place, placeText } from "./stack.ts";

/** An error as Jupyter sends it. */
export interface ErrorReport {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** Thrown into a cell that was interrupted. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor() {
    super("the cell was interrupted; what it declared before stays");
  }
}

/** Describes whatever was thrown; `code` is what was being run. */
export function reportError(thrown: unknown, code?: KnownCode): ErrorReport {
  if (thrown instanceof CellSyntaxError) {
    const { message, line, column } = thrown;
    const title = `SyntaxError: ${message}`;
    return { ename: "SyntaxError", evalue: message, traceback: [title, ...(code ? frame(code, line, column) : [])] };
  }
  try {
    if (isError(thrown)) {
      return { ename: nameOf(thrown), evalue: String(thrown.message), traceback: describe(thrown, new Set()) };
    }
  } catch {} // a value whose own properties throw is told by what it is
  const text = inspectSafely(thrown);
  return { ename: "Thrown", evalue: text, traceback: [`Thrown: ${text}`] };
}

function isError(value: unknown): value is Error {
  return (
    typeof value === "object" && value !== null && "message" in value && typeof (value as Error).stack === "string"
  );
}

function nameOf(error: Error): string {
  return String(error.name || error.constructor?.name || "Error");
}

function describe(error: Error, seen: Set<unknown>): string[] {
  seen.add(error);
  const { lines: frames, first } = framesOf(error);
  const lines = [`${nameOf(error)}: ${error.message}`];
  for (const [i, text] of frames.entries()) {
    lines.push(`    at ${text}`);
    // The code goes below the line that names its place.
    if (first !== null && isPlaceOf(text, first) && !frames.slice(0, i).some((other) => isPlaceOf(other, first)))
      lines.push(...codeFrame(first));
  }
  const members = (error as AggregateError).errors;
  if (Array.isArray(members))
    for (const [i, member] of members.entries())
      if (!seen.has(member)) lines.push(`[error ${i + 1} of ${members.length}]`, ...below(member, seen));
  if (error.cause !== undefined && !seen.has(error.cause)) lines.push("[caused by]", ...below(error.cause, seen));
  return lines;
}

function isPlaceOf(frame: string, { line, column }: Place): boolean {
  return frame.includes(`, line ${line}, column ${column + 1}`);
}

function below(value: unknown, seen: Set<unknown>): string[] {
  const lines = isError(value) ? describe(value, seen) : [inspect(value)];
  return lines.map((line) => `  ${line}`);
}

function frame({ label, source }: KnownCode, line: number, column: number): string[] {
  return [`    at ${placeText(label, { line, column })}`, ...codeFrame({ source, line, column })];
}

/** The line with one above and below, and a mark under the column. */
function codeFrame({ source, line, column }: Place): string[] {
  const lines = source.split("\n");
  const from = Math.max(1, line - 1);
  const to = Math.min(lines.length, line + 1);
  const width = String(to).length;
  const shown: string[] = [];
  for (let n = from; n <= to; n++) {
    shown.push(`      ${n === line ? ">" : " "} ${String(n).padStart(width)} | ${lines[n - 1]}`);
    if (n === line) shown.push(`        ${" ".repeat(width)} | ${" ".repeat(column)}^`);
  }
  return shown;
}
