/**
 * AdamW on all weights as one flat vector, with clipping by the global norm: a dozen kernel calls a step instead of a
 * dozen for each of fifty tensors. Source: Kingma and Ba 2015; Loshchilov and Hutter 2019. The state is plain tensors,
 * so that a checkpoint is three arrays and a number.
 */

import type * as tfjs from "@tensorflow/tfjs";
import type { Tf } from "./transformer.ts";

/** Weights and Adam's two moments, each [parameters], and how many steps were taken. */
export interface AdamState {
  weights: tfjs.Tensor1D;
  mean: tfjs.Tensor1D;
  square: tfjs.Tensor1D;
  steps: number;
}

/** What a step uses. */
export interface AdamOptions {
  learningRate: number;
  /** Decay of the first moment. @default 0.9 */
  beta1?: number;
  /** Decay of the second moment. @default 0.98 */
  beta2?: number;
  /** Pull towards zero of the weights that `decayed` marks with 1, a fraction of the learning rate. @default 0.1 */
  weightDecay?: number;
  /** Longest gradient, L2. @default 1 */
  clipNorm?: number;
  /** 1 where weight decay acts, 0 elsewhere, [parameters]. */
  decayed: tfjs.Tensor1D;
}

/** The state of a model that has not been trained. */
export function initAdam(tf: Tf, weights: Float32Array): AdamState {
  return {
    weights: tf.tensor1d(weights),
    mean: tf.zeros([weights.length]),
    square: tf.zeros([weights.length]),
    steps: 0,
  };
}

/** One step. The old state's tensors are disposed. Returns the new state and the gradient's norm before clipping. */
export function updateAdam(
  tf: Tf,
  gradient: tfjs.Tensor1D,
  state: AdamState,
  options: AdamOptions,
): { state: AdamState; norm: number } {
  const { learningRate, beta1 = 0.9, beta2 = 0.98, weightDecay = 0.1, clipNorm = 1, decayed } = options;
  const steps = state.steps + 1;
  const norm = tf.tidy(() => tf.norm(gradient).dataSync()[0]!);
  const clip = Math.min(1, clipNorm / (norm + 1e-6));
  const [weights, mean, square] = tf.tidy(() => {
    const g = tf.mul(gradient, clip);
    const m = tf.add(tf.mul(state.mean, beta1), tf.mul(g, 1 - beta1));
    const v = tf.add(tf.mul(state.square, beta2), tf.mul(tf.square(g), 1 - beta2));
    const deep = tf.add(tf.sqrt(tf.div(v, 1 - beta2 ** steps)), 1e-8);
    const move = tf.div(tf.div(m, 1 - beta1 ** steps), deep);
    const pull = tf.mul(tf.mul(state.weights, decayed), weightDecay);
    return [tf.sub(state.weights, tf.mul(tf.add(move, pull), learningRate)), m, v] as tfjs.Tensor1D[];
  }) as [tfjs.Tensor1D, tfjs.Tensor1D, tfjs.Tensor1D];
  tf.dispose([state.weights, state.mean, state.square]);
  return { state: { weights, mean, square, steps }, norm };
}

/** Linear warm-up over `warmup` steps, then half a cosine from `peak` down to `floor` at the last of `steps`. */
export function learningRateAt(
  step: number,
  { steps, warmup, peak, floor }: { steps: number; warmup: number; peak: number; floor: number },
): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const along = (step - warmup) / Math.max(1, steps - 1 - warmup);
  return floor + ((peak - floor) * (1 + Math.cos(Math.PI * Math.min(1, along)))) / 2;
}
