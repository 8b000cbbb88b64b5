/**
 * A model in a folder in Hugging Face's format: config.json, model.safetensors (or shards with an index), and
 * tokenizer.json or this project's tokens.json.
 */

import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { readConfig } from "./config.ts";
import { ModelFailure } from "./error.ts";
import { readSafetensorsHeader, readTensor, type TensorPlace } from "./safetensors.ts";
import { type Companion, checkTokenizer, configText, type ModelSource } from "./source.ts";
import { openHuggingFaceTokenizer, openTokenTable, type TokenTable } from "./tokens.ts";
import type { ModelConfig, Tokenizer } from "./types.ts";

/** Longest JSON file that is read; the largest known tokenizers have 35 MB. */
const longestJson = 256 * 1024 * 1024;

/** Reads the headers of a folder. Throws a ModelFailure that says what is missing, damaged or not supported. */
export async function readFolder(path: string): Promise<ModelSource> {
  const file = await readJson(path, "config.json");
  const config = readConfig(path, file);
  const { places, others } = await findTensors(path);
  return {
    path,
    config,
    others,
    files: [...new Set([...places.values()].map((place) => place.path))].sort(),
    weights: new Map(
      [...places].map(([name, place]) => [name, { shape: place.shape, read: () => readTensor(place) }] as const),
    ),
    openTokenizer: () => openTokenizer(path, file, config),
    companions: () => companionsOf(path, file),
  };
}

/** The folder's small files as they are, and a config that says float32. */
async function companionsOf(path: string, file: { [key: string]: unknown }): Promise<Companion[]> {
  const found: Companion[] = [{ name: "config.json", content: configText(file) }];
  for (const name of await readdir(path))
    if (/\.(json|txt|jinja|model)$/.test(name) && name !== "config.json" && !/\.index\.json$|^adapter_/.test(name))
      found.push({ name, content: await readFile(join(path, name)) });
  return found;
}

/** Where each tensor lies: in one file, or in the shards that an index names. */
async function findTensors(path: string): Promise<{ places: Map<string, TensorPlace>; others: Map<string, string> }> {
  const single = join(path, "model.safetensors");
  if (existsSync(single)) return readSafetensorsHeader(single);
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
  const all = { places: new Map<string, TensorPlace>(), others: new Map<string, string>() };
  for (const name of names) {
    if (!existsSync(join(path, name))) throw new ModelFailure({ kind: "missing", path, what: name });
    const { places, others } = await readSafetensorsHeader(join(path, name));
    for (const [tensor, place] of places) all.places.set(tensor, place);
    for (const [tensor, type] of others) all.others.set(tensor, type);
  }
  return all;
}

async function openTokenizer(path: string, file: { [key: string]: unknown }, config: ModelConfig): Promise<Tokenizer> {
  const damaged = (name: string, cause: unknown) =>
    new ModelFailure({ kind: "damaged", path: join(path, name), reason: String((cause as Error).message) }, { cause });
  if (existsSync(join(path, "tokens.json"))) {
    const table = (await readJson(path, "tokens.json")) as unknown as TokenTable;
    try {
      return checkTokenizer(path, await openTokenTable(table), config);
    } catch (cause) {
      throw cause instanceof ModelFailure ? cause : damaged("tokens.json", cause);
    }
  }
  if (!existsSync(join(path, "tokenizer.json")))
    throw new ModelFailure({ kind: "missing", path, what: "tokenizer.json or tokens.json" });
  const json = await readJson(path, "tokenizer.json");
  const optional = async (name: string) => (existsSync(join(path, name)) ? await readJson(path, name) : {});
  const settings = await optional("tokenizer_config.json");
  // What Transformers generates with; older models have it in their config alone.
  const ends = [(await optional("generation_config.json")).eos_token_id ?? file.eos_token_id ?? []].flat();
  const end = ends.filter(
    (id): id is number => Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < config.vocabulary,
  );
  const own = join(path, "chat_template.jinja");
  const template = existsSync(own) ? await readFile(own, "utf8") : undefined;
  try {
    return checkTokenizer(
      path,
      await openHuggingFaceTokenizer({ path, file: json, config: settings, end, template }),
      config,
    );
  } catch (cause) {
    throw cause instanceof ModelFailure ? cause : damaged("tokenizer.json", cause);
  }
}

async function readJson(path: string, name: string): Promise<{ [key: string]: unknown }> {
  const damaged = (reason: string, cause?: unknown) =>
    new ModelFailure({ kind: "damaged", path: join(path, name), reason }, { cause });
  let text: string;
  try {
    const { size } = await stat(join(path, name));
    if (size > longestJson) throw damaged(`it has ${size} bytes, more than the ${longestJson} that are read`);
    text = await readFile(join(path, name), "utf8");
  } catch (cause) {
    if (cause instanceof ModelFailure) throw cause;
    throw new ModelFailure({ kind: "missing", path, what: name }, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged("it is not JSON", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged("it is not a JSON object");
  return value as { [key: string]: unknown };
}
