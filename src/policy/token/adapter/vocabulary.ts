/**
 * From hidden states to the log-probability of the drawn tokens, entropy and divergence, over the whole vocabulary, some states
 * at a time, with a gradient of its own: the [states, vocabulary] tensors are gone when a part is done.
 *
 * With l = h E' / T, p = softmax(l), m = p E: dlogp/dh = (E[token] - m) / T. Entropy is log Z - h m / T, which needs no tensor of
 * its own. The divergence from a state h0, with d = l - l0, is (h - h0) m / T - log(1 + sum p0 (exp(d) - 1)), so that small ones
 * are no difference of large numbers. Their gradients are -/+ (sum p l E - (sum p l) m) / T, for the divergence with d for l.
 */

import type * as TF from "@tensorflow/tfjs";
import { tf } from "../../tensors.ts";

/** What is asked of drawn tokens. */
export interface TokensInput {
  /** The output weight [vocabulary, width]. */
  unembedding: TF.Tensor2D;
  /** What was drawn at each state. */
  ids: Int32Array;
  temperature: number;
  /** Whether the gradients of entropy and of divergence are asked for. */
  slopes: { entropy: boolean; kl: boolean };
  /** Logits that one part may have. @default 25 million, 100 MB of them */
  mostLogits?: number;
}

/** Log-probability, entropy, and divergence from the frozen model's states (0 without a reference) of each state's token, [states, 3], differentiable in `hidden` [states, width]. */
export function evaluateTokens(hidden: TF.Tensor2D, input: TokensInput, reference: TF.Tensor2D | null): TF.Tensor2D {
  const op = tf.customGrad((...given) => {
    const save = given.at(-1) as unknown as (saved: TF.Tensor[]) => void;
    const [h, h0 = null] = given.slice(0, -1) as TF.Tensor2D[];
    const parts = partsOf(h!.shape[0], input).map((part) => tf.tidy(() => evaluatePart(h!, h0, input, part)));
    const value = tf.concat2d(
      parts.map(([own]) => own),
      0,
    );
    const mean = tf.concat2d(
      parts.map(([, own]) => own),
      0,
    );
    save([h!, mean, ...(h0 ? [h0] : [])]);
    const gradFunc = (dy: TF.Tensor, saved: TF.Tensor[]): TF.Tensor[] => {
      const own = slope(dy as TF.Tensor2D, saved as TF.Tensor2D[], input);
      return h0 ? [own, tf.zerosLike(own)] : [own];
    };
    return { value, gradFunc };
  });
  return (reference ? op(hidden, reference) : op(hidden)) as TF.Tensor2D;
}

interface Part {
  from: number;
  count: number;
}

function partsOf(states: number, { unembedding, mostLogits = 2 ** 24 * 1.5 }: TokensInput): Part[] {
  const most = Math.max(1, Math.floor(mostLogits / unembedding.shape[0]));
  const count = Math.ceil(states / Math.ceil(states / most));
  return Array.from({ length: Math.ceil(states / count) }, (_, i) => {
    const from = i * count;
    return { from, count: Math.min(count, states - from) };
  });
}

function rowsOf(x: TF.Tensor2D, { from, count }: Part): TF.Tensor2D {
  return tf.slice2d(x, [from, 0], [count, x.shape[1]]);
}

/** The three numbers of each state, and the mean row m. */
function evaluatePart(
  hidden: TF.Tensor2D,
  reference: TF.Tensor2D | null,
  { unembedding, ids, temperature }: TokensInput,
  part: Part,
): [TF.Tensor2D, TF.Tensor2D] {
  const h = tf.div(rowsOf(hidden, part), temperature) as TF.Tensor2D;
  const { powers, Z, logZ } = distribution(h, unembedding);
  const mean = tf.div(tf.matMul(powers, unembedding), Z) as TF.Tensor2D;
  const along = (a: TF.Tensor, b: TF.Tensor) => tf.sum(tf.mul(a, b), 1, true);
  const logProbs = tf.sub(along(h, rowsOfTokens(unembedding, ids, part)), logZ);
  const entropy = tf.sub(logZ, along(h, mean));
  const h0 = reference && (tf.div(rowsOf(reference, part), temperature) as TF.Tensor2D);
  const kl = h0 ? tf.sub(along(tf.sub(h, h0), mean), logRatio(h, h0, unembedding)) : tf.zerosLike(logZ);
  return [tf.concat([logProbs, entropy, kl], 1) as TF.Tensor2D, mean];
}

/** log(Z / Z0). */
function logRatio(h: TF.Tensor2D, h0: TF.Tensor2D, unembedding: TF.Tensor2D): TF.Tensor {
  const { powers, Z } = distribution(h0, unembedding);
  const moved = tf.expm1(tf.matMul(tf.sub(h, h0) as TF.Tensor2D, unembedding, false, true));
  return tf.log1p(tf.div(tf.sum(tf.mul(powers, moved), 1, true), Z));
}

/** exp(l - most), their sum, and log Z. `h` is divided by the temperature already. */
function distribution(
  h: TF.Tensor2D,
  unembedding: TF.Tensor2D,
): { powers: TF.Tensor2D; Z: TF.Tensor; logZ: TF.Tensor } {
  const logits = tf.matMul(h, unembedding, false, true);
  const most = tf.max(logits, 1, true);
  const powers = tf.exp(tf.sub(logits, most)) as TF.Tensor2D;
  const Z = tf.sum(powers, 1, true);
  return { powers, Z, logZ: tf.add(most, tf.log(Z)) };
}

function rowsOfTokens(unembedding: TF.Tensor2D, ids: Int32Array, { from, count }: Part): TF.Tensor2D {
  return tf.gather(unembedding, tf.tensor1d(ids.subarray(from, from + count), "int32"));
}

/** dy: [states, 3]. The gradient in the hidden states. */
function slope(dy: TF.Tensor2D, saved: TF.Tensor2D[], input: TokensInput): TF.Tensor2D {
  const [hidden, mean, reference] = saved as [TF.Tensor2D, TF.Tensor2D, TF.Tensor2D | undefined];
  const { unembedding, ids, temperature, slopes } = input;
  const [onLogProb, onEntropy, onKl] = tf.split(dy, 3, 1) as [TF.Tensor, TF.Tensor, TF.Tensor];
  const whole = { from: 0, count: ids.length };
  const grads: TF.Tensor[] = [tf.mul(onLogProb, tf.sub(rowsOfTokens(unembedding, ids, whole), mean))];
  if (slopes.entropy) grads.push(tf.mul(tf.neg(onEntropy), spread(hidden, mean, null, input)));
  if (slopes.kl && reference) grads.push(tf.mul(onKl, spread(hidden, mean, reference, input)));
  return tf.div(tf.addN(grads), temperature) as TF.Tensor2D;
}

/** sum p l E - (sum p l) m, with l - l0 where there is a reference. */
function spread(
  hidden: TF.Tensor2D,
  mean: TF.Tensor2D,
  reference: TF.Tensor2D | null,
  input: TokensInput,
): TF.Tensor2D {
  const { unembedding, temperature } = input;
  const parts = partsOf(hidden.shape[0], input).map((part) =>
    tf.tidy(() => {
      const h = tf.div(rowsOf(hidden, part), temperature) as TF.Tensor2D;
      const { powers, Z } = distribution(h, unembedding);
      const from = reference === null ? h : (tf.sub(h, tf.div(rowsOf(reference, part), temperature)) as TF.Tensor2D);
      const weighted = tf.mul(powers, tf.matMul(from, unembedding, false, true)) as TF.Tensor2D;
      const shared = tf.mul(tf.div(tf.sum(weighted, 1, true), Z), rowsOf(mean, part));
      return tf.sub(tf.div(tf.matMul(weighted, unembedding), Z), shared) as TF.Tensor2D;
    }),
  );
  return tf.concat2d(parts, 0);
}
