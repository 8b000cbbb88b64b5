/** Tensors at rest: a policy's weights as plain numbers, and back. */

import { type TrainablePolicy, tf } from "../policy/index.ts";
import type { SavedTensor } from "./types.ts";

/** A tensor's values under a name. */
export async function saveTensor(name: string, tensor: tf.Tensor): Promise<SavedTensor> {
  return { name, shape: [...tensor.shape], values: [...(await tensor.data())] };
}

/** A policy's weights, in the order of its variables. */
export function saveWeights({ variables }: TrainablePolicy): Promise<SavedTensor[]> {
  return Promise.all(variables.map((variable, i) => saveTensor(`weights ${i}`, variable)));
}

/** Gives a policy weights that were saved. */
export function putWeights({ variables }: TrainablePolicy, weights: readonly SavedTensor[]): void {
  for (const [i, { values, shape }] of weights.entries())
    tf.tidy(() => variables[i]!.assign(tf.tensor(values, shape) as never));
}
