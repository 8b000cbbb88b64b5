/**
 * A decoder small enough to check by hand: the hidden state is a fixed random mix of the last tokens, the logits a linear
 * map of it. It keeps the whole contract (prefix, past, rows, pads), so that sampling and the head can be tested without ONNX
 * Runtime; the real decoder is tested beside it.
 */

import type { Decoder, DecoderInput, KVCache } from "../../../src/model/index.ts";
import { createRandom } from "../../../src/random/index.ts";

interface ToyPast extends KVCache {
  ids: number[];
}

/** Characters of the toy's alphabet; id 0 ends a text. */
export const alphabet = "\u0000abcdefgh =;.\n/";

export interface Toy extends Decoder {
  /** Positions computed so far, pads included: what a run costs. */
  cost: { positions: number; calls: { batch: number; length: number }[] };
}

/** Makes a toy. */
export function toyDecoder({ width = 6, seed = 1, sharp = 2 } = {}): Toy {
  const random = createRandom(seed, "toy");
  const vocabulary = alphabet.length;
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const embedding = normals(vocabulary * width);
  const output = normals(vocabulary * width).map((value) => value * sharp);
  const cost: Toy["cost"] = { positions: 0, calls: [] };
  return {
    cost,
    config: {
      family: "gpt2",
      layers: 1,
      width,
      heads: 1,
      kvHeads: 1,
      headWidth: width,
      feedForward: width,
      vocabulary,
      context: 128,
      tied: false,
      normEpsilon: 1e-5,
      activation: "gelu_new",
    },
    tokenizer: {
      size: vocabulary,
      end: [0],
      encode: (text) => [...text].map((c) => Math.max(1, alphabet.indexOf(c))),
      decode: (ids) => ids.map((id) => alphabet[id]).join(""),
      piece: (id) => ({ name: alphabet[id]!, bytes: id === 0 ? null : Buffer.from(alphabet[id]!) }),
    },
    provider: "toy",
    device: "toy",
    hash: `toy-${seed}-${width}`,
    async forward({ tokens, batch, prefix, past, valid }: DecoderInput) {
      const length = tokens.length / batch;
      const before = past ? past.map((row) => (row as ToyPast).ids) : Array.from({ length: batch }, () => []);
      const shared = (prefix as ToyPast | undefined)?.ids ?? [];
      if (before.length !== batch) throw new Error(`pasts of ${before.length} rows for a batch of ${batch}`);
      cost.positions += tokens.length;
      cost.calls.push({ batch, length });
      const ids = before.map((row, b) => [
        ...row,
        ...[...tokens.subarray(b * length, (b + 1) * length)].map((id, t) =>
          valid && valid[b * length + t] === 0 ? -1 : id,
        ),
      ]);
      const hidden = new Float32Array(batch * width);
      const logits = new Float32Array(batch * vocabulary);
      for (const [b, row] of ids.entries()) {
        const seen = [...shared, ...row].filter((id) => id >= 0).slice(-4);
        for (const [back, id] of seen.reverse().entries())
          for (let i = 0; i < width; i++) hidden[b * width + i]! += embedding[id * width + i]! / (back + 1);
        for (let v = 0; v < vocabulary; v++)
          for (let i = 0; i < width; i++)
            logits[b * vocabulary + v]! += (output[v * width + i]! * hidden[b * width + i]!) / Math.sqrt(width);
      }
      return { hidden, logits, past: ids.map((row): ToyPast => ({ ids: row, length: row.length, release() {} })) };
    },
    async dispose() {},
  };
}
