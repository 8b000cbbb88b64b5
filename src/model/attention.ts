/**
 * Softmax attention of a decoder's graph over three parts: a prefix that all rows share, what each row has seen since, and
 * the new positions. With fewer heads of keys than of queries, the queries of a group stand in line before the same keys.
 */

import type { GraphParts } from "./onnx.ts";
import type { ModelConfig } from "./types.ts";

/** Keys or values of one layer. */
export interface Cached {
  /** The shared prefix's, [kvHeads, prefix, headWidth]. */
  prefix: string;
  /** Each row's earlier ones, [batch, kvHeads, past, headWidth]; absent where `own` begins with them. */
  past?: string;
  /** The new ones, [batch, kvHeads, length, headWidth]. */
  own: string;
}

/**
 * Values that all layers share. `line` in shapes: a group of `heads / kvHeads` query heads reads the same keys, so the group's
 * queries of all new positions, `heads / kvHeads * length` of them, are the rows of one product with those keys.
 */
export interface Frame {
  /** 0 where a query may look, a large negative number where not. [batch, 1, line, prefix + past + length] */
  mask: string;
  /** The same for layers with a window; of models that have one. */
  windowed?: string;
  /** The parts' lengths, as a tensor of three whole numbers, or of two where the earlier ones are no part of their own. */
  lengths: string;
  /**
   * Shapes, as tensors of whole numbers: [batch * length]; [batch, length, width]; [batch, length, -1, headWidth];
   * [kvHeads, batch * line, headWidth]; [kvHeads, batch, line, prefix]; [kvHeads, batch * line, prefix];
   * [kvHeads, batch, line, headWidth].
   */
  shapes: { rows: string; places: string; heads: string; line: string; scores: string; shares: string; seen: string };
}

/** What the layers share, from the inputs and any layer's keys. */
export function createFrame(
  g: GraphParts,
  { heads, kvHeads, headWidth, width, window }: ModelConfig,
  {
    tokens,
    positions,
    valid,
    prefix,
    past,
  }: { tokens: string; positions: string; valid: string; prefix: string; past?: string | undefined },
): Frame {
  const group = heads / kvHeads;
  const sizeOf = (value: string, axis: number) =>
    g.op("Shape", [value], { start: { int: axis }, end: { int: axis + 1 } });
  const scalar = (value: string) => g.op("Squeeze", [value, g.int64(0)]);
  const list = (...sizes: (number | string)[]) =>
    g.op(
      "Concat",
      sizes.map((size) => (typeof size === "number" ? g.int64(size) : size)),
      { axis: { int: 0 } },
    );
  const [batch, length, total] = [sizeOf(tokens, 0), sizeOf(tokens, 1), sizeOf(valid, 1)];
  const prefixed = sizeOf(prefix, 1);
  const line = g.op("Mul", [length, g.int64(group)]);
  const all = g.op("Mul", [batch, line]);
  // A new position sees itself and what is before it.
  const [start, end, one] = [scalar(g.op("Sub", [total, length])), scalar(total), scalar(g.int64(1))];
  const keys = g.op("Range", [scalar(g.int64(0)), end, one]);
  const queries = g.op("Range", [start, end, one]);
  const causal = g.op("LessOrEqual", [g.op("Unsqueeze", [keys, g.int64(0)]), g.op("Unsqueeze", [queries, g.int64(1)])]);
  const real = g.op("Cast", [g.op("Unsqueeze", [valid, g.int64(1, 2)])], { to: { int: 9 } });
  const allowed = g.op("And", [g.op("Unsqueeze", [causal, g.int64(0, 1)]), real]);
  const maskOf = (seen: string): string => {
    const mask = g.op("Where", [seen, g.float(0), g.float(-1e9)]);
    return group === 1 ? mask : g.op("Concat", Array(group).fill(mask), { axis: { int: 2 } });
  };
  return {
    mask: maskOf(allowed),
    ...(window && { windowed: maskOf(g.op("And", [allowed, nearBy(g, window.size, positions, valid)])) }),
    lengths:
      past === undefined ? list(prefixed, g.op("Sub", [total, prefixed])) : list(prefixed, sizeOf(past, 2), length),
    shapes: {
      rows: g.op("Mul", [batch, length]),
      places: list(batch, length, width),
      heads: list(batch, length, -1, headWidth),
      line: list(kvHeads, all, headWidth),
      scores: list(kvHeads, batch, line, prefixed),
      shares: list(kvHeads, all, prefixed),
      seen: list(kvHeads, batch, line, headWidth),
    },
  };
}

/** True where a key is one of the `size` positions up to the query's own, pads not counted. [batch, 1, length, total] */
function nearBy(g: GraphParts, size: number, positions: string, valid: string): string {
  const places = g.op("CumSum", [valid, g.constant(BigInt64Array.of(1n), [])], { exclusive: { int: 1 } });
  const apart = g.op("Sub", [g.op("Unsqueeze", [positions, g.int64(2)]), g.op("Unsqueeze", [places, g.int64(1)])]);
  return g.op("Unsqueeze", [g.op("Less", [apart, g.int64(size)]), g.int64(1)]);
}

/** What the heads see, [batch * length, heads * headWidth]. `q` is [batch, kvHeads, line, headWidth], not scaled. */
export function attend(
  g: GraphParts,
  config: ModelConfig,
  { mask: full, windowed, lengths, shapes }: Frame,
  { layer, q, keys, values }: { layer: number; q: string; keys: Cached; values: Cached },
): string {
  const { heads, headWidth, window, unscaled = false, scaledByLayer = false } = config;
  const mask = window?.layers.includes(layer) ? windowed! : full;
  const scale = (unscaled ? 1 : headWidth ** -0.5) / (scaledByLayer ? layer + 1 : 1);
  const transposed = (x: string, ...perm: number[]) => g.op("Transpose", [x], { perm: { ints: perm } });
  // Sizes of zero are meant: there need not be a prefix.
  const reshape = (x: string, shape: string) => g.op("Reshape", [x, shape], { allowzero: { int: 1 } });
  const product = (a: string, b: string) => g.op("MatMul", [a, b]);
  const scaled = g.op("Mul", [q, g.float(scale)]);
  // The prefix: one product a key head, with the queries of all rows in line.
  const line = reshape(transposed(scaled, 1, 0, 2, 3), shapes.line);
  const shared = transposed(reshape(product(line, transposed(keys.prefix, 0, 2, 1)), shapes.scores), 1, 0, 2, 3);
  const parts = keys.past === undefined ? [keys.own] : [keys.past, keys.own];
  const apart = parts.map((part) => product(scaled, transposed(part, 0, 1, 3, 2)));
  const scores = g.op("Add", [g.op("Concat", [shared, ...apart], { axis: { int: -1 } }), mask]);
  const shares = g.op("Softmax", [scores], { axis: { int: -1 } });
  const names = [shared, ...apart].map(() => g.name());
  const [ofPrefix, ...ofParts] = g.node("Split", [shares, lengths], { axis: { int: -1 } }, names);
  const fromPrefix = product(reshape(transposed(ofPrefix!, 1, 0, 2, 3), shapes.shares), values.prefix);
  const seen = [
    transposed(reshape(fromPrefix, shapes.seen), 1, 0, 2, 3),
    ...(values.past === undefined ? [values.own] : [values.past, values.own]).map((part, i) =>
      product(ofParts[i]!, part),
    ),
  ].reduce((sum, part) => g.op("Add", [sum, part]));
  const byHead = transposed(g.op("Reshape", [seen, g.int64(0, heads, -1, headWidth)]), 0, 2, 1, 3);
  return g.op("Reshape", [byHead, g.int64(-1, heads * headWidth)]);
}
