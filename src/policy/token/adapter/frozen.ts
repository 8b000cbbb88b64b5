/**
 * The frozen weights of a decoder's last blocks and of its output, as TF.js tensors: what an adapter's update runs over. Read
 * from the model's files once, when a policy first draws to learn. Not here: what is computed with them (`blocks.ts`).
 */

import type * as TF from "@tensorflow/tfjs";
import {
  type AdaptedBlocks,
  type AdaptedMatrix,
  adaptedLayers,
  adaptedMatrices,
  blockPrefix,
  type Decoder,
  type ModelConfig,
} from "../../../model/index.ts";
import { tf } from "../../tensors.ts";
import { concat } from "../evaluation.ts";

/** A frozen matrix [from, to], the same turned for the way back, and its bias. */
export interface FrozenMatrix {
  forth: TF.Tensor2D;
  back: TF.Tensor2D;
  bias: TF.Tensor1D | null;
}

/** A norm's factors, and what it adds (GPT-2). */
export interface FrozenNorm {
  factors: TF.Tensor1D;
  bias: TF.Tensor1D | null;
}

/** One block. */
export interface FrozenBlock {
  layer: number;
  norms: { attention: FrozenNorm; mlp: FrozenNorm };
  matrices: { readonly [name in AdaptedMatrix["name"]]: FrozenMatrix };
}

/** The last blocks, the last norm and the output. */
export interface FrozenTail {
  config: ModelConfig;
  blocks: readonly FrozenBlock[];
  norm: FrozenNorm;
  /** The output weight [vocabulary, width]. */
  unembedding: TF.Tensor2D;
  dispose(): void;
}

/** Reads them. The tensors are the caller's, and no tidy's. */
export async function readTail({ config }: Decoder, { blocks, read }: AdaptedBlocks): Promise<FrozenTail> {
  const held: TF.Tensor[] = [];
  const keep = <T extends TF.Tensor>(tensor: T): T => {
    held.push(tf.keep(tensor));
    return tensor;
  };
  const { width, vocabulary, tied } = config;
  const vector = async (name: string, size: number) => keep(tf.tensor1d(await read(name, [size])));
  const isGpt2 = config.family === "gpt2";
  const norm = async (name: string): Promise<FrozenNorm> => ({
    factors: await vector(`${name}.weight`, width),
    bias: isGpt2 ? await vector(`${name}.bias`, width) : null,
  });
  const matrix = async (prefix: string, { from, to, parts, name }: AdaptedMatrix): Promise<FrozenMatrix> => {
    const all: Float32Array[] = [];
    // GPT-2's are [in, out] at Hugging Face, Llama's [out, in] and side by side.
    for (const part of parts)
      all.push(await read(`${prefix}${part.name}.weight`, isGpt2 ? [from, part.to] : [part.to, from]));
    const biases: Float32Array[] = [];
    if (hasBias(config, name))
      for (const part of parts) biases.push(await read(`${prefix}${part.name}.bias`, [part.to]));
    const given = keep(tf.tensor2d(concat(all), isGpt2 ? [from, to] : [to, from]));
    const turned = keep(tf.transpose(given));
    const bias = biases.length === 0 ? null : keep(tf.tensor1d(concat(biases)));
    return isGpt2 ? { forth: given, back: turned, bias } : { forth: turned, back: given, bias };
  };
  const readBlock = async (layer: number): Promise<FrozenBlock> => {
    const prefix = blockPrefix(config, layer);
    const [attention, mlp] = isGpt2 ? ["ln_1", "ln_2"] : ["input_layernorm", "post_attention_layernorm"];
    const matrices = {} as { [name in AdaptedMatrix["name"]]: FrozenMatrix };
    for (const one of adaptedMatrices(config)) matrices[one.name] = await matrix(prefix, one);
    return {
      layer,
      norms: { attention: await norm(`${prefix}${attention}`), mlp: await norm(`${prefix}${mlp}`) },
      matrices,
    };
  };
  const all: FrozenBlock[] = [];
  for (const layer of adaptedLayers(config, blocks)) all.push(await readBlock(layer));
  const embedding = isGpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight";
  return {
    config,
    blocks: all,
    norm: await norm(isGpt2 ? "transformer.ln_f" : "model.norm"),
    unembedding: keep(
      tf.tensor2d(await read(tied ? embedding : "lm_head.weight", [vocabulary, width]), [vocabulary, width]),
    ),
    dispose: () => tf.dispose(held),
  };
}

/** Whether a block's matrix has a bias. */
export function hasBias(
  { family, attentionBias, outputBias, feedBias }: ModelConfig,
  name: AdaptedMatrix["name"],
): boolean {
  if (family === "gpt2") return true;
  const biased = { attention: attentionBias, output: outputBias, up: feedBias, down: feedBias };
  return biased[name] === true;
}
