/**
 * GPT-2's decoder as a loss in TF.js: learned positions, LayerNorm before each part, GELU in its tanh form, a head tied
 * to the word embeddings. Source: Radford et al. 2019 and the weight layout of Hugging Face's `GPT2LMHeadModel` (linear
 * layers stored [in, out]). LayerNorm, GELU and the cross-entropy carry their own gradients: fewer passes over memory.
 * Not here: the optimiser (`optimizer.ts`), generation, which is the library's own (`src/model`).
 */

import type * as tfjs from "@tensorflow/tfjs";
import type { Random } from "../../src/random/index.ts";

/** TF.js with whatever backend the caller has chosen. */
export type Tf = typeof tfjs;

/** The size of a model. */
export interface ModelSize {
  /** Number of token ids. */
  vocabulary: number;
  /** Longest sequence, in tokens. */
  context: number;
  width: number;
  layers: number;
  heads: number;
}

/** One named weight, as Hugging Face names it. */
export interface WeightShape {
  name: string;
  shape: number[];
  /** Standard deviation of the normal draws it starts from; 0 and 1 are constants. */
  start: { constant: number } | { deviation: number };
}

/** Epsilon of every LayerNorm. */
export const layerNormEpsilon = 1e-5;

/** All weights of a model in the order in which they are kept, with GPT-2's initial deviations. */
export function weightShapes({ vocabulary, context, width, layers }: ModelSize): WeightShape[] {
  const zeros = { constant: 0 };
  const ones = { constant: 1 };
  const drawn = { deviation: 0.02 };
  const residual = { deviation: 0.02 / Math.sqrt(2 * layers) };
  const norm = (name: string): WeightShape[] => [
    { name: `${name}.weight`, shape: [width], start: ones },
    { name: `${name}.bias`, shape: [width], start: zeros },
  ];
  const linear = (name: string, from: number, to: number, start: WeightShape["start"]): WeightShape[] => [
    { name: `${name}.weight`, shape: [from, to], start },
    { name: `${name}.bias`, shape: [to], start: zeros },
  ];
  const block = (name: string): WeightShape[] => [
    ...norm(`${name}.ln_1`),
    ...linear(`${name}.attn.c_attn`, width, 3 * width, drawn),
    ...linear(`${name}.attn.c_proj`, width, width, residual),
    ...norm(`${name}.ln_2`),
    ...linear(`${name}.mlp.c_fc`, width, 4 * width, drawn),
    ...linear(`${name}.mlp.c_proj`, 4 * width, width, residual),
  ];
  return [
    { name: "transformer.wte.weight", shape: [vocabulary, width], start: drawn },
    { name: "transformer.wpe.weight", shape: [context, width], start: { deviation: 0.01 } },
    ...Array.from({ length: layers }, (_, i) => block(`transformer.h.${i}`)).flat(),
    ...norm("transformer.ln_f"),
  ];
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** All weights in one flat array, drawn from a stream. */
export function initialWeights(size: ModelSize, random: Random): Float32Array {
  const parts = weightShapes(size).map(({ name, shape, start }) => {
    if ("constant" in start) return new Float32Array(sizeOf(shape)).fill(start.constant);
    const stream = random.child(name);
    return Float32Array.from({ length: sizeOf(shape) }, () => stream.normal() * start.deviation);
  });
  return concatenate(parts);
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Mean cross-entropy (nats a token) of `targets` under the model. `ids`, `targets`: int32 [batch, length]; `weights` in
 * the order of `weightShapes`. Differentiable in the weights.
 */
export function crossEntropy(
  tf: Tf,
  size: ModelSize,
  weights: readonly tfjs.Tensor[],
  ids: tfjs.Tensor2D,
  targets: tfjs.Tensor2D,
): tfjs.Scalar {
  const named = new Map(weightShapes(size).map(({ name }, i) => [name, weights[i]!]));
  const get = (name: string): tfjs.Tensor => named.get(name)!;
  const [batch, length] = ids.shape;
  const rows = batch * length;
  const linear = (x: tfjs.Tensor, name: string): tfjs.Tensor2D =>
    tf.add(tf.matMul(x as tfjs.Tensor2D, get(`${name}.weight`) as tfjs.Tensor2D), get(`${name}.bias`));
  const norm = (x: tfjs.Tensor, name: string): tfjs.Tensor2D =>
    tf.add(tf.mul(standardise(tf, x), get(`${name}.weight`)), get(`${name}.bias`));
  const words = lookUp(tf, get("transformer.wte.weight") as tfjs.Tensor2D, ids.as1D());
  const places = tf.slice(get("transformer.wpe.weight"), [0, 0], [length, size.width]);
  let x: tfjs.Tensor = tf.add(words.reshape([batch, length, size.width]), places).reshape([rows, size.width]);
  const mask = causalMask(tf, length);
  for (let i = 0; i < size.layers; i++) {
    const block = `transformer.h.${i}`;
    const qkv = linear(norm(x, `${block}.ln_1`), `${block}.attn.c_attn`);
    x = tf.add(x, linear(attend(tf, size, qkv, mask, batch, length), `${block}.attn.c_proj`));
    const inner = gelu(tf, linear(norm(x, `${block}.ln_2`), `${block}.mlp.c_fc`));
    x = tf.add(x, linear(inner, `${block}.mlp.c_proj`));
  }
  const logits = tf.matMul(norm(x, "transformer.ln_f"), get("transformer.wte.weight") as tfjs.Tensor2D, false, true);
  return tf.mean(negativeLogLikelihood(tf, logits as tfjs.Tensor2D, targets.as1D()));
}

/** Rows of a table, [ids, width]. Its gradient is a product with one-hot rows: the wasm backend has none of tf.gather. */
function lookUp(tf: Tf, table: tfjs.Tensor2D, ids: tfjs.Tensor1D): tfjs.Tensor {
  return tf.customGrad((input, save) => {
    (save as tfjs.GradSaveFunc)([ids]);
    const gradFunc = (dy: tfjs.Tensor, saved: tfjs.Tensor[]): tfjs.Tensor => {
      const places = tf.oneHot(saved[0]! as tfjs.Tensor1D, table.shape[0]) as tfjs.Tensor2D;
      return tf.matMul(places.toFloat(), dy.reshape([ids.size, table.shape[1]]), true);
    };
    return { value: tf.gather(input as tfjs.Tensor, ids), gradFunc };
  })(table);
}

/** 0 where a token may look, a large negative number where it may not; shape [length, length]. */
function causalMask(tf: Tf, length: number): tfjs.Tensor2D {
  const values = new Float32Array(length * length);
  for (let i = 0; i < length; i++) values.fill(-1e9, i * length + i + 1, (i + 1) * length);
  return tf.tensor2d(values, [length, length]);
}

function attend(
  tf: Tf,
  { width, heads }: ModelSize,
  qkv: tfjs.Tensor2D,
  mask: tfjs.Tensor2D,
  batch: number,
  length: number,
): tfjs.Tensor2D {
  const depth = width / heads;
  const parts = tf.transpose(qkv.reshape([batch, length, 3, heads, depth]), [2, 0, 3, 1, 4]);
  const [q, k, v] = tf
    .split(parts, 3, 0)
    .map((part) => part.reshape([batch * heads, length, depth]) as tfjs.Tensor3D) as [
    tfjs.Tensor3D,
    tfjs.Tensor3D,
    tfjs.Tensor3D,
  ];
  const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(depth)), mask);
  const mixed = tf.matMul(tf.softmax(scores), v).reshape([batch, heads, length, depth]);
  return tf.transpose(mixed, [0, 2, 1, 3]).reshape([batch * length, width]);
}

/** Rows with mean 0 and variance 1; gradient (dy - mean(dy) - y * mean(dy * y)) / deviation. */
function standardise(tf: Tf, x: tfjs.Tensor): tfjs.Tensor {
  return tf.customGrad((input, save) => {
    const centred = tf.sub(input as tfjs.Tensor, tf.mean(input as tfjs.Tensor, -1, true));
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), layerNormEpsilon));
    const y = tf.mul(centred, scale);
    (save as tfjs.GradSaveFunc)([y, scale]);
    const gradFunc = (dy: tfjs.Tensor, saved: tfjs.Tensor[]): tfjs.Tensor => {
      const [out, by] = saved as [tfjs.Tensor, tfjs.Tensor];
      const along = tf.mul(out, tf.mean(tf.mul(dy, out), -1, true));
      return tf.mul(tf.sub(tf.sub(dy, tf.mean(dy, -1, true)), along), by);
    };
    return { value: y, gradFunc };
  })(x);
}

/** x * sigmoid(2 u), u = sqrt(2/pi) (x + 0.044715 x^3): the same as 0.5 x (1 + tanh(u)). */
function gelu(tf: Tf, x: tfjs.Tensor): tfjs.Tensor {
  const a = 2 * Math.sqrt(2 / Math.PI);
  const b = a * 0.044715;
  return tf.customGrad((input, save) => {
    const given = input as tfjs.Tensor;
    const gate = tf.sigmoid(tf.mul(given, tf.add(tf.mul(tf.square(given), b), a)));
    (save as tfjs.GradSaveFunc)([given, gate]);
    const gradFunc = (dy: tfjs.Tensor, saved: tfjs.Tensor[]): tfjs.Tensor => {
      const [at, open] = saved as [tfjs.Tensor, tfjs.Tensor];
      const slope = tf.mul(at, tf.add(tf.mul(tf.square(at), 3 * b), a));
      return tf.mul(dy, tf.mul(open, tf.add(tf.mul(slope, tf.sub(1, open)), 1)));
    };
    return { value: tf.mul(given, gate), gradFunc };
  })(x);
}

/** Per row -log softmax(logits)[target]; gradient softmax - one-hot. Shapes [rows, vocabulary], [rows]. */
function negativeLogLikelihood(tf: Tf, logits: tfjs.Tensor2D, targets: tfjs.Tensor1D): tfjs.Tensor1D {
  const oneHot = tf.oneHot(targets, logits.shape[1]) as tfjs.Tensor2D;
  return tf.customGrad((input, save) => {
    const logs = tf.logSoftmax(input as tfjs.Tensor2D);
    (save as tfjs.GradSaveFunc)([logs, oneHot]);
    const gradFunc = (dy: tfjs.Tensor, saved: tfjs.Tensor[]): tfjs.Tensor =>
      tf.mul(tf.sub(tf.exp(saved[0]!), saved[1]!), tf.expandDims(dy, 1));
    return { value: tf.neg(tf.sum(tf.mul(logs, oneHot), 1)) as tfjs.Tensor, gradFunc };
  })(logits) as tfjs.Tensor1D;
}
