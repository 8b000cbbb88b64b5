/** What a family of decoders gives: how its files spell a shape, what its tensors are called, and the pieces of its graph. */

import type { Dtype } from "../matmul.ts";
import type { GraphParts, LoadFloats } from "../onnx.ts";
import type { AdaptedMatrix, ModelConfig } from "../types.ts";

/** A parsed `config.json`. */
export type Json = { readonly [field: string]: unknown };

/**
 * A weight by its Hugging Face name, to be read as float32, row by row, when the graph is written. Throws at once if there
 * is none or its shape is another.
 */
export type FindWeight = (name: string, shape: readonly number[]) => LoadFloats;

/** The pieces. A position is a row: x is [batch * length, width]. */
export interface Parts {
  embed(tokens: string): string;
  /** Queries [batch, kvHeads, heads / kvHeads * length, headWidth], keys and values [batch, kvHeads, length, headWidth]. */
  project(x: string, layer: number): { q: string; k: string; v: string };
  /** What the heads saw, [batch * length, heads * headWidth], back to the width. */
  attentionOutput(seen: string, layer: number): string;
  mlp(x: string, layer: number): string;
  /** The last norm and the output, of [batch, width], under the given names. */
  lmHead(x: string, names: { hidden: string; logits: string }): void;
}

/** What adds an adapter's part to a product with a matrix. */
export type Adapt = (x: string, product: string, layer: number, name: string) => string;

/** What the pieces are made with. */
export interface Build {
  config: ModelConfig;
  weight: FindWeight;
  dtype: Dtype;
  rotated: boolean;
  /** [batch, length]. */
  positions: string;
  /** Adds an adapter's part to a product with one of the block's `matrices`, before its bias. */
  adapt: Adapt;
  /** Shapes as tensors of whole numbers: [batch * length], and [batch, length, -1, headWidth]. */
  shapes: { rows: string; heads: string };
}

/** One way in which files spell the family's shape: a `model_type` of config.json, an architecture of GGUF. */
export interface ConfigType {
  /** Fields of config.json that are read; of the others those that change nothing are passed over (`config-fields.ts`). */
  fields: readonly string[];
  /** Reads them. Throws a ModelFailure for what is not supported or cannot be. */
  readConfig(path: string, file: Json): ModelConfig;
}

/** What a GGUF file says of a shape. */
export interface GgufShape {
  path: string;
  /** As its config.json would call it. */
  type: string;
  /** A key under the architecture's name. */
  of(key: string): unknown;
  /** Of the tensors, the fastest dimension first. */
  shapes: ReadonlyMap<string, readonly number[]>;
  /** The tensor rope_freqs.weight: what each rotary frequency is divided by. */
  divisors?: readonly number[] | undefined;
  vocabulary: number | undefined;
  tied: boolean;
}

/** How the numbers of a GGUF tensor lie: as at Hugging Face, rows for columns, or pairs of each head side by side. */
export type GgufLayout = { kind: "same" } | { kind: "transposed" } | { kind: "pairs"; heads: number };

/** The family in llama.cpp's files. */
export interface GgufFamily {
  /** The shape, by way of the config.json that Hugging Face's model would have (`readConfig`). */
  readConfig(shape: GgufShape, readConfig: (path: string, file: Json) => ModelConfig): ModelConfig;
  /** Hugging Face's names of tensors outside of layers, and within them. */
  names: { readonly [part: string]: string };
  layerNames: { readonly [part: string]: string };
  /** What stands before the number of a layer in Hugging Face's names. */
  layerPrefix: string;
  layoutOf(name: string, type: unknown, config: ModelConfig): GgufLayout;
}

/** A family of decoders. */
export interface Architecture {
  /** `ModelConfig.family` of its models. */
  family: string;
  /** By `model_type`. */
  types: { readonly [type: string]: ConfigType };
  /** Why its heads do not fit; null where they do. */
  faultOf(config: ModelConfig): string | null;
  /** Numbers in the feed-forward part of a layer, and in what places a token. */
  countWeights(config: ModelConfig): { mlp: number; places: number };
  parts(g: GraphParts, build: Build): Parts;
  /** The matrices of a block that an adapter may change, and what their Hugging Face names begin with. */
  matrices(config: ModelConfig): AdaptedMatrix[];
  blockPrefix(layer: number): string;
  gguf: GgufFamily;
}
