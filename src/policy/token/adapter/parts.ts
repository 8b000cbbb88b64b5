/**
 * An update's programs in parts: what the last blocks are run over at once. Plain numbers, for TF.js (`evaluation.ts`) and ONNX
 * Runtime (`gradient.ts`).
 */

import type { AdapterTrace } from "./trace.ts";

/** Some programs, each padded at its right to the longest. */
export interface Batch {
  /** Positions that all begin with, and states that entered for them, [prefix, width]. */
  prefix: { length: number; entering: Float32Array };
  rows: number;
  length: number;
  /** States that entered, [rows, length, width]. */
  entering: Float32Array;
  /** Which positions' output is asked for: their numbers among all of `rows * length`. */
  wanted: Int32Array;
}

/** A program, and the place of its first token among those of all programs. */
export interface Placed {
  trace: AdapterTrace;
  first: number;
}

/** Positions of one part, pads and not the prefix counted: what is kept of it holds some hundred kilobytes for each. */
export const mostPositions = 2048;

/** Where the divergence is only told, it is that of so many programs at least, and of one in so many. */
const judged = { least: 8, oneIn: 16 };

/** Where it is only told, it is told of one program in so many. */
export function stride(programs: number): number {
  return Math.max(1, Math.min(judged.oneIn, Math.floor(programs / judged.least)));
}

/** Programs with the places of their tokens. */
export function placed(traces: readonly AdapterTrace[]): Placed[] {
  let first = 0;
  return traces.map((trace) => {
    const own = { trace, first };
    first += trace.ids.length;
    return own;
  });
}

/** The positions of the longest program of a part. */
export function longest(part: readonly Placed[]): number {
  return Math.max(...part.map(positionsOf));
}

function positionsOf({ trace: { asked, ids } }: Placed): number {
  return asked + ids.length - 1;
}

/** Programs of about one length together, as many as a part may have. */
export function partsOf(programs: readonly Placed[], most = mostPositions): Placed[][] {
  const sorted = [...programs].sort((a, b) => positionsOf(b) - positionsOf(a) || a.first - b.first);
  const parts: Placed[][] = [];
  for (const one of sorted) {
    const part = parts.at(-1);
    if (part && (part.length + 1) * positionsOf(part[0]!) <= most) part.push(one);
    else parts.push([one]);
  }
  return parts;
}

/** The places of programs' tokens. */
export function tokensOf(programs: readonly Placed[]): Int32Array {
  return Int32Array.from(programs.flatMap(({ trace, first }) => Array.from(trace.ids, (_, t) => first + t)));
}

/** The programs of a part as what the blocks run over. */
export function batchOf(part: readonly Placed[], prefix: Batch["prefix"], width: number): Batch {
  const length = longest(part);
  const entering = new Float32Array(part.length * length * width);
  for (const [row, { trace }] of part.entries()) entering.set(trace.entering, row * length * width);
  const wanted = part.flatMap(({ trace: { asked, ids } }, row) =>
    Array.from(ids, (_, t) => row * length + asked - 1 + t),
  );
  return { prefix, rows: part.length, length, entering, wanted: Int32Array.from(wanted) };
}

/**
 * 0 where a query may look and -1e9 where not: queries at `length` positions after `before`, as often in line as a group of heads
 * has members, over all positions up to there, the last `reach` alone. [group * length, before + length]
 */
export function causalMask(
  { before, length, group = 1 }: { before: number; length: number; group?: number },
  reach: number,
): Float32Array {
  const total = before + length;
  const mask = new Float32Array(group * length * total);
  for (let line = 0; line < group * length; line++) {
    const position = before + (line % length);
    for (let key = 0; key < total; key++)
      if (key > position || position - key >= reach) mask[line * total + key] = -1e9;
  }
  return mask;
}
