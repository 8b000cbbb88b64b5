/** Hugging Face's `config.json` as a decoder's shape. Sources: GPT2Config, LlamaConfig, Qwen2Config. Which other fields there may be: `config-fields.ts`. */

import { checkFields } from "./config-fields.ts";
import { readRope } from "./config-rope.ts";
import { ModelFailure } from "./error.ts";
import type { ModelConfig } from "./types.ts";

type Json = { readonly [key: string]: unknown };

/** Reads a parsed `config.json`. Throws a ModelFailure for a model that is not supported or a number that cannot be. */
export function readConfig(path: string, file: Json): ModelConfig {
  const type = checkType(path, "the model type", file.model_type);
  checkFields(path, type, file);
  const config = type === "gpt2" ? gpt2Config(path, file) : llamaConfig(path, type, file);
  const { width, heads, kvHeads, headWidth, family } = config;
  const reason =
    family === "gpt2" && width % heads !== 0
      ? `config.json says ${heads} heads for a width of ${width}, which do not divide`
      : heads % kvHeads !== 0
        ? `config.json says ${kvHeads} key heads for ${heads} heads, which do not divide`
        : headWidth % 2 !== 0 && family === "llama"
          ? `config.json says heads of width ${headWidth}, which is odd`
          : null;
  if (reason !== null) throw new ModelFailure({ kind: "damaged", path, reason });
  return config;
}

/** The family, or a ModelFailure that names it and those that are supported. */
export function checkType(path: string, what: string, type: unknown): "gpt2" | "llama" | "qwen2" {
  if (type === "gpt2" || type === "llama" || type === "qwen2") return type;
  const value = JSON.stringify(type) ?? "none";
  throw new ModelFailure({ kind: "unsupported", path, what, value, supported: "gpt2, llama and qwen2 are" });
}

/** Reads fields of a config, each checked. */
function reader(path: string, file: Json) {
  const damaged = (key: string, value: unknown) =>
    new ModelFailure({ kind: "damaged", path, reason: `config.json says ${key} is ${JSON.stringify(value)}` });
  return {
    count(key: string, fallback?: unknown): number {
      const value = file[key] ?? fallback;
      if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > 2 ** 24)
        throw damaged(key, value);
      return value as number;
    },
    positive(key: string, fallback: number): number {
      const value = file[key] ?? fallback;
      if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value)) throw damaged(key, value);
      return value;
    },
    flag(key: string, fallback: boolean): boolean {
      const value = file[key] ?? fallback;
      if (typeof value !== "boolean") throw damaged(key, value);
      return value;
    },
    damaged,
  };
}

function gpt2Config(path: string, file: Json): ModelConfig {
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

function llamaConfig(path: string, type: "llama" | "qwen2", file: Json): ModelConfig {
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

function activationOf(path: string, name: unknown): ModelConfig["activation"] {
  const known: { [name: string]: ModelConfig["activation"] } = {
    gelu_new: "gelu_new",
    gelu_pytorch_tanh: "gelu_new",
    gelu_python_tanh: "gelu_new",
    gelu_fast: "gelu_new",
    gelu_accurate: "gelu_new",
    gelu: "gelu",
    gelu_python: "gelu",
    quick_gelu: "quick_gelu",
    silu: "silu",
    swish: "silu",
    relu: "relu",
    tanh: "tanh",
  };
  const found = Object.hasOwn(known, String(name)) ? known[String(name)] : undefined;
  if (found !== undefined) return found;
  const supported = `${Object.keys(known).join(", ")} are`;
  throw new ModelFailure({ kind: "unsupported", path, what: "the activation", value: JSON.stringify(name), supported });
}
