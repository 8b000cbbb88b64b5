/**
 * A decoder of the GPT-2 or the Llama family as an ONNX graph, with past keys and values in and out. Sources: Radford et
 * al. 2019; Touvron et al. 2023; the weight names and layouts of Hugging Face's implementations.
 *
 * Keys and values come in two parts: those of a prefix that all rows share, held once, and each row's own. A step then
 * copies only the latter, and the former are one matrix product for all rows.
 *
 * Inputs: `tokens` and `positions` [batch, length], `valid` [batch, past + length] (1 real, 0 pad), `rows` [batch] (which
 * rows of the past go on), `past.N.key` and `past.N.value` [pastBatch, kvHeads, past, headWidth], `prefix.N.key` and
 * `prefix.N.value` [1, kvHeads, prefix, headWidth]. Outputs: `hidden` [batch, width] and `logits` [batch, vocabulary] of
 * the last position, `present.N.key`, `present.N.value` [batch, kvHeads, past + length, headWidth].
 */

import { createGraph, type GraphBuilder, type LoadFloats } from "./onnx.ts";
import type { ModelConfig } from "./types.ts";

/**
 * A weight by its Hugging Face name, to be read as float32, row by row, when the graph is written. Throws at once if there
 * is none or its shape is another.
 */
export type FindWeight = (name: string, shape: readonly number[]) => LoadFloats;

/** The graph, and the name of its constant that holds the output weight. Reads no weight yet. */
export function decoderGraph(config: ModelConfig, weight: FindWeight): { graph: GraphBuilder; output: string } {
  const g = createGraph("decoder", 20);
  const { layers, kvHeads, headWidth, width, vocabulary, family } = config;
  const tokens = g.input("tokens", "int64", ["batch", "length"]);
  const positions = g.input("positions", "int64", ["batch", "length"]);
  const valid = g.input("valid", "int64", ["batch", "total"]);
  const rows = g.input("rows", "int64", ["batch"]);
  const frame = createFrame(g, tokens, valid);
  const parts = family === "gpt2" ? gpt2Parts(g, config, weight, positions) : llamaParts(g, config, weight, positions);
  let x = parts.embed(tokens);
  for (let layer = 0; layer < layers; layer++) {
    const { q, k, v } = parts.project(x, layer);
    const cache = (what: "key" | "value", own: string): Cached => {
      const past = g.input(`past.${layer}.${what}`, "float32", ["pastBatch", kvHeads, "past", headWidth]);
      const kept = g.op("Gather", [past, rows], { axis: { int: 0 } });
      const present = g.op("Concat", [kept, own], { axis: { int: 2 } }, `present.${layer}.${what}`);
      g.output(present, "float32", ["batch", kvHeads, "total", headWidth]);
      return { own: present, prefix: g.input(`prefix.${layer}.${what}`, "float32", [1, kvHeads, "prefix", headWidth]) };
    };
    const [keys, values] = [cache("key", k), cache("value", v)];
    x = g.op("Add", [x, parts.mix(attend(g, config, frame, { q, keys, values }), layer)]);
    x = g.op("Add", [x, parts.feed(x, layer)]);
  }
  const last = g.op("Gather", [x, g.int64(-1)], { axis: { int: 1 } });
  const hidden = g.op("Reshape", [parts.finish(last), g.int64(-1, width)], {}, "hidden");
  g.op("Gemm", [hidden, parts.output], { transB: { int: 1 } }, "logits");
  g.output("hidden", "float32", ["batch", width]);
  g.output("logits", "float32", ["batch", vocabulary]);
  return { graph: g, output: parts.output };
}

/** What a family does differently. Shapes: x [batch, length, width]; q, k, v [batch, heads, length, headWidth]. */
interface Parts {
  embed(tokens: string): string;
  project(x: string, layer: number): { q: string; k: string; v: string };
  /** What the heads saw, [batch, length, heads * headWidth], back to the width. */
  mix(seen: string, layer: number): string;
  feed(x: string, layer: number): string;
  finish(x: string): string;
  /** The output weight, [vocabulary, width]. */
  output: string;
}

/** Keys or values: each row's own, [batch, kvHeads, total, headWidth], and the prefix's, [1, kvHeads, prefix, headWidth]. */
interface Cached {
  own: string;
  prefix: string;
}

/** Values that all layers share. */
interface Frame {
  /** 0 where a position may look, a large negative number where not. [batch, 1, length, total] */
  mask: string;
  /** Sizes, as tensors of one whole number. */
  batch: string;
  length: string;
  total: string;
}

function createFrame(g: GraphBuilder, tokens: string, valid: string): Frame {
  const sizeOf = (value: string, axis: number) =>
    g.op("Shape", [value], { start: { int: axis }, end: { int: axis + 1 } });
  const scalar = (value: string) => g.op("Squeeze", [value, g.int64(0)]);
  const sizes = { batch: sizeOf(tokens, 0), length: sizeOf(tokens, 1), total: sizeOf(valid, 1) };
  const length = scalar(sizes.length);
  const total = scalar(sizes.total);
  const zero = scalar(g.int64(0));
  const one = scalar(g.int64(1));
  const keys = g.op("Range", [zero, total, one]);
  const queries = g.op("Range", [g.op("Sub", [total, length]), total, one]);
  const causal = g.op("LessOrEqual", [g.op("Unsqueeze", [keys, g.int64(0)]), g.op("Unsqueeze", [queries, g.int64(1)])]);
  const real = g.op("Cast", [g.op("Unsqueeze", [valid, g.int64(1, 2)])], { to: { int: 9 } });
  const allowed = g.op("And", [g.op("Unsqueeze", [causal, g.int64(0, 1)]), real]);
  return { mask: g.op("Where", [allowed, g.float(0), g.float(-1e9)]), ...sizes };
}

/**
 * Softmax attention over prefix and own positions together. With fewer heads of keys than of queries, the queries of a
 * group stand in line before the same keys.
 */
function attend(
  g: GraphBuilder,
  { heads, kvHeads, headWidth }: ModelConfig,
  { mask, batch, length, total }: Frame,
  { q, keys, values }: { q: string; keys: Cached; values: Cached },
): string {
  const shape = (...sizes: (number | string)[]) =>
    g.op(
      "Concat",
      sizes.map((size) => (typeof size === "number" ? g.int64(size) : size)),
      { axis: { int: 0 } },
    );
  const reshape = (x: string, ...sizes: (number | string)[]) =>
    g.op("Reshape", [x, shape(...sizes)], { allowzero: { int: 1 } });
  const turned = (x: string, ...perm: number[]) => g.op("Transpose", [x], { perm: { ints: perm } });
  const scaled = g.op("Mul", [q, g.float(headWidth ** -0.5)]);
  // Own positions: one product a row and key head.
  const own = reshape(
    g.op("MatMul", [reshape(scaled, batch, kvHeads, -1, headWidth), turned(keys.own, 0, 1, 3, 2)]),
    batch,
    heads,
    length,
    total,
  );
  const prefix = g.op("Shape", [keys.prefix], { start: { int: 2 }, end: { int: 3 } });
  const inLine = g.op("Mul", [g.op("Mul", [batch, length]), g.int64(heads / kvHeads)]);
  // Prefix (which may be of length 0): one product a key head, for all rows. [heads, batch, length] in line, then back.
  const line = reshape(turned(scaled, 1, 0, 2, 3), kvHeads, inLine, headWidth);
  const flat = (x: string) => g.op("Squeeze", [x, g.int64(0)]);
  const shared = turned(
    reshape(g.op("MatMul", [line, turned(flat(keys.prefix), 0, 2, 1)]), heads, batch, length, prefix),
    1,
    0,
    2,
    3,
  );
  const scores = g.op("Concat", [shared, g.op("Add", [own, mask])], { axis: { int: -1 } });
  const shares = g.op("Softmax", [scores], { axis: { int: -1 } });
  const sizes = g.op("Concat", [prefix, total], { axis: { int: 0 } });
  const [ofPrefix, ofOwn] = g.node("Split", [shares, sizes], { axis: { int: -1 } }, [g.name(), g.name()]);
  const seenOwn = reshape(
    g.op("MatMul", [reshape(ofOwn!, batch, kvHeads, -1, total), values.own]),
    batch,
    heads,
    length,
    headWidth,
  );
  const lined = reshape(turned(ofPrefix!, 1, 0, 2, 3), kvHeads, inLine, prefix);
  const seenPrefix = turned(
    reshape(g.op("MatMul", [lined, flat(values.prefix)]), heads, batch, length, headWidth),
    1,
    0,
    2,
    3,
  );
  const seen = turned(g.op("Add", [seenPrefix, seenOwn]), 0, 2, 1, 3);
  return g.op("Reshape", [seen, g.int64(0, 0, heads * headWidth)]);
}

function splitHeads(g: GraphBuilder, x: string, heads: number, headWidth: number): string {
  return g.op("Transpose", [g.op("Reshape", [x, g.int64(0, 0, heads, headWidth)])], { perm: { ints: [0, 2, 1, 3] } });
}

function gpt2Parts(g: GraphBuilder, config: ModelConfig, weight: FindWeight, positions: string): Parts {
  const { width, heads, headWidth, vocabulary, context, feedForward, normEpsilon, activation, tied } = config;
  const name = (part: string) => `transformer.${part}`;
  const constant = (part: string, ...shape: number[]) => g.constant(weight(name(part), shape), shape);
  const words = constant("wte.weight", vocabulary, width);
  const places = constant("wpe.weight", context, width);
  const norm = (x: string, part: string): string =>
    g.op("LayerNormalization", [x, constant(`${part}.weight`, width), constant(`${part}.bias`, width)], {
      axis: { int: -1 },
      epsilon: { float: normEpsilon },
    });
  const linear = (x: string, part: string, from: number, to: number): string =>
    g.op("Add", [g.op("MatMul", [x, constant(`${part}.weight`, from, to)]), constant(`${part}.bias`, to)]);
  return {
    embed: (tokens) => g.op("Add", [g.op("Gather", [words, tokens]), g.op("Gather", [places, positions])]),
    project(x, layer) {
      const all = linear(norm(x, `h.${layer}.ln_1`), `h.${layer}.attn.c_attn`, width, 3 * width);
      const [q, k, v] = g.node("Split", [all, g.int64(width, width, width)], { axis: { int: -1 } }, [
        g.name(),
        g.name(),
        g.name(),
      ]);
      const split = (part: string) => splitHeads(g, part, heads, headWidth);
      return { q: split(q!), k: split(k!), v: split(v!) };
    },
    mix: (seen, layer) => linear(seen, `h.${layer}.attn.c_proj`, width, width),
    feed(x, layer) {
      const inner = linear(norm(x, `h.${layer}.ln_2`), `h.${layer}.mlp.c_fc`, width, feedForward);
      return linear(activate(g, inner, activation), `h.${layer}.mlp.c_proj`, feedForward, width);
    },
    finish: (x) => norm(x, "ln_f"),
    output: tied ? words : g.constant(weight("lm_head.weight", [vocabulary, width]), [vocabulary, width]),
  };
}

function llamaParts(g: GraphBuilder, config: ModelConfig, weight: FindWeight, positions: string): Parts {
  const { width, heads, kvHeads, headWidth, vocabulary, context, feedForward, normEpsilon, tied, activation } = config;
  const constant = (name: string, ...shape: number[]) => g.constant(weight(name, shape), shape);
  const words = constant("model.embed_tokens.weight", vocabulary, width);
  const norm = (x: string, name: string): string => {
    const square = g.op("ReduceMean", [g.op("Mul", [x, x]), g.int64(-1)], { keepdims: { int: 1 } });
    const root = g.op("Sqrt", [g.op("Add", [square, g.float(normEpsilon)])]);
    return g.op("Mul", [g.op("Div", [x, root]), constant(`${name}.weight`, width)]);
  };
  // Hugging Face keeps linear layers [out, in]; ONNX multiplies by [in, out].
  const linear = (x: string, name: string, from: number, to: number, bias = false): string => {
    const product = g.op("MatMul", [
      x,
      g.constant(transposed(weight(`${name}.weight`, [to, from]), to, from), [from, to]),
    ]);
    return bias ? g.op("Add", [product, constant(`${name}.bias`, to)]) : product;
  };
  const [cos, sin] = rotations(config).map((table) => {
    const rows = g.op("Gather", [g.constant(table, [context, headWidth / 2]), positions]);
    return g.op("Unsqueeze", [rows, g.int64(1)]);
  });
  const half = g.int64(headWidth / 2, headWidth / 2);
  const turn = (x: string): string => {
    const [a, b] = g.node("Split", [x, half], { axis: { int: -1 } }, [g.name(), g.name()]);
    const times = (left: string, right: string) => g.op("Mul", [left, right]);
    const first = g.op("Sub", [times(a!, cos!), times(b!, sin!)]);
    const second = g.op("Add", [times(b!, cos!), times(a!, sin!)]);
    return g.op("Concat", [first, second], { axis: { int: -1 } });
  };
  const bias = config.attentionBias ?? false;
  return {
    embed: (tokens) => g.op("Gather", [words, tokens]),
    project(x, layer) {
      const at = `model.layers.${layer}`;
      const normed = norm(x, `${at}.input_layernorm`);
      const part = (name: string, count: number) =>
        splitHeads(g, linear(normed, `${at}.self_attn.${name}_proj`, width, count * headWidth, bias), count, headWidth);
      return { q: turn(part("q", heads)), k: turn(part("k", kvHeads)), v: part("v", kvHeads) };
    },
    mix: (seen, layer) => linear(seen, `model.layers.${layer}.self_attn.o_proj`, heads * headWidth, width),
    feed(x, layer) {
      const at = `model.layers.${layer}`;
      const normed = norm(x, `${at}.post_attention_layernorm`);
      const gate = activate(g, linear(normed, `${at}.mlp.gate_proj`, width, feedForward), activation);
      const up = linear(normed, `${at}.mlp.up_proj`, width, feedForward);
      return linear(g.op("Mul", [gate, up]), `${at}.mlp.down_proj`, feedForward, width);
    },
    finish: (x) => norm(x, "model.norm"),
    output: tied ? words : constant("lm_head.weight", vocabulary, width),
  };
}

function activate(g: GraphBuilder, x: string, activation: ModelConfig["activation"]): string {
  switch (activation) {
    case "gelu_new":
      return g.op("Gelu", [x], { approximate: { text: "tanh" } });
    case "gelu":
      return g.op("Gelu", [x]);
    case "silu":
      return g.op("Mul", [x, g.op("Sigmoid", [x])]);
    case "relu":
      return g.op("Relu", [x]);
    default:
      return activation satisfies never;
  }
}

/** Cosines and sines of the rotary embedding, [context, headWidth / 2] each. */
function rotations({ context, headWidth, ropeTheta = 10_000 }: ModelConfig): [Float32Array, Float32Array] {
  const half = headWidth / 2;
  const angle = (i: number) => Math.floor(i / half) / ropeTheta ** ((i % half) / half);
  const table = (f: (x: number) => number) => Float32Array.from({ length: context * half }, (_, i) => f(angle(i)));
  return [table(Math.cos), table(Math.sin)];
}

function transposed(load: LoadFloats, rows: number, columns: number): LoadFloats {
  return async () => transpose(await load(), rows, columns);
}

/** Rows become columns; in blocks, for the caches. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  const block = 32;
  for (let top = 0; top < rows; top += block)
    for (let left = 0; left < columns; left += block)
      for (let r = top; r < Math.min(rows, top + block); r++)
        for (let c = left; c < Math.min(columns, left + block); c++) result[c * rows + r] = values[r * columns + c]!;
  return result;
}
