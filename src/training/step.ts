/** One step of the optimiser: the gradients' norm, and the gradients shortened to a largest norm before they are applied. */

import { tf } from "../policy/index.ts";

/** Gradients by the names of their variables. */
export type Gradients = { [name: string]: tf.Tensor };

/** The sum of the squares of all gradients: their norm is its root. */
export function squaresOf(grads: Gradients): tf.Scalar {
  return tf.tidy(() => tf.addN(Object.values(grads).map((grad) => tf.sum(tf.square(grad)))) as tf.Scalar);
}

/** Applies gradients whose norm is known, all shortened alike where it is more than `maxGradNorm` (0: never). */
export function takeStep(
  optimizer: tf.Optimizer,
  grads: Gradients,
  { norm, maxGradNorm, learningRate }: { norm: number; maxGradNorm: number; learningRate: number },
): void {
  const shrink = maxGradNorm > 0 && norm > maxGradNorm ? maxGradNorm / norm : 1;
  setLearningRate(optimizer, learningRate);
  tf.tidy(() => {
    optimizer.applyGradients(Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, tf.mul(g, shrink)])));
  });
}

/** TF.js has a setter for SGD only; Adam reads this field at every step. */
function setLearningRate(optimizer: tf.Optimizer, learningRate: number): void {
  (optimizer as unknown as { learningRate: number }).learningRate = learningRate;
  (optimizer as Partial<tf.SGDOptimizer>).setLearningRate?.(learningRate);
}
