/**
 * Opens a model from a folder in Hugging Face's format: config.json, model.safetensors (or shards with an index), and
 * tokenizer.json or this project's tokens.json. Memory is computed from the files' headers and checked before it is taken.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { freemem } from "node:os";
import { join } from "node:path";
import { readConfig } from "./config.ts";
import { createDecoder, type RunOptions } from "./decoder.ts";
import { ModelFailure } from "./error.ts";
import { decoderGraph, type ReadWeight } from "./graph.ts";
import { readSafetensorsHeader, readTensor, type TensorPlace } from "./safetensors.ts";
import { openHuggingFaceTokenizer, openTokenTable, type TokenTable } from "./tokens.ts";
import type { Decoder, ModelConfig, Tokenizer } from "./types.ts";

/** Opens the model in a folder. Throws a ModelFailure that says what is missing, damaged or not supported. */
export async function openModel(path: string, options: RunOptions = {}): Promise<Decoder> {
  const file = (await readJson(path, "config.json")) as { [key: string]: unknown };
  const config = readConfig(path, file);
  const places = await findTensors(path);
  checkMemory(path, places);
  const tokenizer = await openTokenizer(path, file, config);
  const weights = new Map<string, Float32Array>();
  const hash = createHash("sha256").update(JSON.stringify(config));
  for (const [name, place] of [...places].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const values = await readTensor(place);
    weights.set(name, values);
    hash.update(name).update(new Uint8Array(values.buffer));
  }
  const read = weightReader(path, places, weights);
  const graph = Buffer.concat(decoderGraph(config, read));
  const word = config.family === "gpt2" ? "transformer.wte.weight" : "model.embed_tokens.weight";
  const output = read(config.tied ? word : "lm_head.weight", [config.vocabulary, config.width]);
  weights.clear();
  const digest = hash.digest("hex").slice(0, 16);
  return createDecoder({ graph, config, tokenizer, hash: digest, outputWeight: () => output }, options);
}

/** Weights by name, with the names of older files that leave out the family's prefix. */
function weightReader(path: string, places: Map<string, TensorPlace>, weights: Map<string, Float32Array>): ReadWeight {
  return (name, shape) => {
    const own = places.has(name) ? name : name.replace(/^(transformer|model)\./, "");
    const place = places.get(own);
    const expected = `[${shape}]`;
    const found = place === undefined ? "absent" : `[${place.shape}]`;
    if (found !== expected) throw new ModelFailure({ kind: "weight", path, name, expected, found });
    return weights.get(own)!;
  };
}

/** Where each tensor lies: in one file, or in the shards that an index names. */
async function findTensors(path: string): Promise<Map<string, TensorPlace>> {
  const single = join(path, "model.safetensors");
  if (existsSync(single)) return (await readSafetensorsHeader(single)).places;
  const index = "model.safetensors.index.json";
  if (!existsSync(join(path, index))) throw new ModelFailure({ kind: "missing", path, what: "model.safetensors" });
  const { weight_map: map } = (await readJson(path, index)) as { weight_map?: { [name: string]: string } };
  const names = [...new Set(Object.values(map ?? {}))];
  const strange = names.find((name) => typeof name !== "string" || /[/\\]|^\.\.?$/.test(name));
  if (strange !== undefined || names.length === 0)
    throw new ModelFailure({
      kind: "damaged",
      path: join(path, index),
      reason: `it names the shard ${JSON.stringify(strange)}`,
    });
  const all = new Map<string, TensorPlace>();
  for (const name of names) {
    if (!existsSync(join(path, name))) throw new ModelFailure({ kind: "missing", path, what: name });
    for (const [tensor, place] of (await readSafetensorsHeader(join(path, name))).places) all.set(tensor, place);
  }
  return all;
}

/** Weights as float32, once more inside the graph, and once in the runtime. */
function checkMemory(path: string, places: Map<string, TensorPlace>): void {
  const count = [...places.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const neededMiB = Math.ceil((count * 4 * 3) / 2 ** 20);
  const freeMiB = Math.floor(freemem() / 2 ** 20);
  if (neededMiB > freeMiB) throw new ModelFailure({ kind: "memory", path, neededMiB, freeMiB });
}

async function openTokenizer(path: string, file: { [key: string]: unknown }, config: ModelConfig): Promise<Tokenizer> {
  const damaged = (name: string, cause: unknown) =>
    new ModelFailure({ kind: "damaged", path: join(path, name), reason: String((cause as Error).message) }, { cause });
  if (existsSync(join(path, "tokens.json"))) {
    const table = (await readJson(path, "tokens.json")) as TokenTable;
    try {
      return checkSize(path, await openTokenTable(table), config);
    } catch (cause) {
      throw cause instanceof ModelFailure ? cause : damaged("tokens.json", cause);
    }
  }
  if (!existsSync(join(path, "tokenizer.json")))
    throw new ModelFailure({ kind: "missing", path, what: "tokenizer.json or tokens.json" });
  const json = (await readJson(path, "tokenizer.json")) as object;
  const settings = existsSync(join(path, "tokenizer_config.json")) ? await readJson(path, "tokenizer_config.json") : {};
  const ends = [file.eos_token_id ?? []].flat().filter((id): id is number => Number.isSafeInteger(id));
  try {
    return checkSize(path, await openHuggingFaceTokenizer(json, settings as object, ends), config);
  } catch (cause) {
    throw cause instanceof ModelFailure ? cause : damaged("tokenizer.json", cause);
  }
}

function checkSize(path: string, tokenizer: Tokenizer, { vocabulary }: ModelConfig): Tokenizer {
  if (tokenizer.size <= vocabulary) return tokenizer;
  const expected = `at most ${vocabulary} tokens`;
  throw new ModelFailure({ kind: "weight", path, name: "of the tokenizer", expected, found: `${tokenizer.size}` });
}

async function readJson(path: string, name: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(join(path, name), "utf8");
  } catch (cause) {
    throw new ModelFailure({ kind: "missing", path, what: name }, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ModelFailure({ kind: "damaged", path: join(path, name), reason: "it is not JSON" }, { cause });
  }
}
