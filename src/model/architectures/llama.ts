/**
 * Llama and what is built like it (Qwen2): rotary positions, RMSNorm, a gate in the feed-forward part. Sources: Touvron et al.
 * 2023; Transformers' LlamaConfig and Qwen2Config.
 */

import { readRope } from "../config-rope.ts";
import { ModelFailure } from "../error.ts";
import { transpose } from "../matmul.ts";
import type { GraphParts } from "../onnx.ts";
import { rotaryRotation } from "../rope.ts";
import { rotated } from "../rotation.ts";
import type { AdaptedMatrix, ModelConfig } from "../types.ts";
import { activationOf, commonFields, reader } from "./fields.ts";
import { llamaGguf } from "./llama-gguf.ts";
import { activate, byHead, joined, matmulsOf, split } from "./pieces.ts";
import type { Architecture, Build, Json, Parts } from "./types.ts";

const fields = [
  ...commonFields,
  ...["hidden_size", "num_attention_heads", "num_key_value_heads", "num_hidden_layers", "intermediate_size"],
  ...["max_position_embeddings", "head_dim", "rms_norm_eps", "hidden_act"],
  ...["rope_theta", "rope_scaling", "rope_parameters", "partial_rotary_factor", "original_max_position_embeddings"],
];

/** Llama's family. */
export const llama: Architecture = {
  family: "llama",
  types: {
    llama: {
      fields: [...fields, "attention_bias", "mlp_bias"],
      readConfig: (path, file) => readConfig(path, "llama", file),
    },
    qwen2: {
      fields: [...fields, "use_sliding_window", "sliding_window", "max_window_layers", "layer_types"],
      readConfig: (path, file) => readConfig(path, "qwen2", file),
    },
  },
  faultOf: ({ headWidth }) => (headWidth % 2 === 0 ? null : `heads of width ${headWidth}, which is odd`),
  // Its rotations are two tables that the graph holds.
  countWeights: ({ width, feedForward, context, headWidth }) => ({
    mlp: 3 * width * feedForward,
    places: context * headWidth,
  }),
  parts,
  matrices,
  blockPrefix: (layer) => `model.layers.${layer}.`,
  gguf: llamaGguf,
};

function readConfig(path: string, type: "llama" | "qwen2", file: Json): ModelConfig {
  const { count, positive, flag } = reader(path, file);
  const width = count("hidden_size");
  const heads = count("num_attention_heads");
  const bias = type === "llama" && flag("attention_bias", false);
  const { theta, rope, context } = readRope(
    path,
    file,
    count("max_position_embeddings", type === "qwen2" ? 32_768 : 2048),
  );
  const layers = count("num_hidden_layers");
  return {
    family: "llama",
    layers,
    width,
    heads,
    kvHeads: count("num_key_value_heads", type === "qwen2" ? 32 : heads),
    headWidth: count("head_dim", Math.floor(width / heads)),
    feedForward: count("intermediate_size"),
    vocabulary: count("vocab_size"),
    context,
    tied: flag("tie_word_embeddings", false),
    normEpsilon: positive("rms_norm_eps", 1e-6),
    attentionBias: type === "qwen2" || bias,
    ropeTheta: theta,
    activation: activationOf(path, file.hidden_act ?? "silu"),
    ...(rope && { rope }),
    ...(bias && { outputBias: true }),
    ...(type === "llama" && flag("mlp_bias", false) && { feedBias: true }),
    ...(type === "qwen2" && windowOf(path, file, layers, context)),
  };
}

/** Qwen2's sliding window: which layers look at the last `sliding_window` positions alone. */
function windowOf(path: string, file: Json, layers: number, context: number): Pick<ModelConfig, "window"> {
  const { count, flag, damaged } = reader(path, file);
  const used = flag("use_sliding_window", false) && file.sliding_window !== null;
  const from = file.max_window_layers ?? 28;
  if (!Number.isSafeInteger(from) || (from as number) < 0) throw damaged("max_window_layers", from);
  const types =
    file.layer_types ??
    Array.from({ length: layers }, (_, i) => (used && i >= (from as number) ? "sliding_attention" : "full_attention"));
  const kinds = ["full_attention", "sliding_attention"];
  if (!Array.isArray(types) || types.length !== layers || !types.every((kind) => kinds.includes(kind)))
    throw damaged("layer_types", types);
  const sliding = types.flatMap((kind, layer) => (kind === "sliding_attention" ? [layer] : []));
  if (sliding.length === 0) return {};
  if (!used)
    throw new ModelFailure({
      kind: "damaged",
      path,
      reason: "config.json has sliding layers in layer_types, and use_sliding_window is not true",
    });
  const size = count("sliding_window", 4096);
  return size >= context ? {} : { window: { size, layers: sliding } };
}

function matrices({ width, heads, kvHeads, headWidth, feedForward }: ModelConfig): AdaptedMatrix[] {
  const [inner, keys] = [heads * headWidth, kvHeads * headWidth];
  const side = (prefix: string, parts: { [name: string]: number }) =>
    Object.entries(parts).map(([name, to]) => ({ name: `${prefix}.${name}_proj`, to }));
  return [
    {
      ...{ name: "attention", from: width, to: inner + 2 * keys },
      parts: side("self_attn", { q: inner, k: keys, v: keys }),
    },
    { name: "output", from: inner, to: width, parts: side("self_attn", { o: width }) },
    { name: "up", from: width, to: 2 * feedForward, parts: side("mlp", { gate: feedForward, up: feedForward }) },
    { name: "down", from: feedForward, to: width, parts: side("mlp", { down: width }) },
  ];
}

function parts(g: GraphParts, build: Build): Parts {
  const { config, weight: plain, dtype, adapt, positions, shapes } = build;
  const { width, heads, kvHeads, headWidth, vocabulary, feedForward, normEpsilon, tied, activation } = config;
  const { attentionBias, outputBias, feedBias } = config;
  const matmuls = matmulsOf(g, dtype, shapes.rows);
  const rotation = build.rotated ? rotated(g, config, plain) : undefined;
  const weight = rotation?.weight ?? plain;
  const constant = (name: string, ...shape: number[]) => g.constant(weight(name, shape), shape);
  const words = constant("model.embed_tokens.weight", vocabulary, width);
  // Written so that the runtime makes one operation of it.
  const norm = (x: string, name: string, own?: string): string => {
    const square = g.op("ReduceMean", [g.op("Pow", [x, g.float(2)]), g.int64(-1)], { keepdims: { int: 1 } });
    const root = g.op("Sqrt", [g.op("Add", [square, g.float(normEpsilon)])]);
    return g.op("Mul", [g.op("Div", [x, root]), constant(`${name}.weight`, width)], {}, own);
  };
  /** Layers that read the same input, side by side. Hugging Face keeps them [out, in]; ONNX multiplies by [in, out]. */
  const linear = (x: string, layer: number, name: AdaptedMatrix["name"], bias = false): string => {
    const { from, parts: own } = matrix[name];
    const names = own.map((part) => `model.layers.${layer}.${part.name}`);
    const to = own.map((part) => part.to);
    const sum = to.reduce((all, size) => all + size, 0);
    const lines = joined(names.map((name, i) => weight(`${name}.weight`, [to[i]!, from])));
    const frozen = matmuls.linear(x, async () => transpose(await lines(), sum, from), from, sum);
    const product = adapt(x, frozen, layer, name);
    if (!bias) return product;
    return g.op("Add", [product, g.constant(joined(names.map((name, i) => weight(`${name}.bias`, [to[i]!]))), [sum])]);
  };
  const matrix = Object.fromEntries(matrices(config).map((one) => [one.name, one])) as {
    [name in AdaptedMatrix["name"]]: AdaptedMatrix;
  };
  const rotate = rotaryRotation(g, config, positions);
  const inner = heads * headWidth;
  const keys = kvHeads * headWidth;
  return {
    embed: (tokens) => g.op("Reshape", [g.op("Gather", [words, tokens]), g.int64(-1, width)]),
    project(x, layer) {
      const normed = norm(x, `model.layers.${layer}.input_layernorm`);
      const all = linear(normed, layer, "attention", attentionBias);
      const [still, v] = split(g, all, -1, inner + keys, keys);
      const placed = rotate(byHead(g, still!, shapes.heads));
      const [q, k] = split(g, placed, 1, heads, kvHeads);
      const line = heads === kvHeads ? q! : g.op("Reshape", [q!, g.int64(0, kvHeads, -1, headWidth)]);
      return { q: line, k: k!, v: byHead(g, v!, shapes.heads) };
    },
    attentionOutput: (seen, layer) => linear(seen, layer, "output", outputBias),
    mlp(x, layer) {
      const normed = norm(x, `model.layers.${layer}.post_attention_layernorm`);
      const both = linear(normed, layer, "up", feedBias);
      const [gate, up] = split(g, both, -1, feedForward, feedForward);
      const product = g.op("Mul", [activate(g, gate!, activation), up!]);
      return linear(rotation?.inner(product) ?? product, layer, "down", feedBias);
    },
    lmHead(x, { hidden, logits }) {
      if (rotation) {
        const normed = norm(x, "model.norm");
        rotation.hidden(normed, hidden);
        return matmuls.output(normed, { load: rotation.output }, width, vocabulary, logits);
      }
      norm(x, "model.norm", hidden);
      const load = weight(tied ? "model.embed_tokens.weight" : "lm_head.weight", [vocabulary, width]);
      matmuls.output(hidden, { load, ...(tied && { held: words }) }, width, vocabulary, logits);
    },
  };
}
