/**
 * The shape of a model in a GGUF file, by way of the config.json that Hugging Face's model would have. Every key under the
 * architecture's name is read, known to be harmless, or refused. Source: llama.cpp's gguf-py/gguf/constants.py.
 */

import { typeOf } from "./architectures/index.ts";
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

/** A shape, and the config.json that it was read from. */
export interface GgufConfig {
  config: ModelConfig;
  file: { [field: string]: unknown };
}

/** Keys that families read. */
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
export function ggufConfig(path: string, metadata: GgufMetadata, { shapes, divisors }: Tensors): GgufConfig {
  const architecture = String(metadata["general.architecture"]);
  const of = (key: string): unknown => {
    const value = metadata[`${architecture}.${key}`];
    return typeof value === "bigint" ? Number(value) : value;
  };
  checkKeys(path, architecture, metadata, of);
  const tokens = metadata["tokenizer.ggml.tokens"];
  const vocabulary = shapes.get("token_embd.weight")?.[1] ?? (Array.isArray(tokens) ? tokens.length : undefined);
  const { gguf } = typeOf(path, "the architecture", architecture).architecture;
  const tied = !shapes.has("output.weight");
  let file: GgufConfig["file"] = {};
  const config = gguf.readConfig({ path, type: architecture, of, shapes, divisors, vocabulary, tied }, (at, json) => {
    file = json;
    return readConfig(at, json);
  });
  return { config, file };
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
