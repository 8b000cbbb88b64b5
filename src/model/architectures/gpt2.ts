/** GPT-2: learned positions, LayerNorm, one product for queries, keys and values. Sources: Radford et al. 2019; Transformers' GPT2Config. */

import type { GraphParts } from "../onnx.ts";
import type { ModelConfig } from "../types.ts";
import { activationOf, commonFields, reader } from "./fields.ts";
import { activate, byHead, matmulsOf, split } from "./pieces.ts";
import type { Architecture, Build, Json, Parts } from "./types.ts";

/** GPT-2's family. */
export const gpt2: Architecture = {
  family: "gpt2",
  types: {
    gpt2: {
      fields: [
        ...commonFields,
        ...["n_embd", "n_head", "n_layer", "n_inner", "n_positions", "layer_norm_epsilon", "activation_function"],
        ...["scale_attn_weights", "scale_attn_by_inverse_layer_idx"],
        // The same by Transformers' general names.
        ...["hidden_size", "num_attention_heads", "num_hidden_layers", "max_position_embeddings"],
      ],
      readConfig,
    },
  },
  faultOf: ({ width, heads }) =>
    width % heads === 0 ? null : `${heads} heads for a width of ${width}, which do not divide`,
  // It learns its positions.
  countWeights: ({ width, feedForward, context }) => ({ mlp: 2 * width * feedForward, places: context * width }),
  parts,
  matrices: ({ width, feedForward }) => [
    { name: "attention", from: width, to: 3 * width, parts: [{ name: "attn.c_attn", to: 3 * width }] },
    { name: "output", from: width, to: width, parts: [{ name: "attn.c_proj", to: width }] },
    { name: "up", from: width, to: feedForward, parts: [{ name: "mlp.c_fc", to: feedForward }] },
    { name: "down", from: feedForward, to: width, parts: [{ name: "mlp.c_proj", to: width }] },
  ],
  blockPrefix: (layer) => `transformer.h.${layer}.`,
  gguf: {
    readConfig: ({ path, of, vocabulary, tied }, readConfig) =>
      readConfig(path, {
        model_type: "gpt2",
        n_embd: of("embedding_length"),
        n_head: of("attention.head_count"),
        n_layer: of("block_count"),
        n_inner: of("feed_forward_length"),
        n_positions: of("context_length"),
        layer_norm_epsilon: of("attention.layer_norm_epsilon"),
        vocab_size: vocabulary,
        tie_word_embeddings: tied,
      }),
    names: {
      token_embd: "transformer.wte",
      position_embd: "transformer.wpe",
      output_norm: "transformer.ln_f",
      output: "lm_head",
    },
    layerNames: {
      attn_norm: "ln_1",
      attn_qkv: "attn.c_attn",
      attn_output: "attn.c_proj",
      ffn_norm: "ln_2",
      ffn_up: "mlp.c_fc",
      ffn_down: "mlp.c_proj",
    },
    layerPrefix: "transformer.h.",
    // Linear layers are [in, out] at Hugging Face and [out, in] here.
    layoutOf: (name) =>
      /^blk\.\d+\.(attn_qkv|attn_output|ffn_up|ffn_down)\.weight$/.test(name)
        ? { kind: "transposed" }
        : { kind: "same" },
  },
};

function readConfig(path: string, file: Json): ModelConfig {
  const { count, positive, flag } = reader(path, file);
  const width = count("n_embd", file.hidden_size);
  const heads = count("n_head", file.num_attention_heads);
  // Fields at their usual value are left out: what a model's hash is made of stays the same.
  return {
    family: "gpt2",
    layers: count("n_layer", file.num_hidden_layers),
    width,
    heads,
    kvHeads: heads,
    headWidth: Math.floor(width / heads),
    feedForward: count("n_inner", 4 * width),
    vocabulary: count("vocab_size"),
    context: count("n_positions", file.max_position_embeddings),
    tied: flag("tie_word_embeddings", true),
    normEpsilon: positive("layer_norm_epsilon", 1e-5),
    activation: activationOf(path, file.activation_function ?? "gelu_new"),
    ...(!flag("scale_attn_weights", true) && { unscaled: true }),
    ...(flag("scale_attn_by_inverse_layer_idx", false) && { scaledByLayer: true }),
  };
}

function parts(g: GraphParts, { config, weight, dtype, adapt, positions, shapes }: Build): Parts {
  const { width, vocabulary, context, feedForward, normEpsilon, activation, tied } = config;
  const matmuls = matmulsOf(g, dtype, shapes.rows);
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
  const linear = (x: string, layer: number, part: string, name: string, from: number, to: number): string => {
    const path = `h.${layer}.${part}`;
    const product = matmuls.linear(x, weight(`transformer.${path}.weight`, [from, to]), from, to);
    return g.op("Add", [adapt(x, product, layer, name), constant(`${path}.bias`, to)]);
  };
  return {
    embed(tokens) {
      const x = g.op("Add", [g.op("Gather", [words, tokens]), g.op("Gather", [places, positions])]);
      return g.op("Reshape", [x, g.int64(-1, width)]);
    },
    project(x, layer) {
      const all = linear(norm(x, `h.${layer}.ln_1`), layer, "attn.c_attn", "attention", width, 3 * width);
      const [q, k, v] = split(g, all, -1, width, width, width).map((part) => byHead(g, part, shapes.heads));
      return { q: q!, k: k!, v: v! };
    },
    attentionOutput: (seen, layer) => linear(seen, layer, "attn.c_proj", "output", width, width),
    mlp(x, layer) {
      const inner = linear(norm(x, `h.${layer}.ln_2`), layer, "mlp.c_fc", "up", width, feedForward);
      return linear(activate(g, inner, activation), layer, "mlp.c_proj", "down", feedForward, width);
    },
    lmHead(x, { hidden, logits }) {
      norm(x, "ln_f", hidden);
      const load = weight(tied ? "transformer.wte.weight" : "lm_head.weight", [vocabulary, width]);
      matmuls.output(hidden, { load, ...(tied && { held: words }) }, width, vocabulary, logits);
    },
  };
}
