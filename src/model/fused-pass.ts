/**
 * A pass through a Llama decoder of few operations: what takes the time of a token on a GPU is beginning operations, not doing
 * them. The same mathematics as `graph.ts` with Llama's pieces, of the same weights in the same order. Attention, rotary
 * positions and norms are one operation each (ONNX's Attention, RotaryEmbedding, RMSNormalization; ONNX Runtime's
 * SkipSimplifiedLayerNormalization, which adds before it norms, and QuickGelu), heads are told apart by those operations alone,
 * and what rows have seen is one tensor a layer, the prefix included: of every row its own copy.
 */

import { joined, split } from "./architectures/pieces.ts";
import type { FindWeight } from "./architectures/types.ts";
import { transpose } from "./matmul.ts";
import type { GraphParts } from "./onnx.ts";
import { rotaryTables } from "./rope.ts";
import type { ModelConfig } from "./types.ts";

/** Whether a model's pass can be made so. */
export function canFuse({ family, window, activation, rope, context }: ModelConfig): boolean {
  const isStretched = rope?.kind === "dynamic" && context > rope.original;
  return family === "llama" && window === undefined && activation === "silu" && !isStretched;
}

/** What the pass reads, by the names of values. */
export interface FusedInputs {
  /** [batch, length] */
  tokens: string;
  positions: string;
  /** [batch, past + length], 1 where a position may be looked at. */
  valid: string;
  /** A layer's keys or values of earlier positions, [batch, kvHeads, past, headWidth]. */
  past(layer: number, what: "key" | "value"): string;
}

/** Adds the pass; `hidden` and `logits`, of the last position, get the given names. Gives what has been seen after it, layer by layer. */
export function addFusedPass(
  g: GraphParts,
  config: ModelConfig,
  weight: FindWeight,
  { inputs, names }: { inputs: FusedInputs; names: { hidden: string; logits: string } },
): { present: string[] } {
  const { layers, width, vocabulary, normEpsilon, tied } = config;
  const constant = (name: string, ...shape: number[]) => g.constant(weight(name, shape), shape);
  const words = constant("model.embed_tokens.weight", vocabulary, width);
  const mask = addMask(g, inputs);
  const attention = attentionOf(g, config, weight, { inputs, mask });
  /** Adds what a part of a layer gave to what goes along the layers, and norms the sum. */
  const addAndNorm = (x: string, part: string, name: string): { x: string; normed: string } => {
    const [normed, sum] = [g.name(), g.name()];
    const from = [x, part, constant(`${name}.weight`, width)];
    g.node("com.microsoft.SkipSimplifiedLayerNormalization", from, { epsilon: { float: normEpsilon } }, [
      ...[normed, "", "", sum],
    ]);
    return { x: sum, normed };
  };
  let x = g.op("Gather", [words, inputs.tokens]);
  let normed = g.op("RMSNormalization", [x, constant("model.layers.0.input_layernorm.weight", width)], {
    epsilon: { float: normEpsilon },
  });
  const present: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`;
    const { seen, keys, values } = attention(normed, layer);
    present.push(keys, values);
    ({ x, normed } = addAndNorm(x, seen, `${at}.post_attention_layernorm`));
    const next = layer === layers - 1 ? "model.norm" : `model.layers.${layer + 1}.input_layernorm`;
    ({ x, normed } = addAndNorm(x, addFeedForward(g, config, weight, { normed, layer }), next));
  }
  g.op("Gather", [normed, g.int64Scalar(-1)], { axis: { int: 1 } }, names.hidden);
  const output = tied ? words : constant("lm_head.weight", vocabulary, width);
  g.op("Gemm", [names.hidden, output], { transB: { int: 1 } }, names.logits);
  return { present };
}

/** 0 where a new position may look, a large negative number where not. [batch, 1, length, past + length] */
function addMask(g: GraphParts, { tokens, valid }: FusedInputs): string {
  const sizeOf = (value: string) => g.op("Squeeze", [g.op("Shape", [value], { start: { int: 1 } }), g.int64(0)]);
  const [length, total] = [sizeOf(tokens), sizeOf(valid)];
  const [zero, one] = [g.int64Scalar(0), g.int64Scalar(1)];
  const keys = g.op("Range", [zero, total, one]);
  const queries = g.op("Range", [g.op("Sub", [total, length]), total, one]);
  const causal = g.op("LessOrEqual", [keys, g.op("Unsqueeze", [queries, g.int64(1)])]);
  const real = g.op("Cast", [g.op("Unsqueeze", [valid, g.int64(1, 2)])], { to: { int: 9 } });
  return g.op("Where", [g.op("And", [real, causal]), g.float(0), g.float(-1e9)]);
}

/** Several layers that read the same input, side by side. */
function addLinear(
  g: GraphParts,
  weight: FindWeight,
  x: string,
  { names, from, to, bias = false }: { names: readonly string[]; from: number; to: readonly number[]; bias?: boolean },
): string {
  const sum = to.reduce((all, size) => all + size, 0);
  const lines = joined(names.map((name, i) => weight(`${name}.weight`, [to[i]!, from])));
  const product = g.op("MatMul", [x, g.constant(async () => transpose(await lines(), sum, from), [from, sum])]);
  if (!bias) return product;
  return g.op("Add", [product, g.constant(joined(names.map((name, i) => weight(`${name}.bias`, [to[i]!]))), [sum])]);
}

/** What adds a layer's attention. */
function attentionOf(
  g: GraphParts,
  config: ModelConfig,
  weight: FindWeight,
  { inputs: { positions, past }, mask }: { inputs: FusedInputs; mask: string },
) {
  const { width, heads, kvHeads, headWidth, attentionBias = false, outputBias = false } = config;
  const [inner, narrow] = [heads * headWidth, kvHeads * headWidth];
  const tables = rotaryTables(g, config);
  return (normed: string, layer: number): { seen: string; keys: string; values: string } => {
    const at = `model.layers.${layer}.self_attn`;
    const all = addLinear(g, weight, normed, {
      ...{ names: ["q", "k", "v"].map((name) => `${at}.${name}_proj`), from: width },
      ...{ to: [inner, narrow, narrow], bias: attentionBias },
    });
    // Three parts of the last axis: ONNX Runtime has a way of its own for these on CUDA, which sends no sizes there.
    const [q, k, v] = split(g, all, -1, inner, narrow, narrow);
    const placed = (x: string, count: number) =>
      g.op("RotaryEmbedding", [x, ...tables, positions], { num_heads: { int: count } });
    const [seen, keys, values] = [g.name(), g.name(), g.name()];
    g.node(
      "Attention",
      [placed(q!, heads), placed(k!, kvHeads), v!, mask, past(layer, "key"), past(layer, "value")],
      { q_num_heads: { int: heads }, kv_num_heads: { int: kvHeads }, scale: { float: headWidth ** -0.5 } },
      [seen, keys, values],
    );
    const output = { names: [`${at}.o_proj`], from: inner, to: [width], bias: outputBias };
    return { seen: addLinear(g, weight, seen, output), keys, values };
  };
}

/** A layer's feed-forward part. */
function addFeedForward(
  g: GraphParts,
  { width, feedForward, feedBias: bias = false }: ModelConfig,
  weight: FindWeight,
  { normed, layer }: { normed: string; layer: number },
): string {
  const at = `model.layers.${layer}.mlp`;
  const both = addLinear(g, weight, normed, {
    ...{ names: [`${at}.gate_proj`, `${at}.up_proj`], from: width, to: [feedForward, feedForward], bias },
  });
  const [gate, up] = split(g, both, -1, feedForward, feedForward);
  // x times the sigmoid of x.
  const opened = g.op("com.microsoft.QuickGelu", [gate!], { alpha: { float: 1 } });
  const product = g.op("Mul", [opened, up!]);
  return addLinear(g, weight, product, { names: [`${at}.down_proj`], from: feedForward, to: [width], bias });
}
