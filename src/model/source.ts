/** What every file format of models comes down to: a shape, weights that are read one by one, and a tokenizer. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { FindWeight } from "./architectures/types.ts";
import { ModelFailure } from "./error.ts";
import type { ModelConfig, Tokenizer } from "./types.ts";

/** A model on disk of which only the headers have been read. */
export interface ModelSource {
  path: string;
  config: ModelConfig;
  /** Every weight, by its Hugging Face name. */
  weights: ReadonlyMap<string, SourceWeight>;
  /** Tensors that cannot be weights here, and what they are: of another type, or of no known name. */
  others: ReadonlyMap<string, string>;
  /** The files that hold the weights. */
  files: readonly string[];
  openTokenizer(): Promise<Tokenizer>;
  /** What else a folder of this model holds: config.json for float32, and the tokenizer's files. */
  companions(): Promise<Companion[]>;
}

/** A file of a model that is no weight. */
export interface Companion {
  name: string;
  content: string | Uint8Array;
}

/** A weight on disk. */
export interface SourceWeight {
  shape: readonly number[];
  /** Reads it as float32, row by row. */
  read(): Promise<Float32Array>;
}

/** The weights of a model, found and checked at once, and read when they are asked for. The name of each in its file goes into `used`. */
export function weightsOf({ path, weights, others }: ModelSource, used = new Set<string>()): FindWeight {
  return (name, shape) => {
    // Names of older files leave out the family's prefix.
    const own = weights.has(name) ? name : name.replace(/^(transformer|model)\./, "");
    const weight = weights.get(own);
    const expected = `[${shape}]`;
    const other = others.get(name) ?? others.get(own);
    const found = weight ? `[${weight.shape}]` : other === undefined ? "absent" : `of the type ${other}`;
    if (weight === undefined || found !== expected)
      throw new ModelFailure({ kind: "weight", path, name, expected, found });
    used.add(own);
    return () => weight.read();
  };
}

/** Tensors that say nothing: tables that are computed here, and masks of GPT-2's attention. */
const silent = /(^|\.)rotary_emb\.inv_freq$|^(transformer\.)?h\.\d+\.attn\.(masked_)?bias$|attn_rot_embd\.weight$/;

/** Throws if the files hold a tensor that the decoder has no place for: the model would be another one. */
export function checkAllUsed({ path, config, weights, others }: ModelSource, used: ReadonlySet<string>): void {
  const names = [...weights.keys(), ...others.keys()].filter(
    (name) => !used.has(name) && !silent.test(name) && !(config.tied && name === "lm_head.weight"),
  );
  if (names.length > 0) throw new ModelFailure({ kind: "unused", path, names });
}

/** A hash of the shape and of every byte of the weight files. */
export async function hashSource({ config, files }: ModelSource): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(config));
  for (const file of files)
    await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) hash.update(chunk);
    });
  return hash.digest("hex").slice(0, 16);
}

/** A config.json of a model whose weights are float32 in its file. */
export function configText({ dtype: _dtype, ...config }: { [field: string]: unknown }): string {
  return `${JSON.stringify({ ...config, torch_dtype: "float32" }, null, 2)}\n`;
}

/** Throws if a tokenizer has more ids than the model. */
export function checkTokenizer(path: string, tokenizer: Tokenizer, { vocabulary }: ModelConfig): Tokenizer {
  if (tokenizer.size <= vocabulary) return tokenizer;
  const expected = `at most ${vocabulary} tokens`;
  throw new ModelFailure({ kind: "weight", path, name: "of the tokenizer", expected, found: `${tokenizer.size}` });
}
