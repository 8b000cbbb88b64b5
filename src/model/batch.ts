/**
 * Rows that are continued together, token by token: each has a prompt, a stream, and its own way of drawing; rows may join at
 * any time, and one that has ended costs nothing more. A prompt is read in parts, so that a long one holds nobody for long.
 * `generate.ts` runs a batch to its end, `engine.ts` one without an end.
 */

import { isRead, passOptions, readParts } from "./batch-read.ts";
import type { Batch, BatchOptions, BatchRow, Generated, Prefix, Running } from "./batch-types.ts";
import { checkSampling, draw } from "./sample.ts";
import type { Decoder, DecoderOutput } from "./types.ts";

interface BatchState {
  readonly decoder: Decoder;
  readonly options: BatchOptions;
  /** Of the draw that is made just now. Shape [vocabulary]. */
  readonly weights: Float64Array;
  running: Running[];
  added: number;
}

/** Begins a batch without rows. */
export function createBatch(decoder: Decoder, options: BatchOptions = {}): Batch {
  const weights = new Float64Array(decoder.config.vocabulary);
  const state: BatchState = { decoder, options, weights, running: [], added: 0 };
  return {
    add: (row) => add(state, row),
    get running() {
      return state.running.length;
    },
    step: () => step(state),
  };
}

function add(state: BatchState, row: BatchRow): number {
  checkRow(state.decoder, row, state.added, state.options);
  const result: Generated = { ids: [], text: "", logProbs: [], ended: "length" };
  state.running.push({ number: state.added, row, read: 0, result });
  return state.added++;
}

async function step(state: BatchState): Promise<{ row: number; result: Generated }[]> {
  const { decoder, options } = state;
  const over = state.running.filter(({ row }) => row.signal?.aborted);
  for (const { result } of over) result.ended = "cancelled";
  state.running = state.running.filter((one) => !over.includes(one));
  const old = state.running.filter(isRead);
  const fresh = state.running.filter((one) => !isRead(one));
  if (old.length > 0) take(state, old, await goOn(state, old));
  await readParts({ decoder, options, take: (rows, output) => take(state, rows, output) }, fresh);
  const ended = state.running.filter((one) => isOver(state, one));
  state.running = state.running.filter((one) => !ended.includes(one));
  // Rows of one prompt share what was read of it, until each goes on.
  for (const { past } of [...over, ...ended]) if (!state.running.some((one) => one.past === past)) past?.release();
  return [...over, ...ended].map(({ number, result }) => ({ row: number, result }));
}

/** Runs rows on their last token. */
async function goOn({ decoder, options }: BatchState, rows: readonly Running[]): Promise<DecoderOutput> {
  const output = await decoder.forward({
    tokens: Int32Array.from(rows, ({ result }) => result.ids.at(-1)!),
    batch: rows.length,
    ...passOptions(options),
    past: rows.map(({ past }) => past!),
    donate: true,
  });
  const { entering } = output;
  if (entering)
    options.onEntering?.({ rows: rows.map(({ number }) => number), length: 1, pads: rows.map(() => 0), entering });
  return output;
}

/** Draws a token for each row from what it came to. */
function take({ options, weights }: BatchState, rows: readonly Running[], output: DecoderOutput): void {
  const { onLogits, onToken } = options;
  const { hidden, logits, past } = output;
  onLogits?.({ rows: rows.map(({ number }) => number), hidden, logits });
  const vocabulary = weights.length;
  for (const [at, one] of rows.entries()) {
    const { row, result } = one;
    one.past = past[at]!;
    const own = logits.subarray(at * vocabulary, (at + 1) * vocabulary);
    const drawn = draw(own, weights, row, row.stream);
    result.ids.push(drawn.id);
    result.logProbs.push(drawn.logProb);
    onToken?.({ row: one.number, weights, ...drawn, logits: own, soFar: result });
  }
}

function isOver({ decoder }: BatchState, one: Running): boolean {
  const { row, result } = one;
  if (row.maxTokens === 0) return isRead(one);
  return result.ids.length > 0 && (endsRow(decoder, result, row.stop ?? []) || result.ids.length === row.maxTokens);
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
export function checkRow(
  decoder: Decoder,
  row: BatchRow,
  index: number,
  { prefix }: { prefix?: Pick<Prefix, "ids"> | undefined },
): void {
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
