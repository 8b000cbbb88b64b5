/**
 * The trainable head: a low-rank map from the standardised hidden state to a change of the logits of some tokens.
 * With u = x A', the change is d = scale * u B' + bias; the tokens' logits become l + d, all others stay. A is drawn from
 * N(0, 1), B and bias are zero at the start, so that the policy begins as the frozen model.
 *
 * A stands in TF.js as 3 A: Adam's steps do not depend on scale, so A moves with a third of the learning rate. Not here: the
 * evaluation of an update's actions and its gradient (`evaluation.ts`).
 */

import { createHash } from "node:crypto";
import type * as TF from "@tensorflow/tfjs";
import { createRandom } from "../../random/index.ts";
import { tf } from "../tensors.ts";
import type { ActionEvaluation } from "../types.ts";
import { concat, fusedEvaluation } from "./evaluation.ts";
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
  /** A ([rank, width], times 3), B ([subset, rank]) and bias ([subset]). */
  readonly variables: readonly TF.Variable[];
  /** The weights now, for `changeLogits`. */
  read(): Promise<HeadWeights>;
  /** Evaluates traces, differentiable in the variables. `temperature` is the one they were drawn at. */
  evaluate(traces: readonly Trace[], temperature: number): ActionEvaluation;
  dispose(): void;
}

/** Plain numbers: A [rank, width], B [subset, rank], bias [subset]. */
export interface HeadWeights {
  rank: number;
  scale: number;
  A: Float32Array;
  B: Float32Array;
  bias: Float32Array;
}

/** A moves a third as fast as B. */
export const slowness = 3;

/** Makes a head over a subset of so many tokens of a model of that width. Throws a RangeError for a shape that cannot be. */
export function createHead(width: number, subset: number, { rank = 8, scale = 1, seed = 0 }: HeadOptions): Head {
  if (!Number.isSafeInteger(rank) || rank < 1 || rank > Math.min(width, subset))
    throw new RangeError(
      `Expected the head's \`rank\` to be from 1 to ${Math.min(width, subset)} (the model is ${width} wide, the head changes ${subset} tokens), got ${rank}`,
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
  const B = tf.variable(tf.zeros([subset, rank]));
  const bias = tf.variable(tf.zeros([subset]));
  return {
    rank,
    scale,
    variables: [A, B, bias],
    async read() {
      const [a, b, c] = (await Promise.all([A.data(), B.data(), bias.data()])) as Float32Array[];
      return { rank, scale, A: a!.map((value) => value / slowness), B: b!.slice(), bias: c!.slice() };
    },
    evaluate: (traces, temperature) =>
      tf.tidy(() => {
        const n = traces.reduce((sum, { chosen }) => sum + chosen.length, 0);
        const x = tf.tensor2d(concat(traces.map(({ hidden }) => hidden)), [n, width]);
        // Small factors take what is common to all tokens, so that no [tokens, subset] tensor has to.
        const low = tf.mul(tf.matMul(x, A, false, true), scale / (slowness * temperature));
        const u = tf.concat([low, tf.fill([n, 1], 1 / temperature)], 1) as TF.Tensor2D;
        const rows = tf.concat([B, tf.reshape(bias, [subset, 1])], 1) as TF.Tensor2D;
        return { ...fusedEvaluation(u, rows, traces) };
      }),
    dispose: () => tf.dispose([A, B, bias]),
  };
}

/** What tells a head's weights, the tokens that they change and what they were learned on from others. */
export function weightsHash(
  { rank, scale, A, B, bias }: HeadWeights,
  subset: Int32Array,
  { mean, deviation }: { mean: Float32Array; deviation: Float32Array },
): string {
  const hash = createHash("sha256").update(`rank ${rank} scale ${scale}`);
  for (const numbers of [A, B, bias, subset, mean, deviation])
    hash.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  return hash.digest("hex").slice(0, 16);
}

/** Adds the head's change to the logits of its tokens, in place, for one row. `x` is the standardised hidden state. */
export function changeLogits(
  { rank, scale, A, B, bias }: HeadWeights,
  x: Float32Array,
  subset: Int32Array,
  logits: Float32Array,
): void {
  const width = A.length / rank;
  const u = new Float64Array(rank);
  for (let r = 0; r < rank; r++) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += A[r * width + i]! * x[i]!;
    u[r] = sum * scale;
  }
  for (let i = 0; i < subset.length; i++) {
    let change = bias[i]!;
    for (let r = 0; r < rank; r++) change += u[r]! * B[i * rank + r]!;
    logits[subset[i]!]! += change;
  }
}
