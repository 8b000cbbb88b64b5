/**
 * The frozen weights of a decoder's last blocks and of its output as constants of a graph, read from the model's files when the graph
 * is written. Not here: what is computed with them (`tail-graph.ts`), the same in TF.js (`frozen.ts`).
 */

import {
  type AdaptedBlocks,
  type AdaptedMatrix,
  adaptedLayers,
  adaptedMatrices,
  blockPrefix,
  type GraphBuilder,
  type LoadFloats,
  type ModelConfig,
  rotaryTables,
} from "../../../model/index.ts";
import { concat } from "../evaluation.ts";
import { hasBias } from "./frozen.ts";
import type { GraphMatrix } from "./tape.ts";

/** The frozen weights of the last blocks as constants of a graph. */
export interface GraphTail {
  config: ModelConfig;
  blocks: readonly GraphBlock[];
  norm: GraphNorm;
  /** The output weight [vocabulary, width]. */
  unembedding: string;
  rotation: { cosines: string; sines: string } | null;
  /** Positions that all begin with, and the states that entered for them, [prefix, width]. */
  prefix: { length: number; entering: string };
}

/** A norm's factors, and what it adds (GPT-2). */
interface GraphNorm {
  factors: string;
  bias: string | null;
}

/** One block. */
interface GraphBlock {
  layer: number;
  norms: { attention: GraphNorm; mlp: GraphNorm };
  matrices: { readonly [name in AdaptedMatrix["name"]]: GraphMatrix };
}

/** Puts them into a graph; they are read when the graph is written. */
export function addTail(
  g: GraphBuilder,
  config: ModelConfig,
  { blocks, read }: AdaptedBlocks,
  prefix: { length: number; entering: Float32Array },
): GraphTail {
  const { width, vocabulary, tied, ropeTheta } = config;
  const isGpt2 = config.family === "gpt2";
  const load =
    (name: string, ...shape: number[]): LoadFloats =>
    () =>
      read(name, shape);
  const norm = (name: string): GraphNorm => ({
    factors: g.constant(load(`${name}.weight`, width), [width]),
    bias: isGpt2 ? g.constant(load(`${name}.bias`, width), [width]) : null,
  });
  const matrix = (at: string, { from, to, parts, name }: AdaptedMatrix): GraphMatrix => {
    // GPT-2's are [in, out] at Hugging Face, Llama's [out, in] and side by side.
    const loads = parts.map((part) =>
      load(`${at}${part.name}.weight`, ...(isGpt2 ? [from, part.to] : [part.to, from])),
    );
    const biases = parts.map((part) => load(`${at}${part.name}.bias`, part.to));
    return {
      weight: g.constant(oneAfterTheOther(loads), isGpt2 ? [from, to] : [to, from]),
      turned: !isGpt2,
      bias: hasBias(config, name) ? g.constant(oneAfterTheOther(biases), [to]) : null,
    };
  };
  const [attention, mlp] = isGpt2 ? ["ln_1", "ln_2"] : ["input_layernorm", "post_attention_layernorm"];
  const block = (layer: number): GraphBlock => {
    const at = blockPrefix(config, layer);
    const own = adaptedMatrices(config).map((one) => [one.name, matrix(at, one)]);
    return {
      layer,
      norms: { attention: norm(`${at}${attention}`), mlp: norm(`${at}${mlp}`) },
      matrices: Object.fromEntries(own) as GraphBlock["matrices"],
    };
  };
  const [cosines, sines] = ropeTheta === undefined ? [] : rotaryTables(g, config);
  const embedding = isGpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight";
  return {
    config,
    blocks: adaptedLayers(config, blocks).map(block),
    norm: norm(isGpt2 ? "transformer.ln_f" : "model.norm"),
    unembedding: g.constant(load(tied ? embedding : "lm_head.weight", vocabulary, width), [vocabulary, width]),
    rotation: cosines === undefined ? null : { cosines, sines: sines! },
    prefix: { length: prefix.length, entering: g.constant(prefix.entering, [prefix.length, width]) },
  };
}

function oneAfterTheOther(loads: readonly LoadFloats[]): LoadFloats {
  return async () => {
    const parts: Float32Array[] = [];
    for (const load of loads) parts.push(await load());
    return concat(parts);
  };
}
