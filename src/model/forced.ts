/**
 * A teacher-forced pass: tokens that were written elsewhere are read by this model, all of a row in a few passes, and whoever
 * would have heard of their draws hears the same. Not here: drawing (`generate.ts`).
 */

import { longestPart, passOptions } from "./batch-read.ts";
import type { DrawnToken, EnteringStates, Generated, Prefix, StepLogits } from "./batch-types.ts";
import { fillDistribution, type SamplingOptions } from "./sample.ts";
import { modelLogProbs } from "./stream.ts";
import type { Decoder, HeldAdapter, KVCache } from "./types.ts";

/** What is read, and who hears of it: see `GenerateOptions`. */
export interface ForceOptions extends SamplingOptions {
  prefix?: Prefix;
  /** Each row's prompt after the prefix, and the tokens that followed it; at least one id each. */
  rows: readonly { prompt: readonly number[]; ids: readonly number[] }[];
  onLogits?: ((step: StepLogits) => void) | undefined;
  onToken?: ((drawn: DrawnToken) => void) | undefined;
  adapter?: HeldAdapter | undefined;
  onEntering?: ((states: EnteringStates) => void) | undefined;
}

/** A row that was read. */
export interface Forced {
  /** Of each token, nats: under the distribution that it would have been drawn from (-Infinity: never), and before temperature and cuts. */
  logProbs: number[];
  modelLogProbs: number[];
}

/** Reads every row. */
export async function force(decoder: Decoder, options: ForceOptions): Promise<Forced[]> {
  const weights = new Float64Array(decoder.config.vocabulary);
  const read: Forced[] = [];
  for (let row = 0; row < options.rows.length; row++) read.push(await forceRow(decoder, options, row, weights));
  return read;
}

async function forceRow(decoder: Decoder, options: ForceOptions, row: number, weights: Float64Array): Promise<Forced> {
  const { onLogits, onToken, onEntering } = options;
  const { prompt, ids } = options.rows[row]!;
  const { width, vocabulary } = decoder.config;
  const all = [...prompt, ...ids.slice(0, -1)]; // the last is never run
  const forced: Forced = { logProbs: [], modelLogProbs: [] };
  const soFar: Generated = { ids: [], text: "", logProbs: forced.logProbs, ended: "length" };
  const longest = longestPart(decoder.config);
  let past: KVCache[] | undefined;
  for (let from = 0; from < all.length; from += longest) {
    const tokens = Int32Array.from(all.slice(from, from + longest));
    const pass = { tokens, batch: 1, every: true, donate: true, ...passOptions(options), ...(past && { past }) };
    const output = await decoder.forward(pass);
    past = output.past;
    const { entering } = output;
    if (entering) onEntering?.({ rows: [row], length: tokens.length, pads: [0], entering });
    for (let i = Math.max(0, prompt.length - 1 - from); i < tokens.length; i++) {
      const id = ids[from + i - prompt.length + 1]!;
      const logits = output.logits.subarray(i * vocabulary, (i + 1) * vocabulary);
      onLogits?.({ rows: [row], hidden: output.hidden.subarray(i * width, (i + 1) * width), logits });
      const { total } = fillDistribution(logits, weights, options);
      const logProb = Math.log(weights[id]! / total);
      soFar.ids.push(id);
      forced.logProbs.push(logProb);
      forced.modelLogProbs.push(modelLogProbs(logits, id).logProb);
      onToken?.({ row, id, logProb, weights, total, logits, soFar });
    }
  }
  past?.[0]?.release();
  return forced;
}
