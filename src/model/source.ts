/** What every file format of models comes down to: a shape, weights that are read one by one, and a tokenizer. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ModelFailure } from "./error.ts";
import type { FindWeight } from "./families.ts";
import type { ModelConfig, Tokenizer } from "./types.ts";

/** A model on disk of which only the headers have been read. */
export interface ModelSource {
  path: string;
  config: ModelConfig;
  /** Every weight, by its Hugging Face name. */
  weights: ReadonlyMap<string, SourceWeight>;
  /** The files that hold the weights. */
  files: readonly string[];
  openTokenizer(): Promise<Tokenizer>;
}

/** A weight on disk. */
export interface SourceWeight {
  shape: readonly number[];
  /** Reads it as float32, row by row. */
  read(): Promise<Float32Array>;
}

/** Finds a weight by name and shape; names of older files leave out the family's prefix. */
function findWeight({ path, weights }: ModelSource, name: string, shape: readonly number[]): SourceWeight {
  const found = weights.get(name) ?? weights.get(name.replace(/^(transformer|model)\./, ""));
  const expected = `[${shape}]`;
  const has = found === undefined ? "absent" : `[${found.shape}]`;
  if (found === undefined || has !== expected)
    throw new ModelFailure({ kind: "weight", path, name, expected, found: has });
  return found;
}

/** The weights of a model, found and checked at once, and read when they are asked for. */
export function weightsOf(source: ModelSource): FindWeight {
  return (name, shape) => {
    const weight = findWeight(source, name, shape);
    return () => weight.read();
  };
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

/** Throws if a tokenizer has more ids than the model. */
export function checkTokenizer(path: string, tokenizer: Tokenizer, { vocabulary }: ModelConfig): Tokenizer {
  if (tokenizer.size <= vocabulary) return tokenizer;
  const expected = `at most ${vocabulary} tokens`;
  throw new ModelFailure({ kind: "weight", path, name: "of the tokenizer", expected, found: `${tokenizer.size}` });
}
