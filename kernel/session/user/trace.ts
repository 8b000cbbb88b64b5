/** Errors as a reader wants them: the cell's own lines, a code frame, none of our frames, causes and members below. */

import { inspect } from "node:util";
import { CellSyntaxError, type PreparedCell } from "../../language/rewrite.ts";

/** What a cell was, for traces that come later. */
export interface KnownCell {
  /** The number that its prompt shows. */
  cell: number;
  source: string;
  prepared: PreparedCell | null;
}

/** Cells by the number of their run: one that is not kept in the history has its neighbour's prompt. */
export const cells = new Map<number, KnownCell>();

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

/** Describes whatever was thrown in a run. */
export function reportError(thrown: unknown, run: number): ErrorReport {
  if (thrown instanceof CellSyntaxError) {
    const { line, column, message } = thrown;
    return {
      ename: "SyntaxError",
      evalue: message,
      traceback: [`SyntaxError: ${message}`, ...frame(run, line, column)],
    };
  }
  if (!isError(thrown)) {
    const text = inspect(thrown);
    return { ename: "Thrown", evalue: text, traceback: [`Thrown: ${text}`] };
  }
  const ename = String(thrown.name || thrown.constructor?.name || "Error");
  return { ename, evalue: String(thrown.message), traceback: describe(thrown, new Set()) };
}

function isError(value: unknown): value is Error {
  return (
    typeof value === "object" && value !== null && "message" in value && typeof (value as Error).stack === "string"
  );
}

function describe(error: Error, seen: Set<unknown>): string[] {
  seen.add(error);
  const name = String(error.name || "Error");
  const lines = [`${name}: ${error.message}`];
  let framed = false;
  for (const { text, at } of framesOf(error)) {
    lines.push(text);
    if (at !== null && !framed) {
      lines.push(...codeFrame(at.source, at.line, at.column));
      framed = true;
    }
  }
  const members = (error as AggregateError).errors;
  if (Array.isArray(members))
    for (const [i, member] of members.entries())
      if (!seen.has(member)) lines.push(`[error ${i + 1} of ${members.length}]`, ...below(member, seen));
  if (error.cause !== undefined && !seen.has(error.cause)) lines.push("[caused by]", ...below(error.cause, seen));
  return lines;
}

function below(value: unknown, seen: Set<unknown>): string[] {
  const lines = isError(value) ? describe(value, seen) : [inspect(value)];
  return lines.map((line) => `  ${line}`);
}

interface Frame {
  text: string;
  at: { source: string; line: number; column: number } | null;
}

function framesOf(error: Error): Frame[] {
  const stack = String(error.stack);
  const start = stack.indexOf("\n    at ");
  if (start < 0) return [];
  const frames: Frame[] = [];
  for (const line of stack.slice(start + 1).split("\n")) {
    if (
      /kernel[/\\]session[/\\]user|node:internal|node:inspector|node:async_hooks|node:diagnostics_channel|<anonymous>:0:0/.test(
        line,
      )
    )
      continue;
    const found = /^\s+at (?:(async )?(.*?) \()?(?:file:\/\/)?(?:.*?)cell-(\d+)\.ts:(\d+):(\d+)\)?$/.exec(line);
    if (found === null) {
      frames.push({ text: line, at: null });
      continue;
    }
    const [, wait = "", name, number, row, column] = found;
    const known = cells.get(Number(number));
    const at = known?.prepared?.locate(Number(row), Number(column) - 1) ?? null;
    if (known === undefined || at === null) continue;
    const where = `cell ${known.cell}, line ${at.line}, column ${at.column + 1}`;
    frames.push({
      text: `    at ${name ? `${wait}${name} (${where})` : where}`,
      at: { source: known.source, ...at },
    });
  }
  // Below the cell's own last line there is only what called the cell.
  const lastOwn = frames.findLastIndex(({ at }) => at !== null);
  return lastOwn < 0 ? frames.filter(({ text }) => !text.includes("<anonymous>)")) : frames.slice(0, lastOwn + 1);
}

function frame(run: number, line: number, column: number): string[] {
  const known = cells.get(run);
  return [
    `    at cell ${known?.cell ?? 0}, line ${line}, column ${column + 1}`,
    ...codeFrame(known?.source ?? "", line, column),
  ];
}

/** The line with one above and below, and a mark under the column. */
function codeFrame(source: string, line: number, column: number): string[] {
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
