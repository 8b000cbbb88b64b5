/**
 * A decoder's last blocks in TF.js, differentiable in their adapters: what ONNX Runtime computed when programs were drawn,
 * computed again over the states that entered the first of these blocks. GPT-2's and Llama's families. Not here: the vocabulary
 * (`vocabulary.ts`), the same in a graph (`model/architectures/`).
 *
 * The positions of the shared prefix are rows like those of the programs and go through all products together with them; a
 * program's own positions then look at the prefix's keys and at its own.
 */

import type * as TF from "@tensorflow/tfjs";
import { type AdaptedMatrix, type ModelConfig, rotaryFrequencies, rotaryScale } from "../../../model/index.ts";
import { tf } from "../../tensors.ts";
import type { FrozenBlock, FrozenMatrix, FrozenNorm, FrozenTail } from "./frozen.ts";
import { type Batch, causalMask } from "./parts.ts";

/** A matrix's adapter: A [from, rank], B [rank, to], and what their product is multiplied by. */
export interface Pair {
  A: TF.Tensor2D;
  B: TF.Tensor2D;
  scale: number;
}

/** What the blocks share. */
interface Frame {
  config: ModelConfig;
  prefix: number;
  rows: number;
  length: number;
  /** Cosines and sines of all positions, [positions, 1, headWidth]; null with learned positions. */
  rotation: { cosines: TF.Tensor3D; sines: TF.Tensor3D } | null;
  /** 0 where a line of queries may look and -1e9 where not: of the prefix to itself, and of a program to prefix and itself. */
  maskOf(layer: number): { prefix: TF.Tensor; own: TF.Tensor };
}

/** The hidden states at the wanted positions, after the last norm: [wanted, width]. Without `pairs` the frozen model's. */
export function hiddenStates(tail: FrozenTail, batch: Batch, pairs: readonly Pair[] | null): TF.Tensor2D {
  const { config, blocks, norm } = tail;
  const { width } = config;
  const frame = frameOf(config, batch);
  const own = tf.tensor2d(batch.entering, [batch.rows * batch.length, width]);
  const before = tf.tensor2d(batch.prefix.entering, [batch.prefix.length, width]);
  let x = batch.prefix.length === 0 ? own : tf.concat2d([before, own], 0);
  const each = matrixNames.length;
  for (const [i, block] of blocks.entries()) {
    const adapters = pairs?.slice(i * each, (i + 1) * each);
    x = runBlock(x, block, frame, (name) => adapters?.[matrixNames.indexOf(name)] ?? null);
  }
  const places = batch.wanted.map((at) => at + batch.prefix.length);
  return normalised(tf.gather(x, tf.tensor1d(places, "int32")), norm, config);
}

/** The order that a block's adapters are in: that of `adaptedMatrices`. */
const matrixNames: readonly AdaptedMatrix["name"][] = ["attention", "output", "up", "down"];

function runBlock(
  x: TF.Tensor2D,
  { layer, norms, matrices }: FrozenBlock,
  frame: Frame,
  adapterOf: (name: AdaptedMatrix["name"]) => Pair | null,
): TF.Tensor2D {
  const { config } = frame;
  const linear = (given: TF.Tensor2D, name: AdaptedMatrix["name"]) => product(given, matrices[name], adapterOf(name));
  const all = linear(normalised(x, norms.attention, config), "attention");
  const seen = linear(attention(all, layer, frame), "output");
  const between = tf.add(x, seen) as TF.Tensor2D;
  const up = linear(normalised(between, norms.mlp, config), "up");
  return tf.add(between, linear(inner(up, config), "down"));
}

/** x W + scale (x A) B + bias. Nothing is learned of W: it has no gradient. */
function product(x: TF.Tensor2D, { forth, back, bias }: FrozenMatrix, pair: Pair | null): TF.Tensor2D {
  const frozen = tf.customGrad((given) => ({
    value: tf.matMul(given as TF.Tensor2D, forth),
    gradFunc: (dy: TF.Tensor) => tf.matMul(dy as TF.Tensor2D, back),
  }));
  let y = frozen(x) as TF.Tensor2D;
  if (pair !== null) y = tf.add(y, tf.matMul(tf.mul(tf.matMul(x, pair.A), pair.scale), pair.B));
  return bias === null ? y : tf.add(y, bias);
}

function normalised(x: TF.Tensor2D, { factors, bias }: FrozenNorm, { normEpsilon }: ModelConfig): TF.Tensor2D {
  // Llama's divides by the root of the mean square alone; GPT-2's takes the mean off first.
  const centred = bias === null ? x : tf.sub(x, tf.mean(x, 1, true));
  const square = tf.mean(tf.square(centred), 1, true);
  const scaled = tf.mul(tf.mul(centred, tf.rsqrt(tf.add(square, normEpsilon))), factors);
  return (bias === null ? scaled : tf.add(scaled, bias)) as TF.Tensor2D;
}

/** What lies between the two products of the feed-forward part. */
function inner(up: TF.Tensor2D, { family, activation, feedForward }: ModelConfig): TF.Tensor2D {
  if (family === "gpt2") return activated(up, activation);
  const [gate, value] = tf.split(up, [feedForward, feedForward], 1) as [TF.Tensor2D, TF.Tensor2D];
  return tf.mul(activated(gate, activation), value);
}

function activated(x: TF.Tensor2D, activation: ModelConfig["activation"]): TF.Tensor2D {
  switch (activation) {
    case "gelu_new": {
      const cubed = tf.add(x, tf.mul(0.044715, tf.mul(tf.square(x), x)));
      return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), cubed)))) as TF.Tensor2D;
    }
    case "gelu":
      return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))) as TF.Tensor2D;
    case "silu":
      return tf.mul(x, tf.sigmoid(x));
    case "relu":
      return tf.relu(x);
    case "tanh":
      return tf.tanh(x);
    case "quick_gelu":
      return tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));
    default:
      return activation satisfies never;
  }
}

/** What the heads see, of queries, keys and values side by side: [positions, heads * headWidth]. */
function attention(all: TF.Tensor2D, layer: number, frame: Frame): TF.Tensor2D {
  const { config, prefix, rows, length, rotation } = frame;
  const { heads, kvHeads, headWidth, unscaled = false, scaledByLayer = false } = config;
  const [placed, rest] = [heads + kvHeads, kvHeads].map((count) => count * headWidth) as [number, number];
  const [queriesAndKeys, values] = tf.split(all, [placed, rest], 1) as [TF.Tensor2D, TF.Tensor2D];
  const turned = rotation === null ? queriesAndKeys : rotated(queriesAndKeys, heads + kvHeads, rotation);
  const [queries, keys] = tf.split(turned, [heads * headWidth, rest], 1) as [TF.Tensor2D, TF.Tensor2D];
  const scale = (unscaled ? 1 : headWidth ** -0.5) / (scaledByLayer ? layer + 1 : 1);
  const parts = [tf.mul(queries, scale) as TF.Tensor2D, keys, values];
  const masks = frame.maskOf(layer);
  if (prefix === 0) return look(byHead(parts, config, rows, length), null, masks.own, frame);
  const cut = parts.map((part) => tf.split(part, [prefix, rows * length], 0) as [TF.Tensor2D, TF.Tensor2D]);
  const shared = byHead(
    cut.map(([before]) => before),
    config,
    1,
    prefix,
  );
  const own = byHead(
    cut.map(([, after]) => after),
    config,
    rows,
    length,
  );
  return tf.concat2d([look(shared, null, masks.prefix, frame), look(own, shared, masks.own, frame)], 0);
}

/** Heads of some rows: queries [kvHeads, rows, group * length, headWidth], keys and values [kvHeads, rows, length, headWidth]. */
interface Heads {
  q: TF.Tensor4D;
  k: TF.Tensor4D;
  v: TF.Tensor4D;
  rows: number;
  length: number;
}

/** Queries of a group of heads that read the same keys stand in line before them. */
function byHead(parts: readonly TF.Tensor2D[], config: ModelConfig, rows: number, length: number): Heads {
  const { heads, kvHeads, headWidth } = config;
  const group = heads / kvHeads;
  const q = tf.transpose(tf.reshape(parts[0]!, [rows, length, kvHeads, group, headWidth]), [2, 0, 3, 1, 4]);
  const [k, v] = parts
    .slice(1)
    .map((part) => tf.transpose(tf.reshape(part, [rows, length, kvHeads, headWidth]), [2, 0, 1, 3])) as [
    TF.Tensor4D,
    TF.Tensor4D,
  ];
  return { q: tf.reshape(q, [kvHeads, rows, group * length, headWidth]) as TF.Tensor4D, k, v, rows, length };
}

function look(own: Heads, shared: Heads | null, mask: TF.Tensor, { config }: Frame): TF.Tensor2D {
  const { heads, kvHeads, headWidth } = config;
  const { q, k, v, rows, length } = own;
  const group = heads / kvHeads;
  const line = group * length;
  const among = tf.matMul(q, k, false, true);
  const flat = (x: TF.Tensor, width: number) => tf.reshape(x, [kvHeads, rows * line, width]) as TF.Tensor3D;
  const before = shared?.length ?? 0;
  const only = (x: Heads["k"]) => tf.reshape(x, [kvHeads, before, headWidth]) as TF.Tensor3D;
  const scores = shared
    ? tf.concat(
        [tf.reshape(tf.matMul(flat(q, headWidth), only(shared.k), false, true), [kvHeads, rows, line, before]), among],
        3,
      )
    : among;
  const shares = tf.softmax(tf.add(scores, mask));
  let seen: TF.Tensor;
  if (shared) {
    const [ofPrefix, ofOwn] = tf.split(shares, [before, length], 3) as [TF.Tensor4D, TF.Tensor4D];
    const fromPrefix = tf.reshape(tf.matMul(flat(ofPrefix, before), only(shared.v)), [kvHeads, rows, line, headWidth]);
    seen = tf.add(tf.matMul(ofOwn, v), fromPrefix);
  } else seen = tf.matMul(shares as TF.Tensor4D, v);
  const back = tf.transpose(tf.reshape(seen, [kvHeads, rows, group, length, headWidth]), [1, 3, 0, 2, 4]);
  return tf.reshape(back, [rows * length, heads * headWidth]);
}

/** Each pair of numbers of a head, half a head apart, turned by its position's angle. */
function rotated(x: TF.Tensor2D, count: number, { cosines, sines }: NonNullable<Frame["rotation"]>): TF.Tensor2D {
  const [positions, width] = x.shape;
  const half = width / count / 2;
  const heads = tf.reshape(x, [positions, count, 2 * half]);
  const [first, second] = tf.split(heads, 2, 2) as [TF.Tensor3D, TF.Tensor3D];
  const crossed = tf.concat([tf.neg(second), first], 2);
  return tf.reshape(tf.add(tf.mul(heads, cosines), tf.mul(crossed, sines)), [positions, width]);
}

function frameOf(config: ModelConfig, { prefix: { length: prefix }, rows, length }: Batch): Frame {
  const { heads, kvHeads, ropeTheta, window } = config;
  const group = heads / kvHeads;
  const masks = new Map<number, { prefix: TF.Tensor; own: TF.Tensor }>();
  return {
    ...{ config, prefix, rows, length },
    rotation: ropeTheta === undefined ? null : rotationOf(config, { prefix, rows, length }),
    maskOf(layer) {
      const reach = window?.layers.includes(layer) ? window.size : Number.POSITIVE_INFINITY;
      const known = masks.get(reach);
      if (known) return known;
      const made = { prefix: maskOf(0, prefix, group, reach), own: maskOf(prefix, length, group, reach) };
      masks.set(reach, made);
      return made;
    },
  };
}

/** Queries at `length` positions after `before`, a group in line, over all positions up to there: [group * length, before + length]. */
function maskOf(before: number, length: number, group: number, reach: number): TF.Tensor {
  const mask = causalMask({ before, length, group }, reach);
  return tf.tensor2d(mask, [group * length, before + length]);
}

function rotationOf(
  config: ModelConfig,
  { prefix, rows, length }: { prefix: number; rows: number; length: number },
): NonNullable<Frame["rotation"]> {
  const frequencies = rotaryFrequencies(config);
  const scale = rotaryScale(config);
  const half = frequencies.length;
  const positions = prefix + rows * length;
  const placeOf = (row: number): number => (row < prefix ? row : prefix + ((row - prefix) % length));
  const table = (f: (angle: number) => number): TF.Tensor3D => {
    const values = new Float32Array(positions * 2 * half);
    for (let row = 0; row < positions; row++)
      for (let i = 0; i < half; i++) {
        const value = scale * f(placeOf(row) * frequencies[i]!);
        values[row * 2 * half + i] = value;
        values[row * 2 * half + half + i] = value;
      }
    return tf.tensor3d(values, [positions, 1, 2 * half]);
  };
  return { cosines: table(Math.cos), sines: table(Math.sin) };
}
