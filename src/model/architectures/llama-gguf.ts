/** Llama's family in llama.cpp's files. Source: llama.cpp's gguf-py/gguf/constants.py. */

import { ModelFailure } from "../error.ts";
import type { ModelConfig } from "../types.ts";
import type { GgufFamily, GgufShape, Json } from "./types.ts";

/** How its GGUF files spell shape, names and numbers. */
export const llamaGguf: GgufFamily = {
  readConfig,
  names: { token_embd: "model.embed_tokens", output_norm: "model.norm", output: "lm_head" },
  layerNames: {
    attn_norm: "input_layernorm",
    attn_q: "self_attn.q_proj",
    attn_k: "self_attn.k_proj",
    attn_v: "self_attn.v_proj",
    attn_output: "self_attn.o_proj",
    ffn_norm: "post_attention_layernorm",
    ffn_gate: "mlp.gate_proj",
    ffn_up: "mlp.up_proj",
    ffn_down: "mlp.down_proj",
  },
  layerPrefix: "model.layers.",
  layoutOf(name, type, { heads, kvHeads }) {
    // The rotary pairs of llama's queries and keys lie side by side here, and half a head apart at Hugging Face.
    const part = type === "llama" ? /^blk\.\d+\.attn_([qk])\./.exec(name)?.[1] : undefined;
    return part === undefined ? { kind: "same" } : { kind: "pairs", heads: part === "q" ? heads : kvHeads };
  },
};

function readConfig(
  { path, type, of, shapes, divisors, vocabulary, tied }: GgufShape,
  readConfig: (path: string, file: Json) => ModelConfig,
): ModelConfig {
  const config = readConfig(path, {
    model_type: type,
    hidden_size: of("embedding_length"),
    num_attention_heads: of("attention.head_count"),
    num_key_value_heads: of("attention.head_count_kv") ?? of("attention.head_count"),
    num_hidden_layers: of("block_count"),
    intermediate_size: of("feed_forward_length"),
    max_position_embeddings: of("context_length"),
    head_dim: of("attention.key_length") ?? of("rope.dimension_count"),
    rms_norm_eps: of("attention.layer_norm_rms_epsilon"),
    rope_theta: of("rope.freq_base"),
    rope_scaling: scalingOf(path, of),
    vocab_size: vocabulary,
    tie_word_embeddings: tied,
  });
  checkHeads(path, config, of, divisors);
  // A GGUF file gives the length that the model has, not the one that scaling makes of it.
  return {
    ...config,
    context: Number(of("context_length")),
    attentionBias: type === "qwen2" || shapes.has("blk.0.attn_q.bias"),
    ...(divisors && { rope: { kind: "divided", by: divisors } }),
    ...(shapes.has("blk.0.attn_output.bias") && { outputBias: true }),
    ...(shapes.has("blk.0.ffn_down.bias") && { feedBias: true }),
  };
}

function checkHeads(
  path: string,
  { headWidth }: ModelConfig,
  of: (key: string) => unknown,
  divisors: readonly number[] | undefined,
): void {
  for (const key of ["attention.value_length", "rope.dimension_count"]) {
    const value = of(key) ?? headWidth;
    if (value !== headWidth)
      throw new ModelFailure({
        ...{ kind: "unsupported", path, what: `as ${key}`, value: JSON.stringify(value) },
        supported: `${headWidth}, the width of its heads, is`,
      });
  }
  if (divisors && (divisors.length !== headWidth / 2 || !divisors.every((by) => by > 0 && Number.isFinite(by))))
    throw new ModelFailure({
      ...{ kind: "weight", path, name: "rope_freqs.weight", expected: `${headWidth / 2} positive numbers` },
      found: `${divisors.length} numbers`,
    });
}

/** `rope_scaling` as Hugging Face writes it; null for none. */
function scalingOf(path: string, of: (key: string) => unknown): object | null {
  const type = of("rope.scaling.type") ?? "none";
  const factor = of("rope.scaling.factor") ?? of("rope.scale_linear");
  // Older files have the factor alone.
  if (type === "linear" || (of("rope.scaling.type") === undefined && factor !== undefined && factor !== 1))
    return { rope_type: "linear", factor };
  if (type === "none") return null;
  if (type === "yarn")
    return {
      rope_type: "yarn",
      factor,
      original_max_position_embeddings: of("rope.scaling.original_context_length"),
      beta_fast: of("rope.scaling.yarn_beta_fast"),
      beta_slow: of("rope.scaling.yarn_beta_slow"),
    };
  throw new ModelFailure({
    ...{ kind: "unsupported", path, what: "the rotary scaling", value: JSON.stringify(type) },
    supported: "none, linear and yarn are, and llama3's frequencies as a tensor",
  });
}
