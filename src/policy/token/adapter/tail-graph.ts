/**
 * A decoder's last blocks as a graph that is differentiable in their adapters (`tape.ts`): the same as `blocks.ts`, on ONNX Runtime.
 * GPT-2's and Llama's families. The positions of the shared prefix are rows like those of the programs; of the last block only
 * what is asked for goes through the products after attention.
 *
 * Inputs of the graph that are read here: `own` [rows, length, width], the states that entered; `wanted` [n], places among all
 * rows * length; `mask` and `mask.windowed` [length, prefix + length].
 */

import type { AdaptedMatrix, GraphParts, ModelConfig } from "../../../model/index.ts";
import { activated } from "./activation-graph.ts";
import type { GraphTail } from "./frozen-graph.ts";
import { causalMask } from "./parts.ts";
import {
  add,
  frozenProduct,
  joined,
  lowRank,
  multiply,
  normed,
  product,
  reshape,
  rotated,
  rowsOf,
  scaled,
  shifted,
  softmax,
  split,
  type Tape,
  transposed,
} from "./tape.ts";

/** Values that the blocks share: tensors of whole numbers, masks, positions. */
interface Frame {
  tail: GraphTail;
  /** rows and length of the programs, and [prefix, rows * length]. */
  rows: string;
  length: string;
  cut: string;
  positions: { prefix: string; own: string };
  /** By the reach of a layer; of the prefix to itself, and of a program to both. */
  masks: { [reach: string]: { prefix: string; own: string } };
}

/** The names of an adapter's pair, and what their product is multiplied by; null for the frozen model. */
export type PairOf = ((layer: number, name: AdaptedMatrix["name"]) => { A: string; B: string; scale: number }) | null;

/** Adds the hidden states at the wanted positions, after the last norm: [n, width]. */
export function addHidden(tape: Tape, tail: GraphTail, pairOf: PairOf): string {
  const { g } = tape;
  const { config, prefix, blocks, norm } = tail;
  const { width, normEpsilon: epsilon } = config;
  const frame = addFrame(g, tail);
  const own = g.op("Reshape", ["own", g.int64(-1, width)]);
  let x = prefix.length === 0 ? own : g.op("Concat", [prefix.entering, own], { axis: { int: 0 } });
  for (const [i, { layer, norms, matrices }] of blocks.entries()) {
    const linear = (given: string, name: AdaptedMatrix["name"]): string => {
      const frozen = frozenProduct(tape, given, matrices[name]);
      return pairOf === null ? frozen : lowRank(tape, frozen, given, pairOf(layer, name));
    };
    const isLast = i === blocks.length - 1;
    const all = linear(normed(tape, x, { ...norms.attention, epsilon }), "attention");
    let seen = attention(tape, all, layer, { frame, isLast });
    if (isLast) {
      const places = g.op("Cast", ["wanted"], { to: { int: 7 } });
      seen = rowsOf(tape, seen, places);
      x = rowsOf(tape, x, g.op("Add", [places, g.int64(prefix.length)]));
    }
    const between = add(tape, x, linear(seen, "output"));
    const up = linear(normed(tape, between, { ...norms.mlp, epsilon }), "up");
    x = add(tape, between, linear(inner(tape, up, config), "down"));
  }
  return normed(tape, x, { ...norm, epsilon });
}

function inner(tape: Tape, up: string, { family, activation, feedForward }: ModelConfig): string {
  if (family === "gpt2") return activated(tape, up, activation);
  const sizes = tape.g.int64(feedForward, feedForward);
  const [gate, value] = split(tape, up, { axis: 1, sizes, count: 2 });
  return multiply(tape, activated(tape, gate!, activation), value!);
}

function addFrame(g: GraphParts, tail: GraphTail): Frame {
  const { config, prefix } = tail;
  const group = config.heads / config.kvHeads;
  const sizeOf = (axis: number) => g.op("Shape", ["own"], { start: { int: axis }, end: { int: axis + 1 } });
  const [rows, length] = [sizeOf(0), sizeOf(1)];
  const list = (...parts: string[]) => g.op("Concat", parts, { axis: { int: 0 } });
  const range = (from: string, to: string) => g.op("Range", [from, to, g.int64Scalar(1)]);
  const before = g.int64Scalar(prefix.length);
  const behind = range(before, g.op("Add", [before, g.op("Squeeze", [length, g.int64(0)])]));
  const inLine = (mask: string) => (group === 1 ? mask : g.op("Concat", Array(group).fill(mask), { axis: { int: 0 } }));
  const maskOf = (name: string, reach: number) => ({
    own: inLine(name),
    prefix: inLine(g.constant(causalMask({ before: 0, length: prefix.length }, reach), [prefix.length, prefix.length])),
  });
  return {
    ...{ tail, rows, length, cut: list(g.int64(prefix.length), g.op("Mul", [rows, length])) },
    positions: {
      prefix: g.op("Unsqueeze", [range(g.int64Scalar(0), before), g.int64(0)]),
      own: g.op("Expand", [g.op("Unsqueeze", [behind, g.int64(0)]), list(rows, length)]),
    },
    masks: {
      whole: maskOf("mask", Number.POSITIVE_INFINITY),
      ...(config.window && { windowed: maskOf("mask.windowed", config.window.size) }),
    },
  };
}

/** What the heads see, [positions, heads * headWidth]; of the programs' positions alone where those of the prefix are not needed. */
function attention(
  tape: Tape,
  all: string,
  layer: number,
  { frame, isLast }: { frame: Frame; isLast: boolean },
): string {
  const { g } = tape;
  const { tail, rows, length, cut, positions, masks } = frame;
  const { prefix, config } = tail;
  const mask = masks[config.window?.layers.includes(layer) ? "windowed" : "whole"]!;
  const placed = { tail, layer };
  if (prefix.length === 0)
    return look(tape, byHead(tape, all, { ...placed, rows, length, positions: positions.own }), null, mask.own);
  const [before, own] = split(tape, all, { axis: 0, sizes: cut, count: 2 });
  const [one, many] = [g.int64(1), g.int64(prefix.length)];
  const shared = byHead(tape, before!, { ...placed, rows: one, length: many, positions: positions.prefix });
  const heads = byHead(tape, own!, { ...placed, rows, length, positions: positions.own });
  const seen = look(tape, heads, { ...shared, length: prefix.length }, mask.own);
  if (isLast) return seen;
  return joined(tape, look(tape, shared, null, mask.prefix), seen, { axis: 0, sizes: cut });
}

/** Heads of some rows: queries [kvHeads, rows, group * length, headWidth], keys and values [kvHeads, rows, length, headWidth]. */
interface Heads {
  q: string;
  k: string;
  v: string;
  config: ModelConfig;
  sizes: { rows: string; length: string };
}

function byHead(
  tape: Tape,
  all: string,
  {
    tail: { config, rotation },
    layer,
    ...at
  }: { tail: GraphTail; layer: number; rows: string; length: string; positions: string },
): Heads {
  const { g } = tape;
  const { heads, kvHeads, headWidth, unscaled = false, scaledByLayer = false } = config;
  const { rows, length, positions } = at;
  const [inside, narrow] = [heads * headWidth, kvHeads * headWidth];
  const list = (...parts: (string | number)[]) =>
    g.op(
      "Concat",
      parts.map((part) => (typeof part === "number" ? g.int64(part) : part)),
      { axis: { int: 0 } },
    );
  const apart = reshape(tape, all, list(rows, length, inside + 2 * narrow));
  const parts = { axis: 2, sizes: g.int64(inside, narrow, narrow), count: 3 };
  const [queries, keys, v] = split(tape, apart, parts) as [string, string, string];
  const turn = (x: string, count: number) =>
    rotation === null ? x : rotated(tape, x, { ...rotation, positions, heads: count });
  const scale = (unscaled ? 1 : headWidth ** -0.5) / (scaledByLayer ? layer + 1 : 1);
  const grouped = reshape(
    tape,
    scaled(tape, turn(queries, heads), scale),
    list(rows, length, kvHeads, heads / kvHeads, headWidth),
  );
  const q = reshape(tape, transposed(tape, grouped, 2, 0, 3, 1, 4), list(kvHeads, rows, -1, headWidth));
  const perHead = (x: string) => transposed(tape, reshape(tape, x, list(rows, length, kvHeads, headWidth)), 2, 0, 1, 3);
  return { q, k: perHead(turn(keys, kvHeads)), v: perHead(v), config, sizes: { rows, length } };
}

function look(
  tape: Tape,
  { q, k, v, config, sizes: { rows, length } }: Heads,
  shared: (Heads & { length: number }) | null,
  mask: string,
): string {
  const { g } = tape;
  const { heads, kvHeads, headWidth } = config;
  const among = product(tape, q, k, { rank: 4, turned: true });
  let seen: string;
  if (shared === null) {
    seen = product(tape, softmax(tape, shifted(tape, among, mask)), v, { rank: 4, turned: false });
  } else {
    const list = (...parts: string[]) => g.op("Concat", parts, { axis: { int: 0 } });
    const inLine = (x: string, width: number) => reshape(tape, x, g.int64(kvHeads, -1, width));
    const byRow = (x: string, width: number) => reshape(tape, x, list(g.int64(kvHeads), rows, g.int64(-1, width)));
    const only = (x: string) => reshape(tape, x, g.int64(kvHeads, shared.length, headWidth));
    const ofPrefix = product(tape, inLine(q, headWidth), only(shared.k), { rank: 3, turned: true });
    const sizes = list(g.int64(shared.length), length);
    const scores = joined(tape, byRow(ofPrefix, shared.length), among, { axis: 3, sizes });
    const shares = softmax(tape, shifted(tape, scores, mask));
    const [toPrefix, toOwn] = split(tape, shares, { axis: 3, sizes, count: 2 }) as [string, string];
    const fromPrefix = product(tape, inLine(toPrefix, shared.length), only(shared.v), { rank: 3, turned: false });
    seen = add(tape, product(tape, toOwn, v, { rank: 4, turned: false }), byRow(fromPrefix, headWidth));
  }
  const shape = g.op("Concat", [g.int64(kvHeads), rows, g.int64(heads / kvHeads), length, g.int64(headWidth)], {
    axis: { int: 0 },
  });
  const back = transposed(tape, reshape(tape, seen, shape), 1, 3, 0, 2, 4);
  return reshape(tape, back, g.int64(-1, heads * headWidth));
}
