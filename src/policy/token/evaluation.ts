/**
 * The evaluation of an update's actions as one operation with its own gradient. The change of the logits of S tokens over
 * N tokens is of low rank, d = u rows', and what is asked of it are sums over tokens: so few [N, S] tensors are ever
 * made. Autodiff would keep a dozen; this keeps the powers alone.
 *
 * With p the new probabilities: dlogZ/dd = p; dH/dd = -p (log p + H); dKL/dd = p (d - sum p d). The drawn token's own
 * logit is one entry a row: looked up in `rows`, not by a one-hot [N, S] tensor. Checked against autodiff over the long
 * way, a sum over the whole vocabulary, finite differences and PyTorch in the tests. Not here: the head (`head.ts`).
 */

import type * as TF from "@tensorflow/tfjs";
import { tf } from "../tensors.ts";
import type { ActionEvaluation } from "../types.ts";
import type { Trace } from "./trace.ts";

/** Evaluates traces whose tokens' logits change by u rows'. `u`: [N, k]; `rows`: [S, k]. */
export function fusedEvaluation(u: TF.Tensor2D, rows: TF.Tensor2D, traces: readonly Trace[]): ActionEvaluation {
  const [n, subset] = [u.shape[0], rows.shape[0]];
  const base = concat(traces.map((trace) => trace.base));
  const chosen = Int32Array.from(traces.flatMap((trace) => [...trace.chosen]));
  // The frozen model's log-probability of what was drawn, in the head's tokens or outside.
  const outside = concat(traces.map((trace) => trace.outside));
  const drawn = outside.map((value, i) => (chosen[i]! < 0 ? value : base[i * subset + chosen[i]!]!));
  const isEntropyUsed = { now: false };
  const sums = sumsOverSubset(u, rows, tf.tensor2d(base, [n, subset]), traces, isEntropyUsed);
  const [logZ, entropy, kl] = tf.unstack(sums, 1) as TF.Tensor1D[];
  const own = changeOf(u, rows, chosen);
  return {
    logProbs: tf.sub(tf.add(own, tf.tensor1d(drawn)), logZ!) as TF.Tensor1D,
    entropy: noticed(entropy!, isEntropyUsed),
    kl: kl!,
  };
}

/** log Z, entropy and divergence of each token. Shape [N, 3]. */
function sumsOverSubset(
  u: TF.Tensor2D,
  rows: TF.Tensor2D,
  base: TF.Tensor2D,
  traces: readonly Trace[],
  isEntropyUsed: { now: boolean },
): TF.Tensor2D {
  const n = u.shape[0];
  const column = (values: Float32Array) => tf.tensor2d(values, [n, 1]);
  const logRest = column(concat(traces.map((trace) => trace.logRest)));
  const restEntropy = column(concat(traces.map((trace) => trace.restEntropy)));
  const op = tf.customGrad((...inputs) => {
    const [left, right, save] = inputs as unknown as [TF.Tensor2D, TF.Tensor2D, (saved: TF.Tensor[]) => void];
    const d = tf.matMul(left, tf.transpose(right));
    const logits = tf.add(base, d);
    const most = tf.maximum(tf.max(logits, 1, true), logRest);
    const powers = tf.exp(tf.sub(logits, most)) as TF.Tensor2D;
    const inHead = tf.sum(powers, 1, true);
    const Z = tf.add(inHead, tf.exp(tf.sub(logRest, most)));
    const logZ = tf.add(most, tf.log(Z));
    // The sum of p d over tokens, through the low rank: no [N, S] tensor.
    const meanChange = tf.div(tf.sum(tf.mul(tf.matMul(powers, right), left), 1, true), Z);
    const meanBase = tf.div(tf.sum(tf.mul(powers, base), 1, true), Z);
    const inside = tf.sub(tf.add(meanBase, meanChange), tf.mul(logZ, tf.div(inHead, Z)));
    const others = tf.mul(tf.sub(restEntropy, tf.mul(logZ, tf.exp(logRest))), tf.exp(tf.neg(logZ)));
    const entropy = tf.neg(tf.add(inside, others));
    save([left, right, base, powers, Z, logZ, entropy, meanChange]);
    const value = tf.concat([logZ, entropy, tf.sub(meanChange, logZ)], 1);
    return { value, gradFunc: (dy: TF.Tensor, saved: TF.Tensor[]) => gradient(dy, saved, isEntropyUsed.now) };
  });
  return op(u, rows) as TF.Tensor2D;
}

/** dy: [N, 3]. Gives the gradients in u and in rows; the entropy's part is left out where no loss asks for it. */
function gradient(dy: TF.Tensor, saved: TF.Tensor[], withEntropy: boolean): TF.Tensor[] {
  const [u, rows, base, powers, Z, logZ, H, meanChange] = saved as [TF.Tensor2D, TF.Tensor2D, ...TF.Tensor[]];
  const [onLogZ, onEntropy, onKl] = tf.split(tf.div(dy, Z!), 3, 1) as [TF.Tensor, TF.Tensor, TF.Tensor];
  // Each entry is p (a d + c) with a and c one number a row: of low rank as d is, so a product makes it, one column wider.
  const push = (a: TF.Tensor, c: TF.Tensor): TF.Tensor =>
    tf.matMul(tf.concat2d([tf.mul(u, a) as TF.Tensor2D, c as TF.Tensor2D], 1), tf.transpose(widened(rows)));
  // As kl = sum p d - log Z, its derivative is p (d - sum p d) whatever the tokens' share is, and log Z's is p.
  const constant = tf.sub(onLogZ, tf.mul(onKl, meanChange!));
  const inner = withEntropy
    ? tf.sub(
        push(tf.sub(onKl, onEntropy), tf.add(constant, tf.mul(onEntropy, tf.sub(logZ!, H!)))),
        tf.mul(base!, onEntropy),
      )
    : push(onKl, constant);
  const change = tf.mul(powers!, inner) as TF.Tensor2D;
  return [tf.matMul(change, rows), tf.transpose(tf.matMul(tf.transpose(u), change))];
}

/** A column of ones at the end. */
function widened(rows: TF.Tensor2D): TF.Tensor2D {
  return tf.concat2d([rows, tf.ones([rows.shape[0], 1])], 1);
}

/** The change of the token that was drawn, 0 where it is none of the head's. Shape [N]. */
function changeOf(u: TF.Tensor2D, rows: TF.Tensor2D, chosen: Int32Array): TF.Tensor1D {
  const [n, subset] = [chosen.length, rows.shape[0]];
  const inside = Float32Array.from(chosen, (place) => (place < 0 ? 0 : 1));
  const places = chosen.map((place) => Math.max(0, place));
  const op = tf.customGrad((...inputs) => {
    const [left, right, save] = inputs as unknown as [TF.Tensor2D, TF.Tensor2D, (saved: TF.Tensor[]) => void];
    const mask = tf.tensor2d(inside, [n, 1]);
    const own = tf.mul(tf.gather(right, tf.tensor1d(places, "int32")), mask);
    save([left, own, mask]);
    const gradFunc = (dy: TF.Tensor, saved: TF.Tensor[]): TF.Tensor[] => {
      const [before, row, counted] = saved as [TF.Tensor2D, TF.Tensor2D, TF.Tensor2D];
      const push = dy.as2D(n, 1);
      const onto = tf.mul(tf.mul(before, push), counted);
      return [tf.mul(row, push), tf.scatterND(tf.tensor2d(places, [n, 1], "int32"), onto, [subset, onto.shape[1]!])];
    };
    return { value: tf.sum(tf.mul(left, own), 1), gradFunc };
  });
  return op(u, rows) as TF.Tensor1D;
}

/** The same tensor; says so when a gradient comes back through it. */
function noticed(x: TF.Tensor1D, flag: { now: boolean }): TF.Tensor1D {
  const op = tf.customGrad((value) => ({
    value: (value as TF.Tensor).clone(),
    gradFunc: (dy: TF.Tensor) => {
      flag.now = true;
      return dy;
    },
  }));
  return op(x) as TF.Tensor1D;
}

/** Arrays one after the other; a single one as it is. */
export function concat(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
