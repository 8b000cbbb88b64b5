/** The rotary settings of a `config.json`, in both spellings: `rope_scaling` with `rope_theta` beside it, and Transformers 5's `rope_parameters`. */

import { ModelFailure } from "./error.ts";
import type { RopeScaling } from "./types.ts";

type Json = { readonly [key: string]: unknown };

/** Fields that are read, of one kind of scaling or another; Transformers ignores those of other kinds, and so do we. */
const known = new Set([
  ...["rope_type", "type", "rope_theta", "factor", "original_max_position_embeddings", "low_freq_factor"],
  ...["high_freq_factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate"],
  // Says that the model was trained at its new length.
  ...["finetuned"],
]);
/** Fields of older code that are harmless at this value. */
const neutral: Json = { partial_rotary_factor: 1, extrapolation_factor: 1, attn_factor: 1 };

/** What a config says of rotary positions, and the length that it makes of the model's own. */
export interface RopeSettings {
  theta: number;
  rope?: RopeScaling;
  context: number;
}

/** Reads them. `length` is `max_position_embeddings`. Throws a ModelFailure that names what is not supported or cannot be. */
export function readRope(path: string, file: Json, length: number): RopeSettings {
  const name = file.rope_scaling == null ? "rope_parameters" : "rope_scaling";
  const fields = (file.rope_scaling ?? file.rope_parameters ?? {}) as Json;
  if (typeof fields !== "object" || Array.isArray(fields)) throw damaged(path, name, fields);
  for (const [field, value] of Object.entries(fields))
    if (!known.has(field) && value != null && value !== neutral[field])
      throw new ModelFailure({ kind: "field", path, field: `${name}.${field}`, value: JSON.stringify(value) });
  const partial = file.partial_rotary_factor;
  if (partial != null && partial !== 1)
    throw new ModelFailure({ kind: "field", path, field: "partial_rotary_factor", value: JSON.stringify(partial) });
  const number = (field: string, fallback?: number, least = 0): number => {
    const value = fields[field] ?? fallback;
    if (typeof value === "number" && Number.isFinite(value) && value > least) return value;
    throw damaged(path, `${name}.${field}`, value);
  };
  const theta = fields.rope_theta ?? file.rope_theta ?? 10_000;
  if (typeof theta !== "number" || !(theta > 1) || !Number.isFinite(theta)) throw damaged(path, "rope_theta", theta);
  const kind = String(fields.rope_type ?? fields.type ?? "default");
  const given = file.original_max_position_embeddings;
  const original = () =>
    Math.floor(number("original_max_position_embeddings", typeof given === "number" ? given : length));
  switch (kind) {
    case "default":
      return { theta, context: length };
    // These two multiply the length that the config still gives as the trained one.
    case "linear": {
      const factor = number("factor");
      return { theta, rope: { kind, factor }, context: longer(path, length, factor) };
    }
    case "dynamic": {
      const factor = number("factor");
      return { theta, rope: { kind, factor, original: length }, context: longer(path, length, factor) };
    }
    case "llama3": {
      const lowFactor = number("low_freq_factor");
      const highFactor = number("high_freq_factor", undefined, lowFactor);
      const rope = { kind, factor: number("factor"), lowFactor, highFactor, original: original() } as const;
      return { theta, rope, context: length };
    }
    case "yarn": {
      const trained = original();
      const factor = fields.factor == null ? length / trained : number("factor");
      const rope = { kind, factor, attention: attentionOf(fields, number, factor), original: trained } as const;
      const [betaFast, betaSlow] = [number("beta_fast", 32), number("beta_slow", 1)];
      const context = Math.max(length, longer(path, trained, factor));
      return { theta, rope: { ...rope, betaFast, betaSlow, truncate: fields.truncate !== false }, context };
    }
    default:
      throw new ModelFailure({
        kind: "unsupported",
        path,
        what: "the rotary scaling",
        value: JSON.stringify(kind),
        supported: "default, linear, dynamic, llama3 and yarn are",
      });
  }
}

/** YaRN's factor on cosines and sines: told, or from how far the model is stretched. */
function attentionOf(fields: Json, number: (field: string, fallback?: number) => number, factor: number): number {
  if (fields.attention_factor != null) return number("attention_factor");
  const of = (scale: number) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  const told = Boolean(fields.mscale) && Boolean(fields.mscale_all_dim);
  return told ? of(number("mscale")) / of(number("mscale_all_dim")) : of(1);
}

function longer(path: string, length: number, factor: number): number {
  const result = Math.floor(length * factor);
  if (result >= 1 && result <= 2 ** 24) return result;
  throw damaged(path, "rope_scaling.factor", factor);
}

function damaged(path: string, field: string, value: unknown): ModelFailure {
  return new ModelFailure({ kind: "damaged", path, reason: `config.json says ${field} is ${JSON.stringify(value)}` });
}
