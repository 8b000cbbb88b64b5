/**
 * A pass through a Llama decoder of few operations: what takes the time of a token on a GPU is beginning operations, not doing
 * them. The same mathematics as `graph.ts` with Llama's pieces, of the same weights in the same order. Attention, rotary
 * positions and norms are one operation each (ONNX's Attention, RotaryEmbedding, RMSNormalization; ONNX Runtime's
 * SkipSimplifiedLayerNormalization, which adds before it norms, and QuickGelu), heads are told apart by those operations alone,
 * and what rows have seen is one tensor a layer, the prefix included: of every row its own copy.
 */

import { adaptedMatrices, adapting } from "./adapter.ts";
import { joined, split } from "./architectures/pieces.ts";
import type { Adapt, FindWeight } from "./architectures/types.ts";
import type { PassNames } from "./graph.ts";
import { transpose } from "./matmul.ts";
import type { GraphParts } from "./onnx.ts";
import { rotaryTables } from "./rope.ts";
import type { AdaptedMatrix, ModelConfig } from "./types.ts";

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

/** Adds the pass; `hidden` and `logits`, of the last position, and `entering`, [batch, length, width], get the given names. Gives what has been seen after it, layer by layer. */
export function addFusedPass(
  g: GraphParts,
  config: ModelConfig,
  weight: FindWeight,
  { inputs, names, adaptedBlocks = 0 }: { inputs: FusedInputs; names: PassNames; adaptedBlocks?: number },
): { present: string[] } {
  const { layers, width, vocabulary, normEpsilon, tied } = config;
  const constant = (name: string, ...shape: number[]) => g.constant(weight(name, shape), shape);
  const words = constant("model.embed_tokens.weight", vocabulary, width);
  const mask = addMask(g, inputs);
  const build: Build = { g, config, weight, adapt: adapting(g, config, adaptedBlocks) };
  const attention = attentionOf(build, { inputs, mask });
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
    if (names.entering !== undefined && layer === layers - adaptedBlocks) g.op("Identity", [x], {}, names.entering);
    const { seen, keys, values } = attention(normed, layer);
    present.push(keys, values);
    ({ x, normed } = addAndNorm(x, seen, `${at}.post_attention_layernorm`));
    const next = layer === layers - 1 ? "model.norm" : `model.layers.${layer + 1}.input_layernorm`;
    ({ x, normed } = addAndNorm(x, addFeedForward(build, { normed, layer }), next));
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

/** What the pieces are made with. */
interface Build {
  g: GraphParts;
  config: ModelConfig;
  weight: FindWeight;
  adapt: Adapt;
}

/** One of a layer's matrices: several layers of Hugging Face's that read the same input, side by side. */
function addLinear(
  { g, config, weight, adapt }: Build,
  x: string,
  { layer, name, bias = false }: { layer: number; name: AdaptedMatrix["name"]; bias?: boolean | undefined },
): string {
  const { from, to: sum, parts } = adaptedMatrices(config).find((one) => one.name === name)!;
  const loads = (what: string, shapeOf: (to: number) => number[]) =>
    joined(parts.map((part) => weight(`model.layers.${layer}.${part.name}.${what}`, shapeOf(part.to))));
  const lines = loads("weight", (to) => [to, from]);
  const frozen = g.op("MatMul", [x, g.constant(async () => transpose(await lines(), sum, from), [from, sum])]);
  const product = adapt(x, frozen, layer, name);
  if (!bias) return product;
  return g.op("Add", [
    product,
    g.constant(
      loads("bias", (to) => [to]),
      [sum],
    ),
  ]);
}

/** What adds a layer's attention. */
function attentionOf(build: Build, { inputs: { positions, past }, mask }: { inputs: FusedInputs; mask: string }) {
  const { g, config } = build;
  const { heads, kvHeads, headWidth, attentionBias, outputBias } = config;
  const [inner, narrow] = [heads * headWidth, kvHeads * headWidth];
  const tables = rotaryTables(g, config);
  return (normed: string, layer: number): { seen: string; keys: string; values: string } => {
    const all = addLinear(build, normed, { layer, name: "attention", bias: attentionBias });
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
    return { seen: addLinear(build, seen, { layer, name: "output", bias: outputBias }), keys, values };
  };
}

/** A layer's feed-forward part. */
function addFeedForward(build: Build, { normed, layer }: { normed: string; layer: number }): string {
  const { g, config } = build;
  const { feedForward, feedBias: bias } = config;
  const both = addLinear(build, normed, { layer, name: "up", bias });
  const [gate, up] = split(g, both, -1, feedForward, feedForward);
  // x times the sigmoid of x.
  const opened = g.op("com.microsoft.QuickGelu", [gate!], { alpha: { float: 1 } });
  return addLinear(build, g.op("Mul", [opened, up!]), { layer, name: "down", bias });
}
