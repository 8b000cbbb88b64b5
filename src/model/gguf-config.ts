/**
 * The shape of a model in a GGUF file, by way of the config.json that Hugging Face's model would have. Every key under the
 * architecture's name is read, known to be harmless, or refused. Source: llama.cpp's gguf-py/gguf/constants.py.
 */

import { readConfig } from "./config.ts";
import { ModelFailure } from "./error.ts";
import type { ModelConfig } from "./types.ts";

/** What a GGUF file says of itself. */
export type GgufMetadata = { [key: string]: unknown };

/** What its tensors say of the shape. */
interface Tensors {
  /** As ggml has them: the fastest dimension first. */
  shapes: ReadonlyMap<string, readonly number[]>;
  /** The tensor rope_freqs.weight: what each rotary frequency is divided by. */
  divisors?: readonly number[];
}

/** Keys that are read below. */
const read = new Set([
  ...["embedding_length", "attention.head_count", "attention.head_count_kv", "block_count", "feed_forward_length"],
  ...["context_length", "attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon", "attention.key_length"],
  ...["rope.dimension_count", "rope.freq_base", "rope.scaling.type", "rope.scaling.factor", "rope.scale_linear"],
  ...["rope.scaling.original_context_length", "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow"],
]);
/** Keys that change nothing here, and those that change nothing at this value. */
const harmless = new Set(["vocab_size", "rope.scaling.finetuned", "tensor_data_layout"]);
const neutral: { [key: string]: unknown } = {
  "attention.causal": true,
  "attention.clamp_kqv": 0,
  "attention.max_alibi_bias": 0,
  expert_count: 0,
  expert_used_count: 0,
  logit_scale: 1,
  residual_scale: 1,
  embedding_scale: 1,
  "rope.scaling.attn_factor": 1,
  "rope.scaling.yarn_attn_factor": 1,
  "rope.scaling.yarn_ext_factor": 1,
  "rope.scaling.yarn_log_multiplier": 0,
};

/** Reads the shape. Throws a ModelFailure that names what is not supported or cannot be. */
export function ggufConfig(path: string, metadata: GgufMetadata, { shapes, divisors }: Tensors): ModelConfig {
  const architecture = String(metadata["general.architecture"]);
  const of = (key: string): unknown => {
    const value = metadata[`${architecture}.${key}`];
    return typeof value === "bigint" ? Number(value) : value;
  };
  checkKeys(path, architecture, metadata, of);
  const tokens = metadata["tokenizer.ggml.tokens"];
  const vocabulary = shapes.get("token_embd.weight")?.[1] ?? (Array.isArray(tokens) ? tokens.length : undefined);
  const tied = !shapes.has("output.weight");
  if (architecture === "gpt2")
    return readConfig(path, {
      model_type: "gpt2",
      n_embd: of("embedding_length"),
      n_head: of("attention.head_count"),
      n_layer: of("block_count"),
      n_inner: of("feed_forward_length"),
      n_positions: of("context_length"),
      layer_norm_epsilon: of("attention.layer_norm_epsilon"),
      vocab_size: vocabulary,
      tie_word_embeddings: tied,
    });
  const config = readConfig(path, {
    model_type: architecture,
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
    attentionBias: architecture === "qwen2" || shapes.has("blk.0.attn_q.bias"),
    ...(divisors && { rope: { kind: "divided", by: divisors } }),
    ...(shapes.has("blk.0.attn_output.bias") && { outputBias: true }),
    ...(shapes.has("blk.0.ffn_down.bias") && { feedBias: true }),
  };
}

function checkKeys(path: string, architecture: string, metadata: GgufMetadata, of: (key: string) => unknown): void {
  for (const full of Object.keys(metadata)) {
    if (!full.startsWith(`${architecture}.`)) continue;
    const key = full.slice(architecture.length + 1);
    const value = of(key);
    // Both are told where they differ from the width of a head, see below.
    if (read.has(key) || harmless.has(key) || key === "attention.value_length") continue;
    if (Object.hasOwn(neutral, key) && neutral[key] === value) continue;
    throw new ModelFailure({ kind: "field", path, field: full, value: JSON.stringify(value) });
  }
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
