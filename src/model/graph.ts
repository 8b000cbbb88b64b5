/**
 * A decoder of the GPT-2 or the Llama family as an ONNX graph, with past keys and values in and out. Sources: Radford et
 * al. 2019; Touvron et al. 2023; the weight names and layouts of Hugging Face's implementations.
 *
 * Inputs: `tokens` and `positions` [batch, length], `valid` [batch, past + length] (1 real, 0 pad), `past.N.key` and
 * `past.N.value` [batch, kvHeads, past, headWidth]. Outputs: `hidden` [batch, width] and `logits` [batch, vocabulary] of
 * the last position, `present.N.key`, `present.N.value`.
 */

import { createGraph, type GraphBuilder } from "./onnx.ts";
import type { ModelConfig } from "./types.ts";

/** A weight by its Hugging Face name, as float32, row by row. Throws if there is none or its shape is another. */
export type ReadWeight = (name: string, shape: readonly number[]) => Float32Array;

/** The graph as chunks of bytes. */
export function decoderGraph(config: ModelConfig, weight: ReadWeight): Uint8Array[] {
  const g = createGraph("decoder", 20);
  const { layers, kvHeads, headWidth, width, vocabulary, family } = config;
  const tokens = g.input("tokens", "int64", ["batch", "length"]);
  const positions = g.input("positions", "int64", ["batch", "length"]);
  const valid = g.input("valid", "int64", ["batch", "total"]);
  const frame = createFrame(g, config, tokens, valid);
  const parts = family === "gpt2" ? gpt2Parts(g, config, weight, positions) : llamaParts(g, config, weight, positions);
  let x = parts.embed(tokens);
  for (let layer = 0; layer < layers; layer++) {
    const past = (what: string) => g.input(`past.${layer}.${what}`, "float32", ["batch", kvHeads, "past", headWidth]);
    const present = (what: string) => `present.${layer}.${what}`;
    const { q, k, v } = parts.project(x, layer);
    const keys = g.op("Concat", [past("key"), k], { axis: { int: 2 } }, present("key"));
    const values = g.op("Concat", [past("value"), v], { axis: { int: 2 } }, present("value"));
    for (const what of ["key", "value"]) g.output(present(what), "float32", ["batch", kvHeads, "total", headWidth]);
    x = g.op("Add", [x, parts.mix(attend(g, config, frame, q, keys, values), layer)]);
    x = g.op("Add", [x, parts.feed(x, layer)]);
  }
  const last = g.op("Gather", [x, g.int64(-1)], { axis: { int: 1 } });
  const hidden = g.op("Reshape", [parts.finish(last), g.int64(-1, width)], {}, "hidden");
  g.op("Gemm", [hidden, parts.output], { transB: { int: 1 } }, "logits");
  g.output("hidden", "float32", ["batch", width]);
  g.output("logits", "float32", ["batch", vocabulary]);
  return g.chunks();
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

/** Values that all layers share. */
interface Frame {
  /** 0 where a position may look, a large negative number where not. [batch, 1, length, total] */
  mask: string;
}

function createFrame(g: GraphBuilder, _: ModelConfig, tokens: string, valid: string): Frame {
  const sizeOf = (value: string, axis: number) =>
    g.op("Shape", [value], { start: { int: axis }, end: { int: axis + 1 } });
  const scalar = (value: string) => g.op("Squeeze", [value, g.int64(0)]);
  const length = scalar(sizeOf(tokens, 1));
  const total = scalar(sizeOf(valid, 1));
  const zero = scalar(g.int64(0));
  const one = scalar(g.int64(1));
  const keys = g.op("Range", [zero, total, one]);
  const queries = g.op("Range", [g.op("Sub", [total, length]), total, one]);
  const causal = g.op("LessOrEqual", [g.op("Unsqueeze", [keys, g.int64(0)]), g.op("Unsqueeze", [queries, g.int64(1)])]);
  const real = g.op("Cast", [g.op("Unsqueeze", [valid, g.int64(1, 2)])], { to: { int: 9 } });
  const allowed = g.op("And", [g.op("Unsqueeze", [causal, g.int64(0, 1)]), real]);
  return { mask: g.op("Where", [allowed, g.float(0), g.float(-1e9)]) };
}

/** Softmax attention; with fewer heads of keys each serves a group of queries. */
function attend(
  g: GraphBuilder,
  { heads, kvHeads, headWidth }: ModelConfig,
  { mask }: Frame,
  q: string,
  keys: string,
  values: string,
): string {
  const group = heads / kvHeads;
  const scaled = g.op("Mul", [q, g.float(headWidth ** -0.5)]);
  const spread = (x: string): string =>
    group === 1
      ? x
      : g.op("Reshape", [
          g.op("Expand", [g.op("Unsqueeze", [x, g.int64(2)]), g.int64(1, 1, group, 1, 1)]),
          g.constant(BigInt64Array.of(0n, BigInt(heads), -1n, BigInt(headWidth)), [4]),
        ]);
  const scores = g.op("MatMul", [scaled, g.op("Transpose", [spread(keys)], { perm: { ints: [0, 1, 3, 2] } })]);
  const shares = g.op("Softmax", [g.op("Add", [scores, mask])], { axis: { int: -1 } });
  const seen = g.op("Transpose", [g.op("MatMul", [shares, spread(values)])], { perm: { ints: [0, 2, 1, 3] } });
  return g.op("Reshape", [seen, g.int64(0, 0, heads * headWidth)]);
}

function splitHeads(g: GraphBuilder, x: string, heads: number, headWidth: number): string {
  return g.op("Transpose", [g.op("Reshape", [x, g.int64(0, 0, heads, headWidth)])], { perm: { ints: [0, 2, 1, 3] } });
}

function gpt2Parts(g: GraphBuilder, config: ModelConfig, weight: ReadWeight, positions: string): Parts {
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
      const [q, k, v] = g.node(
        "Split",
        [all, g.int64(width, width, width)],
        { axis: { int: -1 } },
        ["q", "k", "v"].map((part) => `${part}.${layer}`),
      );
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

function llamaParts(g: GraphBuilder, config: ModelConfig, weight: ReadWeight, positions: string): Parts {
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
      g.constant(transpose(weight(`${name}.weight`, [to, from]), to, from), [from, to]),
    ]);
    return bias ? g.op("Add", [product, constant(`${name}.bias`, to)]) : product;
  };
  const [cos, sin] = rotations(config).map((table) => {
    const rows = g.op("Gather", [g.constant(table, [context, headWidth / 2]), positions]);
    return g.op("Unsqueeze", [rows, g.int64(1)]);
  });
  const half = g.int64(headWidth / 2, headWidth / 2);
  let turned = 0;
  const turn = (x: string): string => {
    const id = turned++;
    const [a, b] = g.node("Split", [x, half], { axis: { int: -1 } }, [`ra.${id}`, `rb.${id}`]);
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

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c]!;
  return result;
}
