/** For benches that time a fixed number of tokens: options of `generate` under which no row ends early. */

import type { Decoder } from "../src/model/index.ts";

/** Forbids the ids that end a text. */
export function endless({ config, tokenizer }: Decoder) {
  const onLogits = ({ rows: running, logits }: { rows: readonly number[]; logits: Float32Array }): void => {
    for (let row = 0; row < running.length; row++)
      for (const id of tokenizer.end) logits[row * config.vocabulary + id] = -1e9;
  };
  return { onLogits };
}
