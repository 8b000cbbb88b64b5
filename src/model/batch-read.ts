/**
 * Reading the prompts of a batch: a part of each row at a time, so that a long prompt holds nobody for long, and only parts of
 * one length together, so that a row's numbers are its own.
 */

import type { BatchOptions, BatchRow, Running } from "./batch-types.ts";
import type { Decoder, DecoderInput, DecoderOutput, KVCache, ModelConfig } from "./types.ts";

/**
 * Most positions of a prompt in one pass. It depends on the model alone, so that a row's numbers do so too: a longer part
 * would move the order of sums. Why so many: docs/decisions.md. With dynamic rotary scaling the frequencies are those of the
 * pass's last position, so that a prompt is read whole there, as Transformers reads it.
 */
export function longestPart({ context, rope }: ModelConfig): number {
  return rope?.kind === "dynamic" && context > rope.original ? context : partLength;
}

/** Most positions in one pass where a prompt may be read in parts. */
export const partLength = 64;

/** What rows are read with. */
interface Reading {
  readonly decoder: Decoder;
  readonly options: BatchOptions;
  /** Draws for rows that have been read. */
  take(rows: readonly Running[], output: DecoderOutput): void;
}

/** What each pass of a batch has besides its rows. */
export function passOptions({ prefix, adapter, onEntering }: BatchOptions): Partial<DecoderInput> {
  return {
    ...(prefix && { prefix: prefix.past }),
    ...(adapter && { adapter }),
    ...(onEntering && { entering: true }),
  };
}

/** One part for all rows that are still being read; draws for those that have been. */
export async function readParts(reading: Reading, rows: readonly Running[]): Promise<void> {
  const longest = longestPart(reading.decoder.config);
  const lengthLeft = ({ row, read }: Running) => Math.min(longest, lengthOf(row) - read);
  const kinds = Map.groupBy(rows, (one) => `${one.read} ${lengthLeft(one)} ${one.row.onRead !== undefined}`);
  const parts = [...kinds.values()].flatMap((alike) => (alike[0]!.row.onRead ? inFew(alike) : [alike]));
  for (const alike of parts) {
    const length = lengthLeft(alike[0]!);
    const every = alike[0]!.row.onRead !== undefined;
    const places = placesOf(alike);
    const read = await readOn(reading, alike, { length, every, places });
    const output = every ? await tellRead(reading, alike, { output: read, length }) : read;
    for (const [at, one] of alike.entries()) {
      one.read += length;
      one.past = output.past[places[at]!]!;
    }
    const done = [...alike.keys()].filter((at) => drawsNow(alike[at]!));
    if (done.length === 0) continue;
    const drawing = done.map((at) => alike[at]!);
    const from = done.map((at) => places[at]!);
    reading.take(drawing, rowsOf(output, from));
  }
}

/**
 * Where each row stands in a pass that reads a prompt once for all rows that have it. Rows of one prompt share what was read until
 * they go on, each with a copy. A row that is told of its prompt's tokens is read by itself.
 */
function placesOf(rows: readonly Running[]): number[] {
  const known = new Map<string, { past: KVCache | undefined; place: number }[]>();
  let places = 0;
  return rows.map(({ row, past }) => {
    if (row.onRead) return places++;
    const key = `${row.padTo} ${row.prompt.join(" ")}`;
    const alike = known.get(key) ?? [];
    known.set(key, alike);
    const found = alike.find((one) => one.past === past);
    if (found) return found.place;
    alike.push({ past, place: places });
    return places++;
  });
}

/** The next part of rows that have read as much, parts of one length; gives the output of each place. */
async function readOn(
  { decoder, options }: Reading,
  all: readonly Running[],
  { length, every, places }: { length: number; every: boolean; places: readonly number[] },
): Promise<DecoderOutput> {
  const rows = all.filter((_, at) => places.indexOf(places[at]!) === at);
  const tokens = new Int32Array(rows.length * length);
  const valid = new Uint8Array(rows.length * length);
  for (const [at, { row, read }] of rows.entries()) {
    const pads = lengthOf(row) - row.prompt.length;
    for (let i = Math.max(0, pads - read); i < length; i++) {
      tokens[at * length + i] = row.prompt[read + i - pads]!;
      valid[at * length + i] = 1;
    }
  }
  const past = rows.map((one) => one.past).filter((one) => one !== undefined);
  const output = await decoder.forward({
    ...{ tokens, batch: rows.length, valid, donate: true, every },
    ...passOptions(options),
    ...(past.length > 0 && { past }),
  });
  const { entering } = output;
  if (entering) {
    const pads = all.map(({ row, read }) => Math.min(length, Math.max(0, lengthOf(row) - row.prompt.length - read)));
    const numbers = all.map(({ number }) => number);
    options.onEntering?.({ rows: numbers, length, pads, entering: linesOf(entering, places, rows.length) });
  }
  return output;
}

/** Tells rows the logits of all positions of a part; gives the output of the last alone. */
async function tellRead(
  { decoder, options: { onLogits } }: Reading,
  rows: readonly Running[],
  { output, length }: { output: DecoderOutput; length: number },
): Promise<DecoderOutput> {
  const { hidden, logits, past } = output;
  const { width, vocabulary } = decoder.config;
  const lasts = { hidden: new Float32Array(rows.length * width), logits: new Float32Array(rows.length * vocabulary) };
  for (const [at, { number, row, read }] of rows.entries()) {
    const pads = lengthOf(row) - row.prompt.length;
    for (let i = Math.max(0, pads - read); i < length; i++) {
      const from = at * length + i;
      const own = logits.subarray(from * vocabulary, (from + 1) * vocabulary);
      const state = hidden.subarray(from * width, (from + 1) * width);
      const next = read + i - pads + 1;
      if (next === row.prompt.length) {
        lasts.logits.set(own, at * vocabulary);
        lasts.hidden.set(state, at * width);
      } else {
        onLogits?.({ rows: [number], hidden: state, logits: own });
        row.onRead!(next, own);
      }
      // What is told may take a while.
      if (i % 8 === 7) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { ...lasts, past };
}

/** Logits of all positions are large: few rows at a time. */
function inFew(rows: Running[]): Running[][] {
  const few = 4;
  return Array.from({ length: Math.ceil(rows.length / few) }, (_, i) => rows.slice(i * few, (i + 1) * few));
}

/** Whether all of its prompt has been read. */
export function isRead({ row, read }: Running): boolean {
  return read === lengthOf(row);
}

/** A row that has just been read draws, unless it is to draw nothing. */
function drawsNow(one: Running): boolean {
  return isRead(one) && one.row.maxTokens > 0;
}

/** Rows of an output, each as often as it is named. */
function rowsOf({ hidden, logits, past }: DecoderOutput, rows: readonly number[]): DecoderOutput {
  const some = (all: Float32Array): Float32Array => linesOf(all, rows, past.length);
  return { hidden: some(hidden), logits: some(logits), past: rows.map((row) => past[row]!) };
}

/** Lines of an array of `count` lines, each as often as it is named; not copied where they are all of them in their order. */
function linesOf(all: Float32Array, lines: readonly number[], count: number): Float32Array {
  if (lines.length === count && lines.every((line, i) => line === i)) return all;
  const width = all.length / count;
  const found = new Float32Array(lines.length * width);
  for (const [i, line] of lines.entries()) found.set(all.subarray(line * width, (line + 1) * width), i * width);
  return found;
}

/** Positions of a prompt, pads included. */
function lengthOf({ padTo, prompt }: BatchRow): number {
  return padTo ?? prompt.length;
}
