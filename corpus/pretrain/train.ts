/**
 * Pretraining, top to bottom: windows of the corpus in, weights out, one line of progress a step. The state is plain
 * arrays, and window `i` depends on the seed and `i` alone, so that a resumed run equals a straight one.
 */

import type * as tfjs from "@tensorflow/tfjs";
import type { Tokenizer } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { type DocumentOptions, drawBatch, type FamilySort, type Split } from "../index.ts";
import { type AdamState, initAdam, learningRateAt, updateAdam } from "./optimizer.ts";
import { crossEntropy, initialWeights, type ModelSize, sizeOf, type Tf, weightShapes } from "./transformer.ts";

/** What is trained on what, for how long. */
export interface PretrainOptions {
  size: ModelSize;
  tokens: Tokenizer;
  corpus: DocumentOptions;
  seed: number;
  steps: number;
  /** Windows a step. */
  batch: number;
  /** Highest learning rate, reached after `warmup` steps, and the one at the end. */
  peak: number;
  floor: number;
  warmup: number;
}

/** The weights and Adam's moments as arrays, and the steps taken. */
export interface PretrainState {
  weights: Float32Array;
  mean: Float32Array;
  square: Float32Array;
  steps: number;
}

/** What a step reports. */
export interface PretrainStep {
  /** Steps taken, this one included. */
  step: number;
  /** Mean cross-entropy of the batch before the step, nats a token. */
  loss: number;
  /** The gradient's L2 norm before clipping. */
  norm: number;
  learningRate: number;
  /** Reads the state out; slow, for checkpoints. */
  read(): PretrainState;
}

/** Trains from nothing, or from a state, and reports each step. The consumer may stop at any of them. */
export async function* pretrain(
  tf: Tf,
  options: PretrainOptions,
  from?: PretrainState,
): AsyncGenerator<PretrainStep, void> {
  const { size, batch, seed, steps } = options;
  const shapes = weightShapes(size);
  let adam = restore(tf, options, from);
  const decayed = tf.tensor1d(decayMask(size));
  try {
    for (let step = adam.steps; step < steps; step++) {
      const learningRate = learningRateAt(step, options);
      const data = drawBatch(step * batch, batch, {
        ...options.corpus,
        seed,
        length: size.context,
        tokens: options.tokens,
      });
      const [loss, gradient] = lossAndGradient(tf, size, shapes, adam.weights, data);
      const updated = updateAdam(tf, gradient, adam, { learningRate, decayed });
      adam = updated.state;
      const value = (await loss.data())[0]!;
      tf.dispose([loss, gradient]);
      const now = adam;
      yield { step: step + 1, loss: value, norm: updated.norm, learningRate, read: () => readState(now) };
    }
  } finally {
    tf.dispose([adam.weights, adam.mean, adam.square, decayed]);
  }
}

function restore(tf: Tf, { size, seed }: PretrainOptions, from: PretrainState | undefined): AdamState {
  if (from === undefined) return initAdam(tf, initialWeights(size, createRandom(seed, "weights")));
  const { weights, mean, square, steps } = from;
  return { weights: tf.tensor1d(weights), mean: tf.tensor1d(mean), square: tf.tensor1d(square), steps };
}

function readState({ weights, mean, square, steps }: AdamState): PretrainState {
  const read = (tensor: tfjs.Tensor1D): Float32Array => Float32Array.from(tensor.dataSync());
  return { weights: read(weights), mean: read(mean), square: read(square), steps };
}

/** Matrices decay; biases and LayerNorms do not. */
function decayMask(size: ModelSize): Float32Array {
  return Float32Array.from(
    weightShapes(size).flatMap(({ shape }) => new Array<number>(sizeOf(shape)).fill(shape.length > 1 ? 1 : 0)),
  );
}

function lossAndGradient(
  tf: Tf,
  size: ModelSize,
  shapes: readonly { shape: number[] }[],
  flat: tfjs.Tensor1D,
  data: { ids: Int32Array; targets: Int32Array },
): [tfjs.Scalar, tfjs.Tensor1D] {
  return tf.tidy(() => {
    const rows = data.ids.length / size.context;
    const ids = tf.tensor2d(data.ids, [rows, size.context], "int32");
    const targets = tf.tensor2d(data.targets, [rows, size.context], "int32");
    const weights = unflatten(tf, flat, shapes);
    const { value, grads } = tf.valueAndGrads((...now: tfjs.Tensor[]) => crossEntropy(tf, size, now, ids, targets))(
      weights,
    );
    return [value as tfjs.Scalar, tf.concat(grads.map((gradient) => gradient.as1D())) as tfjs.Tensor1D];
  });
}

function unflatten(tf: Tf, flat: tfjs.Tensor1D, shapes: readonly { shape: number[] }[]): tfjs.Tensor[] {
  const parts = tf.split(
    flat,
    shapes.map(({ shape }) => sizeOf(shape)),
  );
  return parts.map((part, i) => part.reshape(shapes[i]!.shape));
}

/** Mean loss over `windows` windows of a split that training does not draw from. */
export function evaluateLoss(
  tf: Tf,
  options: PretrainOptions,
  weights: Float32Array,
  { split, of = "all", windows, seed }: { split: Split; of?: FamilySort; windows: number; seed: number },
): number {
  const { size, tokens, corpus, batch } = options;
  let total = 0;
  for (let from = 0; from < windows; from += batch) {
    const count = Math.min(batch, windows - from);
    const data = drawBatch(from, count, { ...corpus, split, of, seed, length: size.context, tokens });
    total += tf.tidy(() => {
      const ids = tf.tensor2d(data.ids, [count, size.context], "int32");
      const targets = tf.tensor2d(data.targets, [count, size.context], "int32");
      const parts = unflatten(tf, tf.tensor1d(weights), weightShapes(size));
      return crossEntropy(tf, size, parts, ids, targets).dataSync()[0]! * count;
    });
  }
  return total / windows;
}
