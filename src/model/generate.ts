/**
 * Batched sampling from a decoder: a prefix that all prompts share is run once, each row draws from a stream of its own,
 * and a row that has ended costs nothing more. A caller may change the logits before each draw (a trained head), and is
 * told the distribution that was really drawn from. With `padTo` what a row draws does not depend on its batch in the
 * last bit; without it the other rows' lengths move the sums' order.
 */

import { checkRow, createBatch } from "./batch.ts";
import { longestPart, passOptions } from "./batch-read.ts";
import type { DrawnToken, EnteringStates, Generated, Prefix, StepLogits } from "./batch-types.ts";
import type { SamplingOptions } from "./sample.ts";
import type { Decoder, HeldAdapter, KVCache } from "./types.ts";

/** What is generated, and how. */
export interface GenerateOptions extends SamplingOptions {
  /** What every prompt begins with. @default nothing */
  prefix?: Prefix;
  /** Each row's prompt after the prefix, as token ids; at least one id each. */
  prompts: readonly (readonly number[])[];
  /** Where each row's draws come from: one stream a row. */
  streams: readonly { uniform(): number }[];
  maxTokens: number;
  /** Pad every prompt, or each, to this many tokens. @default the longest prompt */
  padTo?: number | readonly number[];
  /** Most rows at once; others begin when rows end. @default all */
  batch?: number;
  /** Texts that end a row; they are cut off its text. */
  stop?: readonly string[];
  /** Called before each draw with the rows that were run together; may change `logits` ([rows, vocabulary]) in place. */
  onLogits?: (step: StepLogits) => void;
  /** Called after each draw. */
  onToken?: (drawn: DrawnToken) => void;
  /** What changes the model's last blocks; the prefix is to have been run with it. @default nothing */
  adapter?: HeldAdapter | undefined;
  /** Called after each pass with what entered the first adapted block. */
  onEntering?: ((states: EnteringStates) => void) | undefined;
  signal?: AbortSignal;
}

/** Continues every prompt. Rejects with the signal's reason when it is aborted. */
export async function generate(decoder: Decoder, options: GenerateOptions): Promise<Generated[]> {
  const { prompts, streams, signal, maxTokens, stop = [], temperature = 1, topK = 0, topP = 1 } = options;
  const { prefix, padTo = Math.max(0, ...prompts.map(({ length }) => length)), onLogits, onToken } = options;
  if (streams.length !== prompts.length)
    throw new RangeError(`Expected \`streams\` to be one for each of ${prompts.length} prompts, got ${streams.length}`);
  const common = { maxTokens, stop, temperature, topK, topP };
  const rows = prompts.map((prompt, i) => ({
    ...{ prompt, stream: streams[i]!, ...common },
    padTo: typeof padTo === "number" ? padTo : padTo[i]!,
  }));
  for (const [i, row] of rows.entries()) checkRow(decoder, row, i, { prefix });
  const { adapter, onEntering } = options;
  const batch = createBatch(decoder, { prefix, adapter, onLogits, onToken, onEntering });
  const { batch: most = rows.length } = options;
  const results = new Array<Generated>(rows.length);
  for (let next = 0; next < rows.length || batch.running > 0; ) {
    signal?.throwIfAborted();
    if (hasRoom(batch.running, most)) while (next < rows.length && batch.running < most) batch.add(rows[next++]!);
    for (const { row, result } of await batch.step()) results[row] = result;
  }
  return results;
}

/** True if rows may join: beginning costs a pass through the model, so that it is done for some at once. */
export function hasRoom(running: number, most: number): boolean {
  return running === 0 || most - running >= most / 4;
}

/**
 * Runs what many prompts begin with, for `generate({ prefix })`; `onEntering` as of `GenerateOptions`. Rejects with the signal's
 * reason when it is aborted.
 */
export async function runPrefix(
  decoder: Decoder,
  ids: readonly number[],
  { signal, adapter, onEntering }: Pick<GenerateOptions, "signal" | "adapter" | "onEntering"> = {},
): Promise<Prefix> {
  if (ids.length === 0) throw new RangeError("Expected a prefix of at least one token, got none");
  const longest = longestPart(decoder.config);
  let past: KVCache[] | undefined;
  for (let read = 0; read < ids.length; read += longest) {
    signal?.throwIfAborted();
    const tokens = Int32Array.from(ids.slice(read, read + longest));
    const pass = { tokens, batch: 1, ...passOptions({ adapter, onEntering }), ...(past && { past }), donate: true };
    const output = await decoder.forward(pass);
    past = output.past;
    const { entering } = output;
    if (entering) onEntering?.({ rows: [0], length: tokens.length, pads: [0], entering });
  }
  return { ids, past: past![0]! };
}
