/**
 * Adapters as PEFT keeps them (Hugging Face's library of adapters): a folder with `adapter_config.json` and
 * `adapter_model.safetensors`. PEFT has a pair for each of a model's own matrices; here matrices that read the same input share A. A
 * shared one is written to each; several that differ are put side by side, with as much more rank.
 */

import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { diskFailure, replaceTogether } from "../data/write.ts";
import { adaptedLayers, adaptedMatrices, blockPrefix } from "./adapter.ts";
import { ModelFailure } from "./error.ts";
import { transpose } from "./matmul.ts";
import { type NamedTensor, packSafetensors, readSafetensorsHeader, readTensor } from "./safetensors.ts";
import type { AdaptedMatrix, AdapterWeights, ModelConfig } from "./types.ts";

/** Fields of an adapter's config that make of it another than two matrices that are multiplied and added, if they say anything. */
const plainFields = [
  ...["use_dora", "use_qalora", "rank_pattern", "alpha_pattern", "modules_to_save", "trainable_token_indices"],
  ...["alora_invocation_tokens", "layer_replication"],
];

const configFile = "adapter_config.json";
const weightsFile = "adapter_model.safetensors";

/** An adapter to be written: its numbers with the scale not in B, which PEFT multiplies by `lora_alpha / r`. */
export interface PeftAdapter extends AdapterWeights {
  blocks: number;
  scale: number;
  /** The name or path of the model that it was learned on. */
  base?: string | undefined;
}

/**
 * Writes an adapter into a folder.
 * @throws {DiskFailure} where the disk is full or the place is not writable; an adapter that was there is kept
 */
export async function writePeft(folder: string, config: ModelConfig, adapter: PeftAdapter): Promise<void> {
  const { blocks, scale, base, pairs } = adapter;
  const matrices = adaptedMatrices(config);
  const layers = adaptedLayers(config, blocks);
  const tensors: NamedTensor[] = [];
  for (const [i, layer] of layers.entries())
    for (const [j, { from, to, parts }] of matrices.entries()) {
      const { rank, A, B } = pairs[i * matrices.length + j]!;
      let start = 0;
      for (const part of parts) {
        const name = tensorName(config, layer, part.name);
        tensors.push({ name: `${name}.lora_A.weight`, shape: [rank, from], values: transpose(A, from, rank) });
        const own = new Float32Array(part.to * rank);
        for (let out = 0; out < part.to; out++)
          for (let r = 0; r < rank; r++) own[out * rank + r] = B[r * to + start + out]!;
        tensors.push({ name: `${name}.lora_B.weight`, shape: [part.to, rank], values: own });
        start += part.to;
      }
    }
  const { rank } = pairs[0]!;
  const about = {
    ...{ peft_type: "LORA", task_type: "CAUSAL_LM", base_model_name_or_path: base ?? null, inference_mode: true },
    ...{ r: rank, lora_alpha: scale * rank, lora_dropout: 0, bias: "none", use_rslora: false, use_dora: false },
    fan_in_fan_out: config.family === "gpt2",
    target_modules: matrices.flatMap(({ parts }) => parts.map(({ name }) => name)),
    ...{ layers_to_transform: layers, layers_pattern: config.family === "gpt2" ? "h" : "layers" },
  };
  const weights = packSafetensors(tensors, { metadata: { format: "pt" } });
  try {
    await replaceTogether(folder, [
      { name: weightsFile, write: (part) => writeFile(part, weights) },
      { name: configFile, write: (part) => writeFile(part, `${JSON.stringify(about, null, 2)}\n`) },
    ]);
  } catch (cause) {
    throw diskFailure(folder, cause, { wanted: "folder", chosenBy: "`saveAdapter`" });
  }
}

/** Reads an adapter: its numbers, the scale in B, and how many of the last blocks it changes. Throws a ModelFailure for what is not supported. */
export async function readPeft(
  folder: string,
  config: ModelConfig,
): Promise<{ blocks: number; weights: AdapterWeights }> {
  const scale = await readScale(folder);
  if (!existsSync(join(folder, weightsFile))) throw refused(folder, `it has no ${weightsFile}`);
  const { places, others } = await readSafetensorsHeader(join(folder, weightsFile));
  const left = new Set([...places.keys(), ...others.keys()]);
  const take = async (name: string, shape: readonly [number, number]): Promise<Float32Array> => {
    const place = places.get(name)!;
    left.delete(name);
    if (`${place.shape}` !== `${shape}`)
      throw refused(folder, `${name} is [${place.shape}], and for this model it has to be [${shape}]`);
    return readTensor(place);
  };
  const first = adaptedLayers(config, config.layers).find((layer) =>
    [...places.keys()].some((name) => name.startsWith(`base_model.model.${blockPrefix(config, layer)}`)),
  );
  const blocks = first === undefined ? 0 : config.layers - first;
  const pairs: AdapterWeights["pairs"][number][] = [];
  for (const layer of adaptedLayers(config, blocks))
    for (const matrix of adaptedMatrices(config)) {
      const found: Found[] = [];
      for (const { name, to } of matrix.parts) {
        const own = tensorName(config, layer, name);
        const [one, other] = [`${own}.lora_A.weight`, `${own}.lora_B.weight`];
        const [rank] = places.get(one)?.shape ?? [];
        if (rank === undefined) {
          found.push(null); // a B by itself is left over below
          continue;
        }
        if (!places.has(other)) throw refused(folder, `it has ${one} without ${other}`);
        found.push({ rank, A: await take(one, [rank, matrix.from]), B: await take(other, [to, rank]) });
      }
      pairs.push(together(matrix, found, scale));
    }
  if (left.size > 0 || blocks === 0)
    throw refused(folder, `this model has no place for ${[...left].slice(0, 3).join(", ") || "what it holds"}`);
  return { blocks, weights: { pairs } };
}

/** A matrix's pair of PEFT's: A [rank, from], B [to, rank]; null where it has none. */
type Found = { rank: number; A: Float32Array; B: Float32Array } | null;

/** One pair for matrices side by side. */
function together({ from, to, parts }: AdaptedMatrix, found: readonly Found[], scale: (rank: number) => number) {
  const there = found.filter((one) => one !== null);
  const shared = there.length > 0 && there.every(({ A }) => A.every((value, i) => value === there[0]!.A[i]));
  const rank = Math.max(1, shared ? there[0]!.rank : there.reduce((sum, one) => sum + one.rank, 0));
  const [A, B] = [new Float32Array(from * rank), new Float32Array(rank * to)];
  let [row, start] = [0, 0];
  for (const [i, one] of found.entries()) {
    if (one !== null) {
      const factor = scale(one.rank);
      for (let r = 0; r < one.rank; r++) {
        for (let x = 0; x < from; x++) A[x * rank + row + r] = one.A[r * from + x]!;
        for (let out = 0; out < parts[i]!.to; out++)
          B[(row + r) * to + start + out] = factor * one.B[out * one.rank + r]!;
      }
      if (!shared) row += one.rank;
    }
    start += parts[i]!.to;
  }
  return { rank, A, B };
}

function tensorName(config: ModelConfig, layer: number, part: string): string {
  return `base_model.model.${blockPrefix(config, layer)}${part}`;
}

function refused(path: string, reason: string, cause?: unknown): ModelFailure {
  return new ModelFailure({ kind: "adapter", path, reason }, { cause });
}

/** What a pair's product is multiplied by, from its rank. */
async function readScale(folder: string): Promise<(rank: number) => number> {
  const path = join(folder, configFile);
  if (!existsSync(path)) throw refused(folder, `it has no ${configFile}, which PEFT writes`);
  let about: { [field: string]: unknown };
  try {
    about = JSON.parse(await readFile(path, "utf8")) as typeof about;
  } catch (cause) {
    throw refused(folder, `its ${configFile} is not JSON`, cause);
  }
  const refuse = (field: string): never => {
    const supported =
      "what is supported is LoRA on the model's own weights, for every token, without biases, with one rank and one scale";
    throw refused(folder, `its ${field} is ${JSON.stringify(about[field])}; ${supported}`);
  };
  if (about.peft_type !== "LORA") refuse("peft_type");
  if ((about.bias ?? "none") !== "none") refuse("bias");
  const isPlain = (value: unknown) =>
    value == null || value === false || (typeof value === "object" && Object.keys(value).length === 0);
  for (const field of plainFields) if (!isPlain(about[field])) refuse(field);
  // These change the model's own weights when they begin, which PEFT does again when it opens one.
  if (/^(pissa|olora|corda|loftq)/i.test(String(about.init_lora_weights))) refuse("init_lora_weights");
  const { lora_alpha: alpha } = about;
  if (!Number.isFinite(alpha)) refuse("lora_alpha");
  return (rank) => (alpha as number) / (about.use_rslora === true ? Math.sqrt(rank) : rank);
}
