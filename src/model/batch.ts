/**
 * Rows that are continued together, token by token: each has a prompt, a stream, and its own way of drawing; rows may join at
 * any time, and one that has ended costs nothing more. A prompt is read in parts, so that a long one holds nobody for long.
 * `generate.ts` runs a batch to its end, `engine.ts` one without an end.
 */

import { checkSampling, draw, type SamplingOptions } from "./sample.ts";
import type { Decoder, DecoderOutput, ModelConfig, Past } from "./types.ts";

/** Text that many prompts begin with, run once. */
export interface Prefix {
  ids: readonly number[];
  /** Of one row. */
  past: Past;
}

/** What is continued. */
export interface BatchRow extends SamplingOptions {
  /** After the prefix, as token ids; at least one. */
  prompt: readonly number[];
  /** Where its draws come from. */
  stream: { uniform(): number };
  /** 0 with `onRead` alone: nothing is drawn then. */
  maxTokens: number;
  /** Texts that end it; they are cut off its text. */
  stop?: readonly string[];
  /** Leaves the batch when it is aborted. */
  signal?: AbortSignal | undefined;
  /** Pad the prompt to this many tokens. @default none: only rows whose parts are of one length, pads included, are read together */
  padTo?: number | undefined;
  /**
   * Called while the prompt is read, for each of its tokens but the first: its index, and the logits that were there before it,
   * which are overwritten later. Reading takes longer with it.
   */
  onRead?: ((at: number, logits: Float32Array) => void) | undefined;
}

/** Some running rows before a draw. */
export interface StepLogits {
  /** Number of each row. */
  rows: readonly number[];
  /** Shape [rows, width]. */
  hidden: Float32Array;
  /** Shape [rows, vocabulary]. */
  logits: Float32Array;
}

/** A token that was drawn. */
export interface DrawnToken {
  row: number;
  id: number;
  /** Log-probability (nats) under the distribution that it was drawn from. */
  logProb: number;
  /** That distribution, not normalised: 0 where a token was not allowed. Overwritten at the next draw. */
  weights: Float64Array;
  /** The sum of the weights. */
  total: number;
  /** What it was drawn from. */
  logits: Float32Array;
  /** The row so far, this token included. */
  soFar: Generated;
}

/** One row's continuation. */
export interface Generated {
  /** Every token drawn, the one that ended the row included. */
  ids: number[];
  /** Without the end token and from the stop text on. */
  text: string;
  /** Log-probability (nats) of each id. */
  logProbs: number[];
  ended: "end" | "stop" | "length" | "cancelled";
}

/** How a batch is run. */
export interface BatchOptions {
  /** What every prompt begins with. @default nothing */
  prefix?: Prefix | undefined;
  /** Called before each draw with the rows that were run together; may change `logits` ([rows, vocabulary]) in place. */
  onLogits?: ((step: StepLogits) => void) | undefined;
  /** Called after each draw. */
  onToken?: ((drawn: DrawnToken) => void) | undefined;
}

/** Rows on their way. */
export interface Batch {
  /** Adds a row, and gives its number: 0, 1, and so on. Throws a RangeError for one that makes no sense. */
  add(row: BatchRow): number;
  /** Rows that go on. */
  readonly running: number;
  /**
   * Draws one token for each row that has been read, and reads a part of those that have not; gives the rows that ended, and
   * forgets them.
   */
  step(): Promise<{ row: number; result: Generated }[]>;
}

interface Running {
  number: number;
  row: BatchRow;
  result: Generated;
  /** Positions of its prompt that have been read, pads included. */
  read: number;
  /** Absent until a part has been read. */
  past?: Past;
}

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

/** Begins a batch without rows. */
export function createBatch(decoder: Decoder, options: BatchOptions = {}): Batch {
  const { onLogits, onToken, prefix } = options;
  const { vocabulary } = decoder.config;
  const longest = longestPart(decoder.config);
  const weights = new Float64Array(vocabulary);
  const shared = prefix && { prefix: prefix.past };
  let running: Running[] = [];
  let added = 0;

  /** The next part of rows that have read as much; parts of one length. */
  const readOn = (rows: readonly Running[], length: number, every: boolean): Promise<DecoderOutput> => {
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
    return decoder.forward({
      ...{ tokens, batch: rows.length, ...shared, valid, spend: true, every },
      ...(past.length > 0 && { past }),
    });
  };
  const goOn = (rows: readonly Running[]): Promise<DecoderOutput> =>
    decoder.forward({
      tokens: Int32Array.from(rows, ({ result }) => result.ids.at(-1)!),
      batch: rows.length,
      ...shared,
      past: rows.map(({ past }) => past!),
      spend: true,
    });
  const take = (rows: readonly Running[], { hidden, logits, past }: DecoderOutput): void => {
    onLogits?.({ rows: rows.map(({ number }) => number), hidden, logits });
    for (const [at, one] of rows.entries()) {
      const { row, result } = one;
      one.past = past[at]!;
      const own = logits.subarray(at * vocabulary, (at + 1) * vocabulary);
      const drawn = draw(own, weights, row, row.stream);
      result.ids.push(drawn.id);
      result.logProbs.push(drawn.logProb);
      onToken?.({ row: one.number, weights, ...drawn, logits: own, soFar: result });
    }
  };
  const isOver = ({ row, result }: Running): boolean =>
    result.ids.length > 0 && (endsRow(decoder, result, row.stop ?? []) || result.ids.length === row.maxTokens);

  /** Tells rows the logits of all positions of a part; gives the output of the last alone. */
  const tellRead = async (rows: readonly Running[], output: DecoderOutput, length: number): Promise<DecoderOutput> => {
    const { hidden, logits, past } = output;
    const { width } = decoder.config;
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
  };

  /** One part for all rows that are still being read; draws for those that have been. */
  const readParts = async (rows: readonly Running[]): Promise<void> => {
    const lengthLeft = ({ row, read }: Running) => Math.min(longest, lengthOf(row) - read);
    const kinds = Map.groupBy(rows, (one) => `${one.read} ${lengthLeft(one)} ${one.row.onRead !== undefined}`);
    const parts = [...kinds.values()].flatMap((alike) => (alike[0]!.row.onRead ? inFew(alike) : [alike]));
    for (const alike of parts) {
      const length = lengthLeft(alike[0]!);
      const every = alike[0]!.row.onRead !== undefined;
      const read = await readOn(alike, length, every);
      const output = every ? await tellRead(alike, read, length) : read;
      for (const [at, one] of alike.entries()) {
        one.read += length;
        one.past = output.past[at]!;
      }
      const done = [...alike.keys()].filter((at) => drawsNow(alike[at]!));
      if (done.length > 0)
        take(
          done.map((at) => alike[at]!),
          rowsOf(output, done),
        );
    }
  };

  return {
    add(row) {
      checkRow(decoder, row, added, options);
      running.push({ number: added, row, read: 0, result: { ids: [], text: "", logProbs: [], ended: "length" } });
      return added++;
    },
    get running() {
      return running.length;
    },
    async step() {
      const over = running.filter(({ row }) => row.signal?.aborted);
      for (const { result } of over) result.ended = "cancelled";
      running = running.filter((one) => !over.includes(one));
      const old = running.filter(isRead);
      const fresh = running.filter((one) => !isRead(one));
      if (old.length > 0) take(old, await goOn(old));
      await readParts(fresh);
      const ended = running.filter((one) => isOver(one) || (one.row.maxTokens === 0 && isRead(one)));
      running = running.filter((one) => !ended.includes(one));
      for (const { past } of [...over, ...ended]) past?.release();
      return [...over, ...ended].map(({ number, result }) => ({ row: number, result }));
    },
  };
}

/** Logits of all positions are large: few rows at a time. */
function inFew(rows: Running[]): Running[][] {
  const few = 4;
  return Array.from({ length: Math.ceil(rows.length / few) }, (_, i) => rows.slice(i * few, (i + 1) * few));
}

function isRead({ row, read }: Running): boolean {
  return read === lengthOf(row);
}

/** A row that has just been read draws, unless it is to draw nothing. */
function drawsNow(one: Running): boolean {
  return isRead(one) && one.row.maxTokens > 0;
}

/** Some rows of an output; not copied where they are all of them. */
function rowsOf(output: DecoderOutput, rows: readonly number[]): DecoderOutput {
  const { hidden, logits, past } = output;
  if (rows.length === past.length) return output;
  const some = (all: Float32Array): Float32Array => {
    const width = all.length / past.length;
    const found = new Float32Array(rows.length * width);
    for (const [i, row] of rows.entries()) found.set(all.subarray(row * width, (row + 1) * width), i * width);
    return found;
  };
  return { hidden: some(hidden), logits: some(logits), past: rows.map((row) => past[row]!) };
}

/** Positions of a prompt, pads included. */
function lengthOf({ padTo, prompt }: BatchRow): number {
  return padTo ?? prompt.length;
}

/** Sets the row's text, and says if it has ended. */
export function endsRow({ tokenizer }: Decoder, result: Generated, stop: readonly string[]): boolean {
  const { ids } = result;
  if (tokenizer.end.includes(ids.at(-1)!)) {
    result.ended = "end";
    return true; // the text is that of the ids before
  }
  result.text = tokenizer.decode(ids);
  const cuts = stop.map((text) => result.text.indexOf(text)).filter((at) => at >= 0);
  if (cuts.length === 0) return false;
  result.text = result.text.slice(0, Math.min(...cuts));
  result.ended = "stop";
  return true;
}

/** Throws a RangeError that names what is wrong with a row. */
export function checkRow(decoder: Decoder, row: BatchRow, index: number, { prefix }: BatchOptions): void {
  const { prompt, maxTokens, padTo } = row;
  if (!(Number.isSafeInteger(maxTokens) && maxTokens >= (row.onRead ? 0 : 1)))
    throw new RangeError(`Expected \`maxTokens\` to be a positive integer, got ${maxTokens}`);
  checkSampling(row);
  if (prompt.length === 0) throw new RangeError(`Expected prompt ${index} to have at least one token, got none`);
  if (padTo !== undefined && prompt.length > padTo)
    throw new RangeError(`Prompt ${index} has ${prompt.length} tokens, more than \`padTo\`, which is ${padTo}`);
  const own = (prefix?.ids.length ?? 0) + prompt.length;
  if (own + maxTokens > decoder.config.context)
    throw new RangeError(
      `Prompt ${index} has ${own} tokens: with ${maxTokens} more it does not fit the model's ${decoder.config.context} positions`,
    );
}
