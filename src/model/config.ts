/** Hugging Face's `config.json` as a decoder's shape. Sources: GPT2Config, LlamaConfig, Qwen2Config. */

import { ModelFailure } from "./error.ts";
import type { ModelConfig } from "./types.ts";

/** Reads a parsed `config.json`. Throws a ModelFailure for a model that is not supported or a number that cannot be. */
export function readConfig(path: string, file: { [key: string]: unknown }): ModelConfig {
  const type = String(file.model_type);
  const count = (key: string, fallback?: unknown): number => {
    const value = file[key] ?? fallback;
    if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > 2 ** 24)
      throw new ModelFailure({ kind: "damaged", path, reason: `config.json says ${key} is ${JSON.stringify(value)}` });
    return value as number;
  };
  const positive = (key: string, fallback: number): number => {
    const value = file[key] ?? fallback;
    if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value))
      throw new ModelFailure({ kind: "damaged", path, reason: `config.json says ${key} is ${JSON.stringify(value)}` });
    return value;
  };
  const config =
    type === "gpt2" ? gpt2Config(path, file, count, positive) : llamaConfig(path, type, file, count, positive);
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

type Count = (key: string, fallback?: unknown) => number;
type Positive = (key: string, fallback: number) => number;

function gpt2Config(path: string, file: { [key: string]: unknown }, count: Count, positive: Positive): ModelConfig {
  const width = count("n_embd");
  const heads = count("n_head");
  return {
    family: "gpt2",
    layers: count("n_layer"),
    width,
    heads,
    kvHeads: heads,
    headWidth: Math.floor(width / heads),
    feedForward: count("n_inner", 4 * width),
    vocabulary: count("vocab_size"),
    context: count("n_positions"),
    tied: file.tie_word_embeddings !== false,
    normEpsilon: positive("layer_norm_epsilon", 1e-5),
    activation: activationOf(path, file.activation_function ?? "gelu_new"),
  };
}

function llamaConfig(
  path: string,
  type: string,
  file: { [key: string]: unknown },
  count: Count,
  positive: Positive,
): ModelConfig {
  const unsupported = (what: string, value: unknown, supported: string) =>
    new ModelFailure({ kind: "unsupported", path, what, value: JSON.stringify(value), supported });
  if (type !== "llama" && type !== "qwen2")
    throw unsupported("the model type", file.model_type, "gpt2, llama and qwen2 are");
  const scaling = file.rope_scaling as { rope_type?: unknown; type?: unknown } | null | undefined;
  const kind = scaling?.rope_type ?? scaling?.type ?? "default";
  if (kind !== "default") throw unsupported("the rotary scaling", kind, "the plain one is");
  const parameters = file.rope_parameters as { rope_theta?: unknown } | null | undefined;
  const theta = file.rope_theta ?? parameters?.rope_theta;
  const width = count("hidden_size");
  const heads = count("num_attention_heads");
  return {
    family: "llama",
    layers: count("num_hidden_layers"),
    width,
    heads,
    kvHeads: count("num_key_value_heads", heads),
    headWidth: count("head_dim", Math.floor(width / heads)),
    feedForward: count("intermediate_size"),
    vocabulary: count("vocab_size"),
    context: count("max_position_embeddings", 2048),
    tied: file.tie_word_embeddings === true,
    normEpsilon: positive("rms_norm_eps", 1e-6),
    attentionBias: type === "qwen2" || file.attention_bias === true,
    ropeTheta: typeof theta === "number" ? theta : 10_000,
    activation: activationOf(path, file.hidden_act ?? "silu"),
  };
}

function activationOf(path: string, name: unknown): ModelConfig["activation"] {
  const known: { [name: string]: ModelConfig["activation"] } = {
    gelu_new: "gelu_new",
    gelu_pytorch_tanh: "gelu_new",
    gelu: "gelu",
    silu: "silu",
    swish: "silu",
    relu: "relu",
  };
  const found = Object.hasOwn(known, String(name)) ? known[String(name)] : undefined;
  if (found !== undefined) return found;
  const supported = `${Object.keys(known).join(", ")} are`;
  throw new ModelFailure({ kind: "unsupported", path, what: "the activation", value: JSON.stringify(name), supported });
}
