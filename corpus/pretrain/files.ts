/**
 * A model's folder as Hugging Face has it (config.json, model.safetensors), the token table, and the checkpoint of a run
 * that is under way. A crash leaves the old file or the new one.
 */

import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type NamedTensor,
  packSafetensors,
  readSafetensorsHeader,
  readTensor,
  type TokenTable,
} from "../../src/model/index.ts";
import type { PretrainState } from "./train.ts";
import { layerNormEpsilon, type ModelSize, sizeOf, weightShapes } from "./transformer.ts";

/** Writes the folder that Transformers opens with `GPT2LMHeadModel.from_pretrained`. Half precision. */
export function writeModel(folder: string, size: ModelSize, weights: Float32Array, table: TokenTable): void {
  mkdirSync(folder, { recursive: true });
  replaceFile(join(folder, "config.json"), `${JSON.stringify(configOf(size, table.end), null, 2)}\n`);
  replaceFile(join(folder, "tokens.json"), `${JSON.stringify(table)}\n`);
  replaceFile(
    join(folder, "model.safetensors"),
    packSafetensors(nameWeights(size, weights), { type: "F16", metadata: { format: "pt" } }),
  );
}

function configOf({ vocabulary, context, width, layers, heads }: ModelSize, end: number): object {
  return {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    activation_function: "gelu_new",
    vocab_size: vocabulary,
    n_positions: context,
    n_ctx: context,
    n_embd: width,
    n_layer: layers,
    n_head: heads,
    n_inner: null,
    layer_norm_epsilon: layerNormEpsilon,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    scale_attn_weights: true,
    tie_word_embeddings: true,
    bos_token_id: end,
    eos_token_id: end,
    torch_dtype: "float16",
  };
}

function nameWeights(size: ModelSize, weights: Float32Array): NamedTensor[] {
  let at = 0;
  return weightShapes(size).map(({ name, shape }) => {
    const values = weights.slice(at, at + sizeOf(shape));
    at += values.length;
    return { name, shape, values };
  });
}

/** Saves a run under way. `settings` is what must be the same to go on from it. */
export function writeCheckpoint(file: string, state: PretrainState, settings: object): void {
  const { weights, mean, square, steps } = state;
  mkdirSync(dirname(file), { recursive: true });
  const tensors = Object.entries({ weights, mean, square }).map(([name, values]) => ({
    name,
    shape: [values.length],
    values,
  }));
  replaceFile(
    file,
    packSafetensors(tensors, { metadata: { steps: String(steps), settings: JSON.stringify(settings) } }),
  );
}

/** The run to go on with: null where there is none, or one of other settings. */
export async function readCheckpoint(file: string, settings: object): Promise<PretrainState | null> {
  if (!existsSync(file)) return null;
  const { places, metadata } = await readSafetensorsHeader(file);
  if (metadata.settings !== JSON.stringify(settings)) return null;
  const [weights, mean, square] = await Promise.all(
    ["weights", "mean", "square"].map((name) => readTensor(places.get(name)!)),
  );
  return { weights: weights!, mean: mean!, square: square!, steps: Number(metadata.steps) };
}

function replaceFile(file: string, content: string | Buffer): void {
  writeFileSync(`${file}.part`, content);
  renameSync(`${file}.part`, file);
}
