/**
 * Rows that are continued together, token by token: each has a prompt, a stream, and its own way of drawing; one that has
 * ended costs nothing more. `generate.ts` runs a batch to its end, `engine.ts` many batches in turn.
 */

import { checkSampling, draw, type SamplingOptions } from "./sample.ts";
import type { Decoder, DecoderOutput, Past } from "./types.ts";

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
  maxTokens: number;
  /** Texts that end it; they are cut off its text. */
  stop?: readonly string[];
  /** Leaves the batch when it is aborted. */
  signal?: AbortSignal | undefined;
}

/** The running rows before a draw. */
export interface StepLogits {
  /** Index of each row in the batch. */
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
  /** Pad every prompt to this many tokens. @default the longest prompt */
  padTo?: number | undefined;
  /** Called before each draw with the rows still running; may change `logits` ([rows, vocabulary]) in place. */
  onLogits?: ((step: StepLogits) => void) | undefined;
  /** Called after each draw. */
  onToken?: ((drawn: DrawnToken) => void) | undefined;
}

/** Rows on their way. */
export interface Batch {
  readonly results: readonly Generated[];
  /** Rows that go on. */
  readonly running: readonly number[];
  /** Draws one token for each running row; gives the rows that ended. */
  step(): Promise<number[]>;
}

/** Begins a batch; nothing is run yet. Throws a RangeError for rows that make no sense. */
export function createBatch(decoder: Decoder, rows: readonly BatchRow[], options: BatchOptions = {}): Batch {
  for (const [index, row] of rows.entries()) checkRow(decoder, row, index, options);
  const { onLogits, onToken, prefix } = options;
  const { vocabulary } = decoder.config;
  const weights = new Float64Array(vocabulary);
  const results = rows.map((): Generated => ({ ids: [], text: "", logProbs: [], ended: "length" }));
  const length = options.padTo ?? Math.max(0, ...rows.map(({ prompt }) => prompt.length));
  const shared = prefix && { prefix: prefix.past };
  let running = rows.map((_, i) => i);
  let past: Past | undefined;
  /** Where each running row stands in the past. */
  let places: number[] = [];

  const forward = (): Promise<DecoderOutput> => {
    const batch = running.length;
    const columns = past === undefined ? length : past.length + 1;
    const valid = new Uint8Array(batch * columns).fill(1);
    for (const [at, row] of running.entries())
      valid.fill(0, at * columns, at * columns + length - rows[row]!.prompt.length);
    if (past !== undefined) {
      const tokens = Int32Array.from(running, (row) => results[row]!.ids.at(-1)!);
      return decoder.forward({ tokens, batch, ...shared, past, rows: places, valid });
    }
    const tokens = new Int32Array(batch * length);
    for (const [at, row] of running.entries()) {
      const { prompt } = rows[row]!;
      tokens.set(prompt, (at + 1) * length - prompt.length);
    }
    return decoder.forward({ tokens, batch, ...shared, valid });
  };

  return {
    results,
    get running() {
      return running;
    },
    async step() {
      const gone = running.filter((row) => rows[row]!.signal?.aborted);
      for (const row of gone) results[row]!.ended = "cancelled";
      const here = running;
      running = here.filter((row) => !gone.includes(row));
      if (past !== undefined) places = places.filter((_, at) => running.includes(here[at]!));
      if (running.length === 0) return gone;
      const { hidden, logits, past: next } = await forward();
      past = next;
      onLogits?.({ rows: running, hidden, logits });
      const ended: number[] = [];
      const staying: number[] = [];
      for (const [at, row] of running.entries()) {
        const result = results[row]!;
        const own = logits.subarray(at * vocabulary, (at + 1) * vocabulary);
        const drawn = draw(own, weights, rows[row]!, rows[row]!.stream);
        result.ids.push(drawn.id);
        result.logProbs.push(drawn.logProb);
        onToken?.({ row, weights, ...drawn });
        const over = ends(decoder, result, rows[row]!.stop ?? []) || result.ids.length === rows[row]!.maxTokens;
        if (over) ended.push(row);
        else staying.push(at);
      }
      running = staying.map((at) => running[at]!);
      places = staying;
      return [...gone, ...ended];
    },
  };
}

/** Sets the row's text, and says if it has ended. */
function ends({ tokenizer }: Decoder, result: Generated, stop: readonly string[]): boolean {
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
export function checkRow(decoder: Decoder, row: BatchRow, index: number, { prefix, padTo }: BatchOptions): void {
  const { prompt, maxTokens } = row;
  if (!(Number.isSafeInteger(maxTokens) && maxTokens > 0))
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
