/** A model that has learned nothing: weights drawn by seed, as GPT-2 and Llama begin. A baseline, and small models for tests. */

import { createHash } from "node:crypto";
import { createRandom } from "../random/index.ts";
import { createDecoder, type RunOptions } from "./decoder.ts";
import { decoderGraph, type ReadWeight } from "./graph.ts";
import type { Decoder, ModelConfig, Tokenizer } from "./types.ts";

/** A decoder of that shape with random weights: normal with `deviation`, ones for norms, zeros for biases. */
export function randomModel(
  config: ModelConfig,
  tokenizer: Tokenizer,
  { seed = 0, deviation = 0.02, ...options }: RunOptions & { seed?: number; deviation?: number } = {},
): Promise<Decoder> {
  const known = new Map<string, Float32Array>();
  const read: ReadWeight = (name, shape) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const values = known.get(name) ?? drawWeight(name, count, seed, deviation);
    known.set(name, values);
    return values;
  };
  const graph = Buffer.concat(decoderGraph(config, read));
  const word = config.family === "gpt2" ? "transformer.wte.weight" : "model.embed_tokens.weight";
  const output = read(config.tied ? word : "lm_head.weight", [config.vocabulary, config.width]);
  const hash = createHash("sha256")
    .update(JSON.stringify([config, seed, deviation]))
    .digest("hex")
    .slice(0, 16);
  return createDecoder({ graph, config, tokenizer, hash: `random-${hash}`, outputWeight: () => output }, options);
}

function drawWeight(name: string, count: number, seed: number, deviation: number): Float32Array {
  if (/(norm|ln_\w+)\.weight$/.test(name)) return new Float32Array(count).fill(1);
  if (name.endsWith(".bias")) return new Float32Array(count);
  const random = createRandom(seed, "model", name);
  return Float32Array.from({ length: count }, () => deviation * random.normal());
}
