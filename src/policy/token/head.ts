/**
 * The trainable head: a low-rank map from the standardised hidden state to a change of the logits of some words.
 * With u = x A', the change is d = scale * u B' + bias; the words' logits become l + d, all others stay. A is drawn from
 * N(0, 1), B and bias are zero at the start, so that the policy begins as the frozen model.
 *
 * A stands in TF.js as 3 A: Adam's steps do not depend on scale, so A moves with a third of the learning rate. The terms
 * of an update are one operation with its own gradient: over N tokens and S words autodiff would keep a dozen [N, S]
 * tensors, this keeps three. Checked against autodiff, finite differences and PyTorch in the tests.
 */

import type * as TF from "@tensorflow/tfjs";
import { createRandom } from "../../random/index.ts";
import { tf } from "../tensors.ts";
import type { Terms } from "../types.ts";
import type { Trace } from "./trace.ts";

/** The head's shape. */
export interface HeadOptions {
  /** @default 8 */
  rank?: number;
  /** Multiplies the low-rank part. @default 1 */
  scale?: number;
  /** Names the first draw of A. @default 0 */
  seed?: number;
}

/** The head's weights, and what is done with them. */
export interface Head {
  readonly rank: number;
  readonly scale: number;
  /** A ([rank, width], times 3), B ([words, rank]) and bias ([words]). */
  readonly variables: readonly TF.Variable[];
  /** The weights now, for `changeLogits`. */
  read(): Promise<HeadWeights>;
  /** The terms of traces, differentiable in the variables. `temperature` is the one they were drawn at. */
  terms(traces: readonly Trace[], temperature: number): Terms;
  dispose(): void;
}

/** Plain numbers: A [rank, width], B [words, rank], bias [words]. */
export interface HeadWeights {
  rank: number;
  scale: number;
  A: Float32Array;
  B: Float32Array;
  bias: Float32Array;
}

/** A moves a third as fast as B. */
const slowness = 3;

/** Makes a head over `words` words of a model of that width. Throws a RangeError for a shape that cannot be. */
export function createHead(width: number, words: number, { rank = 8, scale = 1, seed = 0 }: HeadOptions = {}): Head {
  if (!Number.isSafeInteger(rank) || rank < 1 || rank > Math.min(width, words))
    throw new RangeError(
      `Expected the head's \`rank\` to be from 1 to ${Math.min(width, words)} (the model is ${width} wide, the head has ${words} words), got ${rank}`,
    );
  if (!Number.isFinite(scale) || scale === 0)
    throw new RangeError(`Expected the head's \`scale\` to be a number other than 0, got ${scale}`);
  const random = createRandom(seed, "head");
  const A = tf.variable(
    tf.tensor2d(
      Float32Array.from({ length: rank * width }, () => slowness * random.normal()),
      [rank, width],
    ),
  );
  const B = tf.variable(tf.zeros([words, rank]));
  const bias = tf.variable(tf.zeros([words]));
  return {
    rank,
    scale,
    variables: [A, B, bias],
    async read() {
      const [a, b, c] = (await Promise.all([A.data(), B.data(), bias.data()])) as Float32Array[];
      return { rank, scale, A: a!.map((value) => value / slowness), B: b!.slice(), bias: c!.slice() };
    },
    terms: (traces, temperature) =>
      tf.tidy(() => {
        const n = traces.reduce((sum, { chosen }) => sum + chosen.length, 0);
        const x = tf.tensor2d(concat(traces.map(({ hidden }) => hidden)), [n, width]);
        const u = tf.matMul(x, A, false, true);
        const low = tf.matMul(u, B, false, true);
        const d = tf.mul(tf.add(tf.mul(low, scale / slowness), bias), 1 / temperature) as TF.Tensor2D;
        const [logProbs, entropy, kl] = tf.unstack(fusedTerms(d, traces), 1) as TF.Tensor1D[];
        return { logProbs: logProbs!, entropy: entropy!, kl: kl! };
      }),
    dispose: () => tf.dispose([A, B, bias]),
  };
}

/** Adds the head's change to the logits of its words, in place, for one row. `x` is the standardised hidden state. */
export function changeLogits(
  { rank, scale, A, B, bias }: HeadWeights,
  x: Float32Array,
  words: Int32Array,
  logits: Float32Array,
): void {
  const width = A.length / rank;
  const u = new Float64Array(rank);
  for (let r = 0; r < rank; r++) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += A[r * width + i]! * x[i]!;
    u[r] = sum * scale;
  }
  for (let i = 0; i < words.length; i++) {
    let change = bias[i]!;
    for (let r = 0; r < rank; r++) change += u[r]! * B[i * rank + r]!;
    logits[words[i]!]! += change;
  }
}

/**
 * Log-probability, entropy and divergence of each token as a function of the change d of its words' logits. Shape [N, 3].
 * With p the new probabilities: d logp/dd = onehot - p; dH/dd = -p (log p + H); dKL/dd = p (d - sum p d).
 */
export function fusedTerms(change: TF.Tensor2D, traces: readonly Trace[]): TF.Tensor2D {
  const [n, words] = change.shape;
  const column = (values: Float32Array) => tf.tensor2d(values, [n, 1]);
  const base = tf.tensor2d(concat(traces.map((trace) => trace.base)), [n, words]);
  const logRest = column(concat(traces.map((trace) => trace.logRest)));
  const restEntropy = column(concat(traces.map((trace) => trace.restEntropy)));
  const outside = column(concat(traces.map((trace) => trace.outside)));
  const chosen = Int32Array.from(traces.flatMap((trace) => [...trace.chosen]));
  const inside = column(Float32Array.from(chosen, (word) => (word < 0 ? 0 : 1)));
  const place = tf.tensor1d(
    chosen.map((word, i) => i * words + Math.max(0, word)),
    "int32",
  );
  // Made of whole numbers, then cast: the wasm backend writes their bits where floats are asked for.
  const drawn = tf.cast(tf.oneHot(tf.tensor1d(chosen, "int32"), words), "float32") as TF.Tensor2D;
  const op = tf.customGrad((...inputs) => {
    const [d, save] = inputs as unknown as [TF.Tensor2D, (saved: TF.Tensor[]) => void];
    const logits = tf.add(base, d);
    const most = tf.maximum(tf.max(logits, 1, true), logRest);
    const powers = tf.exp(tf.sub(logits, most));
    const Z = tf.add(tf.sum(powers, 1, true), tf.exp(tf.sub(logRest, most)));
    const logZ = tf.add(most, tf.log(Z));
    const logs = tf.sub(logits, logZ);
    const p = tf.div(powers, Z);
    const own = tf.mul(tf.gather(logits.as1D(), place).as2D(n, 1), inside);
    const logProb = tf.sub(tf.add(own, outside), logZ);
    const others = tf.mul(tf.sub(restEntropy, tf.mul(logZ, tf.exp(logRest))), tf.exp(tf.neg(logZ)));
    const entropy = tf.neg(tf.add(tf.sum(tf.mul(p, logs), 1, true), others));
    const meanChange = tf.sum(tf.mul(p, d), 1, true);
    const kl = tf.sub(meanChange, logZ);
    save([p, logs, entropy, meanChange, d, drawn]);
    const gradFunc = (dy: TF.Tensor, saved: TF.Tensor[]): TF.Tensor => {
      const [pushLog, pushEntropy, pushKl] = tf.split(dy, 3, 1);
      const [q, logQ, H, mean, moved, chosenWord] = saved;
      const each = tf.add(tf.add(pushLog!, tf.mul(pushEntropy!, H!)), tf.mul(pushKl!, mean!));
      const inner = tf.add(tf.sub(tf.mul(logQ!, pushEntropy!), tf.mul(moved!, pushKl!)), each);
      return tf.sub(tf.mul(chosenWord!, pushLog!), tf.mul(q!, inner));
    };
    return { value: tf.concat([logProb, entropy, kl], 1), gradFunc };
  });
  return op(change) as TF.Tensor2D;
}

/** Arrays one after the other. */
export function concat(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
