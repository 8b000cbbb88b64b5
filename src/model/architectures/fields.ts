/** Fields of a `config.json`, each checked as it is read. */

import { ModelFailure } from "../error.ts";
import type { ModelConfig } from "../types.ts";
import type { Json } from "./types.ts";

/** Fields that every family has. */
export const commonFields = ["model_type", "vocab_size", "tie_word_embeddings"];

/** Reads fields of a config, each checked. */
export function reader(path: string, file: Json) {
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

/** The function between the layers of the feed-forward part, by any of its names. */
export function activationOf(path: string, name: unknown): ModelConfig["activation"] {
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
