/** What a decoder will take, from its shape alone, before any of it is taken. */

import { architectureOf } from "./architectures/index.ts";
import { ModelFailure } from "./error.ts";
import { type Dtype, dtypes } from "./matmul.ts";
import type { ModelConfig } from "./types.ts";

/** Numbers in the weights of a decoder of that shape. */
export function countWeights(config: ModelConfig): number {
  const { layers, width, heads, kvHeads, headWidth, vocabulary, tied } = config;
  const { mlp, places } = architectureOf(config).countWeights(config);
  const attention = width * headWidth * (2 * heads + 2 * kvHeads);
  const words = vocabulary * width * (tied ? 1 : 2);
  return words + places + layers * (attention + mlp + 8 * width);
}

/** Throws a ModelFailure if `copies` of the weights do not fit into what memory is left. */
export function checkMemory(
  path: string,
  config: ModelConfig,
  { copies, dtype = "fp32" }: { copies: number; dtype?: Dtype },
): void {
  // With fewer bits the words are floats still, and are rotated when the model is converted.
  const words = dtype === "fp32" ? 0 : 3 * 4 * config.vocabulary * config.width;
  const neededMiB = Math.ceil((countWeights(config) * dtypes[dtype] * copies + words) / 2 ** 20) + 64;
  const freeMiB = Math.floor(process.availableMemory() / 2 ** 20);
  if (neededMiB > freeMiB) throw new ModelFailure({ kind: "memory", path, neededMiB, freeMiB });
}
