/**
 * The trainable numbers of an adapter: a pair of matrices for each matrix of the last blocks. A is drawn from N(0, 1 / from), B is
 * zero at the start, so that the policy begins as the frozen model (Hu et al. 2022). Not here: what is computed with them.
 */

import type * as TF from "@tensorflow/tfjs";
import { type AdapterWeights, adaptedMatrices, type ModelConfig } from "../../../model/index.ts";
import { createRandom } from "../../../random/index.ts";
import { tf } from "../../tensors.ts";
import type { Pair } from "./blocks.ts";

/** An adapter's shape. */
export interface AdapterOptions {
  /** How many of the last blocks it changes. @default 4 */
  blocks?: number;
  /** @default 16 */
  rank?: number;
  /** What A B is multiplied by: PEFT's `lora_alpha / r`. @default 2 */
  scale?: number;
}

/** Last blocks that are adapted unless told otherwise. */
export const usualBlocks = 4;

/** An adapter that learns. */
export interface AdapterVariables {
  readonly blocks: number;
  readonly rank: number;
  readonly scale: number;
  /** A [from, rank] and B [rank, to] of each matrix in turn, block after block. */
  readonly variables: readonly TF.Variable[];
  /** The variables as pairs, for `hiddenStates`. */
  pairs(): Pair[];
  /** The numbers now, as they stand in the variables, and the same with the scale in B. */
  numbers(): Promise<AdapterWeights>;
  read(): Promise<AdapterWeights>;
  dispose(): void;
}

/** Makes an adapter. Throws a RangeError for a shape that cannot be. */
export function createAdapter(
  config: ModelConfig,
  { blocks, rank, scale, seed }: Required<AdapterOptions> & { seed: number },
): AdapterVariables {
  const matrices = adaptedMatrices(config);
  const most = Math.min(...matrices.flatMap(({ from, to }) => [from, to]));
  if (!Number.isSafeInteger(rank) || rank < 1 || rank > most)
    throw new RangeError(
      `Expected the adapter's \`rank\` to be from 1 to ${most}, the model's smallest matrix, got ${rank}`,
    );
  if (!Number.isFinite(scale) || scale === 0)
    throw new RangeError(`Expected the adapter's \`scale\` to be a number other than 0, got ${scale}`);
  const random = createRandom(seed, "adapter");
  const variables = Array.from({ length: blocks }, () => matrices).flatMap((block) =>
    block.flatMap(({ from, to }) => {
      const drawn = Float32Array.from({ length: from * rank }, () => random.normal() / Math.sqrt(from));
      return [tf.variable(tf.tensor2d(drawn, [from, rank])), tf.variable(tf.zeros([rank, to]))];
    }),
  );
  const pairsOf = <T>(list: readonly T[]) =>
    Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i]!, list[2 * i + 1]!] as const);
  const numbersOf = async (factor: number): Promise<AdapterWeights> => {
    const values = (await Promise.all(variables.map((variable) => variable.data()))) as Float32Array[];
    return { pairs: pairsOf(values).map(([A, B]) => ({ rank, A: A.slice(), B: B.map((value) => value * factor) })) };
  };
  return {
    ...{ blocks, rank, scale, variables },
    pairs: () => pairsOf(variables).map(([A, B]) => ({ A: A as TF.Tensor2D, B: B as TF.Tensor2D, scale })),
    numbers: () => numbersOf(1),
    read: () => numbersOf(scale),
    dispose: () => tf.dispose([...variables]),
  };
}
