/** What the families of decoders do differently, as pieces of a graph, and their weights by Hugging Face's names. */

import type { GraphParts, LoadFloats } from "./onnx.ts";
import { type Dtype, eightBitProducts, floatProducts, type Products, transpose } from "./products.ts";
import { rotaryTurn } from "./rope.ts";
import { rotated } from "./rotation.ts";
import type { ModelConfig } from "./types.ts";

/**
 * A weight by its Hugging Face name, to be read as float32, row by row, when the graph is written. Throws at once if there
 * is none or its shape is another.
 */
export type FindWeight = (name: string, shape: readonly number[]) => LoadFloats;

/** The pieces. A position is a row: x is [batch * length, width]. */
export interface Parts {
  embed(tokens: string): string;
  /** Queries [batch, kvHeads, heads / kvHeads * length, headWidth], keys and values [batch, kvHeads, length, headWidth]. */
  project(x: string, layer: number): { q: string; k: string; v: string };
  /** What the heads saw, [batch * length, heads * headWidth], back to the width. */
  mix(seen: string, layer: number): string;
  feed(x: string, layer: number): string;
  /** The last norm and the output, of [batch, width], under the given names. */
  finish(x: string, names: { hidden: string; logits: string }): void;
}

/** What the pieces are made with. */
export interface Build {
  config: ModelConfig;
  weight: FindWeight;
  dtype: Dtype;
  turned: boolean;
  /** [batch, length]. */
  positions: string;
  /** Shapes as tensors of whole numbers: [batch * length], and [batch, length, -1, headWidth]. */
  shapes: { rows: string; heads: string };
}

/** The pieces of the model's family. */
export function familyParts(g: GraphParts, build: Build): Parts {
  return build.config.family === "gpt2" ? gpt2Parts(g, build) : llamaParts(g, build);
}

function gpt2Parts(g: GraphParts, { config, weight, dtype, positions, shapes }: Build): Parts {
  const { width, vocabulary, context, feedForward, normEpsilon, activation, tied } = config;
  const products = productsOf(g, dtype, shapes.rows);
  const constant = (part: string, ...shape: number[]) => g.constant(weight(`transformer.${part}`, shape), shape);
  const words = constant("wte.weight", vocabulary, width);
  const places = constant("wpe.weight", context, width);
  const norm = (x: string, part: string, name?: string): string =>
    g.op(
      "LayerNormalization",
      [x, constant(`${part}.weight`, width), constant(`${part}.bias`, width)],
      { axis: { int: -1 }, epsilon: { float: normEpsilon } },
      name,
    );
  const linear = (x: string, part: string, from: number, to: number): string => {
    const product = products.linear(x, weight(`transformer.${part}.weight`, [from, to]), from, to);
    return g.op("Add", [product, constant(`${part}.bias`, to)]);
  };
  return {
    embed(tokens) {
      const x = g.op("Add", [g.op("Gather", [words, tokens]), g.op("Gather", [places, positions])]);
      return g.op("Reshape", [x, g.int64(-1, width)]);
    },
    project(x, layer) {
      const all = linear(norm(x, `h.${layer}.ln_1`), `h.${layer}.attn.c_attn`, width, 3 * width);
      const [q, k, v] = split(g, all, -1, width, width, width).map((part) => byHead(g, part, shapes.heads));
      return { q: q!, k: k!, v: v! };
    },
    mix: (seen, layer) => linear(seen, `h.${layer}.attn.c_proj`, width, width),
    feed(x, layer) {
      const inner = linear(norm(x, `h.${layer}.ln_2`), `h.${layer}.mlp.c_fc`, width, feedForward);
      return linear(activate(g, inner, activation), `h.${layer}.mlp.c_proj`, feedForward, width);
    },
    finish(x, { hidden, logits }) {
      norm(x, "ln_f", hidden);
      const load = weight(tied ? "transformer.wte.weight" : "lm_head.weight", [vocabulary, width]);
      products.output(hidden, { load, ...(tied && { held: words }) }, width, vocabulary, logits);
    },
  };
}

function llamaParts(g: GraphParts, build: Build): Parts {
  const { config, weight: plain, dtype, positions, shapes } = build;
  const { width, heads, kvHeads, headWidth, vocabulary, feedForward, normEpsilon, tied, activation } = config;
  const { attentionBias, outputBias, feedBias } = config;
  const products = productsOf(g, dtype, shapes.rows);
  const turned = build.turned ? rotated(g, config, plain) : undefined;
  const weight = turned?.weight ?? plain;
  const constant = (name: string, ...shape: number[]) => g.constant(weight(name, shape), shape);
  const words = constant("model.embed_tokens.weight", vocabulary, width);
  // Written so that the runtime makes one operation of it.
  const norm = (x: string, name: string, own?: string): string => {
    const square = g.op("ReduceMean", [g.op("Pow", [x, g.float(2)]), g.int64(-1)], { keepdims: { int: 1 } });
    const root = g.op("Sqrt", [g.op("Add", [square, g.float(normEpsilon)])]);
    return g.op("Mul", [g.op("Div", [x, root]), constant(`${name}.weight`, width)], {}, own);
  };
  /** Layers that read the same input, side by side. Hugging Face keeps them [out, in]; ONNX multiplies by [in, out]. */
  const linear = (x: string, names: readonly string[], from: number, to: readonly number[], bias = false): string => {
    const sum = to.reduce((all, size) => all + size, 0);
    const lines = joined(names.map((name, i) => weight(`${name}.weight`, [to[i]!, from])));
    const product = products.linear(x, async () => transpose(await lines(), sum, from), from, sum);
    if (!bias) return product;
    return g.op("Add", [product, g.constant(joined(names.map((name, i) => weight(`${name}.bias`, [to[i]!]))), [sum])]);
  };
  const turn = rotaryTurn(g, config, positions);
  const inner = heads * headWidth;
  const keys = kvHeads * headWidth;
  return {
    embed: (tokens) => g.op("Reshape", [g.op("Gather", [words, tokens]), g.int64(-1, width)]),
    project(x, layer) {
      const at = `model.layers.${layer}`;
      const names = ["q", "k", "v"].map((name) => `${at}.self_attn.${name}_proj`);
      const normed = norm(x, `${at}.input_layernorm`);
      const all = linear(normed, names, width, [inner, keys, keys], attentionBias);
      const [still, v] = split(g, all, -1, inner + keys, keys);
      const placed = turn(byHead(g, still!, shapes.heads));
      const [q, k] = split(g, placed, 1, heads, kvHeads);
      const line = heads === kvHeads ? q! : g.op("Reshape", [q!, g.int64(0, kvHeads, -1, headWidth)]);
      return { q: line, k: k!, v: byHead(g, v!, shapes.heads) };
    },
    mix: (seen, layer) => linear(seen, [`model.layers.${layer}.self_attn.o_proj`], inner, [width], outputBias),
    feed(x, layer) {
      const at = `model.layers.${layer}.mlp`;
      const normed = norm(x, `model.layers.${layer}.post_attention_layernorm`);
      const both = linear(normed, [`${at}.gate_proj`, `${at}.up_proj`], width, [feedForward, feedForward], feedBias);
      const [gate, up] = split(g, both, -1, feedForward, feedForward);
      const product = g.op("Mul", [activate(g, gate!, activation), up!]);
      return linear(turned?.inner(product) ?? product, [`${at}.down_proj`], feedForward, [width], feedBias);
    },
    finish(x, { hidden, logits }) {
      if (turned) {
        const normed = norm(x, "model.norm");
        turned.hidden(normed, hidden);
        return products.output(normed, { load: turned.output }, width, vocabulary, logits);
      }
      norm(x, "model.norm", hidden);
      const load = weight(tied ? "model.embed_tokens.weight" : "lm_head.weight", [vocabulary, width]);
      products.output(hidden, { load, ...(tied && { held: words }) }, width, vocabulary, logits);
    },
  };
}

function productsOf(g: GraphParts, dtype: Dtype, rows: string): Products {
  return dtype === "q8" ? eightBitProducts(g, rows) : floatProducts(g);
}

function split(g: GraphParts, x: string, axis: number, ...sizes: number[]): string[] {
  const names = sizes.map(() => g.name());
  return g.node("Split", [x, g.int64(...sizes)], { axis: { int: axis } }, names);
}

/** [batch * length, heads * headWidth] to [batch, heads, length, headWidth]. */
function byHead(g: GraphParts, x: string, shape: string): string {
  return g.op("Transpose", [g.op("Reshape", [x, shape])], { perm: { ints: [0, 2, 1, 3] } });
}

function activate(g: GraphParts, x: string, activation: ModelConfig["activation"]): string {
  switch (activation) {
    case "gelu_new":
      return g.op("Gelu", [x], { approximate: { text: "tanh" } });
    case "gelu":
      return g.op("Gelu", [x]);
    case "silu":
      return g.op("Mul", [x, g.op("Sigmoid", [x])]);
    case "relu":
      return g.op("Relu", [x]);
    case "tanh":
      return g.op("Tanh", [x]);
    case "quick_gelu":
      return g.op("Mul", [x, g.op("Sigmoid", [g.op("Mul", [x, g.float(1.702)])])]);
    default:
      return activation satisfies never;
  }
}

/** Weights with the same columns, one under the other. */
function joined(loads: readonly LoadFloats[]): LoadFloats {
  if (loads.length === 1) return loads[0]!;
  return async () => {
    const parts: Float32Array[] = [];
    for (const load of loads) parts.push(await load());
    const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  };
}
