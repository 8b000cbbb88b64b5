/** What a decoder expects of a text, by itself: what all that reads prompts in other ways is compared with. */

import type { Decoder, KVCache } from "../../src/model/index.ts";

/** The log-probability of each id but the first, and the likeliest id in its place: by the decoder alone, one token after the other. */
export async function scoreIds(decoder: Decoder, ids: readonly number[]) {
  const scores: (number | null)[] = [null];
  const likeliest: number[] = [-1];
  let past: KVCache[] | undefined;
  for (const [at, id] of ids.slice(0, -1).entries()) {
    const output = await decoder.forward({ tokens: Int32Array.of(id), batch: 1, ...(past && { past }), donate: true });
    past = output.past;
    const most = Math.max(...output.logits);
    const total = output.logits.reduce((all, logit) => all + Math.exp(logit - most), 0);
    scores.push(output.logits[ids[at + 1]!]! - most - Math.log(total));
    likeliest.push(output.logits.indexOf(most));
  }
  past?.[0]?.release();
  return { scores, likeliest };
}
