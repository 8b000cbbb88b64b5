/**
 * Batched sampling from a decoder: a prefix that all prompts share is run once, each row draws from a stream of its own,
 * and a row that has ended costs nothing more. A caller may change the logits before each draw (a trained head), and is
 * told the distribution that was really drawn from. With `padTo` what a row draws does not depend on its batch in the
 * last bit; without it the other rows' lengths move the sums' order.
 */

import type { Decoder, DecoderOutput, Past } from "./types.ts";

/** How tokens are drawn. */
export interface SamplingOptions {
  /** Divides the logits; 0 takes the most likely token. @default 1 */
  temperature?: number;
  /** Only the k most likely tokens; 0 for all. @default 0 */
  topK?: number;
  /** Only the most likely tokens that together have this probability, in (0, 1]. @default 1 */
  topP?: number;
}

/** Text that many prompts begin with, run once. */
export interface Prefix {
  ids: readonly number[];
  /** Of one row. */
  past: Past;
}

/** What is generated, and how. */
export interface GenerateOptions extends SamplingOptions {
  /** What every prompt begins with. @default nothing */
  prefix?: Prefix;
  /** Each row's prompt after the prefix, as token ids; at least one id each. */
  prompts: readonly (readonly number[])[];
  /** Where each row's draws come from: one stream a row. */
  streams: readonly { uniform(): number }[];
  maxTokens: number;
  /** Pad every prompt to this many tokens. @default the longest prompt */
  padTo?: number;
  /** Texts that end a row; they are cut off its text. */
  stop?: readonly string[];
  /** Called before each draw with the rows still running; may change `logits` ([rows, vocabulary]) in place. */
  onLogits?: (step: StepLogits) => void;
  /** Called after each draw. */
  onToken?: (drawn: DrawnToken) => void;
  signal?: AbortSignal;
}

/** The running rows before a draw. */
export interface StepLogits {
  /** Index of each row in `prompts`. */
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
  ended: "end" | "stop" | "length";
}

/** Continues every prompt. Rejects with the signal's reason when it is aborted. */
export async function generate(decoder: Decoder, options: GenerateOptions): Promise<Generated[]> {
  const { prompts, streams, maxTokens, stop = [], onLogits, onToken, signal } = options;
  checkOptions(decoder, options);
  if (prompts.length === 0) return [];
  const results = prompts.map((): Generated => ({ ids: [], text: "", logProbs: [], ended: "length" }));
  const { vocabulary } = decoder.config;
  const weights = new Float64Array(vocabulary);
  let rows = prompts.map((_, i) => i);
  const shared = options.prefix?.past;
  let { output, valid, length } = await runPrompts(decoder, options);
  for (let drawn = 0; ; ) {
    onLogits?.({ rows, hidden: output.hidden, logits: output.logits });
    const next: { at: number; id: number }[] = [];
    for (const [at, row] of rows.entries()) {
      const logits = output.logits.subarray(at * vocabulary, (at + 1) * vocabulary);
      const result = results[row]!;
      const { id, logProb, total } = draw(logits, weights, options, streams[row]!);
      result.ids.push(id);
      result.logProbs.push(logProb);
      onToken?.({ row, id, logProb, weights, total });
      if (!ends(decoder, result, stop)) next.push({ at, id });
    }
    if (++drawn === maxTokens || next.length === 0) break;
    signal?.throwIfAborted();
    const going = next.map(({ at }) => at);
    const { past } = output;
    valid = going.map((at) => valid[at]!);
    rows = going.map((at) => rows[at]!);
    length++;
    const tokens = Int32Array.from(next, ({ id }) => id);
    const frame = { ...(shared && { prefix: shared }), past, rows: going, valid: mask(valid, length) };
    output = await decoder.forward({ tokens, batch: rows.length, ...frame });
  }
  return results;
}

/** Runs what many prompts begin with, for `generate({ prefix })`. */
export async function runPrefix(decoder: Decoder, ids: readonly number[]): Promise<Prefix> {
  if (ids.length === 0) throw new RangeError("Expected a prefix of at least one token, got none");
  const { past } = await decoder.forward({ tokens: Int32Array.from(ids), batch: 1 });
  return { ids, past };
}

/** Runs the prompts after the prefix, padded on the left. */
async function runPrompts(
  decoder: Decoder,
  { prompts, prefix, padTo }: GenerateOptions,
): Promise<{ output: DecoderOutput; valid: Uint8Array[]; length: number }> {
  const length = padTo ?? Math.max(...prompts.map((prompt) => prompt.length));
  const batch = prompts.length;
  const tokens = new Int32Array(batch * length);
  const valid = prompts.map((prompt, row) => {
    tokens.set(prompt, (row + 1) * length - prompt.length);
    return new Uint8Array(length).fill(1, length - prompt.length);
  });
  const shared = prefix && { prefix: prefix.past };
  const output = await decoder.forward({ tokens, batch, ...shared, valid: mask(valid, length) });
  return { output, valid, length };
}

/** The rows' masks as one array; positions beyond a row's mask were generated, so they are real. */
function mask(valid: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(valid.length * length).fill(1);
  for (const [row, own] of valid.entries()) all.set(own, row * length);
  return all;
}

/**
 * Draws a token. Fills `weights` with the distribution, not normalised. At temperature 0 the most likely token has all
 * the weight. Throws a RangeError if a logit is not a number.
 */
function draw(
  logits: Float32Array,
  weights: Float64Array,
  { temperature = 1, topK = 0, topP = 1 }: SamplingOptions,
  stream: { uniform(): number },
): { id: number; logProb: number; total: number } {
  let top = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[top]!) top = i;
  const most = logits[top]!;
  if (!Number.isFinite(most)) throw new RangeError(`The largest logit is ${most}: the model or its head is broken`);
  if (temperature === 0) {
    weights.fill(0);
    weights[top] = 1;
    return { id: top, logProb: 0, total: 1 };
  }
  for (let i = 0; i < logits.length; i++) weights[i] = Math.exp((logits[i]! - most) / temperature);
  if (topK > 0 && topK < logits.length) keepTop(weights, topK);
  if (topP < 1) keepMass(weights, topP);
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  let left = stream.uniform() * total;
  let id = top;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    left -= weight;
    id = i;
    if (left < 0) break;
  }
  return { id, logProb: Math.log(weights[id]! / total), total };
}

/** Zeroes all but the k largest; of equals the first stay. */
function keepTop(weights: Float64Array, k: number): void {
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b);
  for (const i of order.slice(k)) weights[i] = 0;
}

/** Zeroes all but the largest that together reach the share; at least one stays. */
function keepMass(weights: Float64Array, share: number): void {
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b);
  const enough = share * weights.reduce((sum, weight) => sum + weight, 0);
  let mass = 0;
  let kept = 0;
  while (kept < order.length && mass < enough) mass += weights[order[kept++]!]!;
  for (const i of order.slice(Math.max(1, kept))) weights[i] = 0;
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

function checkOptions(decoder: Decoder, options: GenerateOptions): void {
  const { prompts, streams, maxTokens, prefix, padTo, temperature = 1, topK = 0, topP = 1 } = options;
  const expect = (name: string, holds: boolean, expected: string, value: unknown): void => {
    if (!holds) throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${String(value)}`);
  };
  expect("maxTokens", Number.isSafeInteger(maxTokens) && maxTokens > 0, "a positive integer", maxTokens);
  expect("temperature", temperature >= 0 && Number.isFinite(temperature), "0 or a positive number", temperature);
  expect("topK", Number.isSafeInteger(topK) && topK >= 0, "0 (all) or a positive integer", topK);
  expect("topP", topP > 0 && topP <= 1, "above 0 and at most 1", topP);
  expect("streams", streams.length === prompts.length, `one for each of ${prompts.length} prompts`, streams.length);
  const { context } = decoder.config;
  for (const [row, prompt] of prompts.entries()) {
    if (prompt.length === 0) throw new RangeError(`Expected prompt ${row} to have at least one token, got none`);
    if (padTo !== undefined && prompt.length > padTo)
      throw new RangeError(`Prompt ${row} has ${prompt.length} tokens, more than \`padTo\`, which is ${padTo}`);
    const own = (prefix?.ids.length ?? 0) + prompt.length;
    if (own + maxTokens > context)
      throw new RangeError(
        `Prompt ${row} has ${own} tokens: with ${maxTokens} more it does not fit the model's ${context} positions`,
      );
  }
}
