/** A model that has learned nothing: weights drawn by seed, as GPT-2 and Llama begin. A baseline, and small models for tests. */

import { createHash } from "node:crypto";
import { createRandom } from "../random/index.ts";
import { checkAdapted } from "./adapter.ts";
import type { FindWeight } from "./architectures/types.ts";
import { createDecoder, type RunOptions } from "./decoder.ts";
import { drawGraph } from "./draw-graph.ts";
import { decoderGraph } from "./graph.ts";
import { checkMemory } from "./memory.ts";
import type { Decoder, DecoderPlan, ModelConfig, Tokenizer } from "./types.ts";

/** A decoder of that shape with random weights: normal with `deviation`, ones for norms, zeros for biases. */
export async function randomModel(
  config: ModelConfig,
  tokenizer: Tokenizer,
  {
    seed = 0,
    deviation = 0.02,
    adaptedBlocks = 0,
    ...options
  }: RunOptions & { seed?: number; deviation?: number; adaptedBlocks?: number } = {},
): Promise<Decoder> {
  checkMemory("of random weights", config, { copies: 4 });
  const read = (name: string, shape: readonly number[]): Float32Array => {
    const count = shape.reduce((product, size) => product * size, 1);
    return drawWeight(name, count, seed, deviation);
  };
  const weight: FindWeight = (name, shape) => async () => read(name, shape);
  if (adaptedBlocks > 0) checkAdapted("of random weights", config, adaptedBlocks);
  const graph = decoderGraph(config, weight, { adaptedBlocks });
  const drawer = options.draws === "device" ? drawGraph(config, weight, { fused: false, adaptedBlocks }) : undefined;
  const drawing = drawer && Buffer.concat(await drawer.chunks());
  const digest = createHash("sha256")
    .update(JSON.stringify([config, seed, deviation]))
    .digest("hex")
    .slice(0, 16);
  const adapted = adaptedBlocks > 0 ? { blocks: adaptedBlocks, weight } : undefined;
  const hash = `random-${digest}${adapted ? `-adapted${adaptedBlocks}` : ""}`;
  const { source } = tokenizer;
  const plan: DecoderPlan | undefined =
    source === undefined
      ? undefined
      : {
          ...{ hash, source, dtype: "fp32", random: { config, seed, deviation } },
          ...(adapted && { adaptedBlocks }),
        };
  const parts = { config, tokenizer, hash, ...(plan && { plan }), ...(adapted && { adapted }) };
  return createDecoder({ graph: Buffer.concat(await graph.chunks()), ...parts, ...(drawing && { drawing }) }, options);
}

function drawWeight(name: string, count: number, seed: number, deviation: number): Float32Array {
  if (/(norm|ln_\w+)\.weight$/.test(name)) return new Float32Array(count).fill(1);
  if (name.endsWith(".bias")) return new Float32Array(count);
  const random = createRandom(seed, "model", name);
  return Float32Array.from({ length: count }, () => deviation * random.normal());
}
