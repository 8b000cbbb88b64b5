/**
 * A model with its adapter merged in, as a folder that Transformers opens, and this library: config.json, model.safetensors
 * and the tokenizer's files. W becomes W + A B, every other weight is as it was; numbers are float32. Not here: the adapter by
 * itself (`peft.ts`).
 */

import { existsSync, realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { diskFailure, replaceTogether } from "../data/write.ts";
import { adaptedLayers, adaptedMatrices, blockPrefix } from "./adapter.ts";
import { type StreamedTensor, writeSafetensors } from "./safetensors.ts";
import type { ModelSource } from "./source.ts";
import type { AdapterWeights, ModelConfig } from "./types.ts";

/**
 * Writes a model with an adapter of its last blocks merged in.
 * @throws {ModelFailure} where the model's own file has what config.json has no field for
 * @throws {RangeError} where the folder is the model's own
 * @throws {DiskFailure} where the disk is full or the place is not writable; a model that was there is kept
 */
export async function writeMerged(folder: string, source: ModelSource, adapter: Adapter): Promise<void> {
  if (existsSync(folder) && existsSync(source.path) && realpathSync(folder) === realpathSync(source.path))
    throw new RangeError(`The folder ${folder} is the model's own: give another one for the merged model`);
  const companions = await source.companions();
  const changes = changesOf(source.config, adapter);
  const tensors = [...source.weights].map(([name, { shape, read }]): StreamedTensor => {
    const change = changes.get(name) ?? changes.get(`${familyPrefix(source.config)}${name}`);
    return { name, shape, read: async () => (change ? change(await read()) : read()) };
  });
  try {
    await replaceTogether(folder, [
      {
        name: "model.safetensors",
        write: (part) => writeSafetensors(part, tensors, { metadata: { format: "pt" } }),
      },
      ...companions.map(({ name, content }) => ({ name, write: (part: string) => writeFile(part, content) })),
    ]);
  } catch (cause) {
    throw diskFailure(folder, cause, { wanted: "folder", chosenBy: "`saveMerged`" });
  }
}

interface Adapter extends AdapterWeights {
  blocks: number;
}

/** What adds an adapter's products to the weights that it changes, by their names. */
function changesOf(
  config: ModelConfig,
  { blocks, pairs }: Adapter,
): Map<string, (values: Float32Array) => Float32Array> {
  const matrices = adaptedMatrices(config);
  // GPT-2's weights are [in, out] at Hugging Face, Llama's [out, in].
  const turned = config.family !== "gpt2";
  const changes = new Map<string, (values: Float32Array) => Float32Array>();
  for (const [i, layer] of adaptedLayers(config, blocks).entries())
    for (const [j, { from, to, parts }] of matrices.entries()) {
      const { rank, A, B } = pairs[i * matrices.length + j]!;
      let start = 0;
      for (const part of parts) {
        const first = start;
        changes.set(`${blockPrefix(config, layer)}${part.name}.weight`, (values) => {
          const merged = Float32Array.from(values);
          for (let x = 0; x < from; x++)
            for (let out = 0; out < part.to; out++) {
              let sum = 0;
              for (let r = 0; r < rank; r++) sum += A[x * rank + r]! * B[r * to + first + out]!;
              merged[turned ? out * from + x : x * part.to + out]! += sum;
            }
          return merged;
        });
        start += part.to;
      }
    }
  return changes;
}

/** What names of older files leave out. */
function familyPrefix({ family }: ModelConfig): string {
  return family === "gpt2" ? "transformer." : "model.";
}
