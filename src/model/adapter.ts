/**
 * Low-rank adapters (LoRA, Hu et al. 2022) of a decoder's last blocks: a matrix W [from, to] of theirs becomes W + A B, A [from, rank]
 * and B [rank, to]. Here: which matrices there are, and how a graph takes A and B as inputs, so that new weights need no
 * new session. Not here: how they are learned (`policy/token/adapter/`).
 */

import { createHash } from "node:crypto";
import { architectureOf } from "./architectures/index.ts";
import type { Adapt } from "./architectures/types.ts";
import { ModelFailure } from "./error.ts";
import type { GraphParts } from "./onnx.ts";
import type { AdaptedMatrix, AdapterWeights, ModelConfig } from "./types.ts";

/** The matrices of one block that an adapter may change, in the order that its weights are in. */
export function adaptedMatrices(config: ModelConfig): AdaptedMatrix[] {
  return architectureOf(config).matrices(config);
}

/** What the Hugging Face names of a block's tensors begin with. */
export function blockPrefix(config: ModelConfig, layer: number): string {
  return architectureOf(config).blockPrefix(layer);
}

/** The blocks that an adapter of the last `blocks` changes. */
export function adaptedLayers({ layers }: ModelConfig, blocks: number): number[] {
  return Array.from({ length: blocks }, (_, i) => layers - blocks + i);
}

/**
 * Checks that a model can be adapted so.
 * @throws {RangeError | ModelFailure} where it has fewer blocks, or positions whose rotation depends on what comes after them
 */
export function checkAdapted(path: string, { layers, rope, context }: ModelConfig, blocks: number): void {
  if (!(Number.isSafeInteger(blocks) && blocks >= 1 && blocks <= layers))
    throw new RangeError(`Expected an adapter's \`blocks\` to be from 1 to the model's ${layers}, got ${blocks}`);
  if (rope?.kind === "dynamic" && context > rope.original)
    throw new ModelFailure({
      ...{ kind: "unsupported", path, what: "an adapter on the rotary scaling", value: '"dynamic"' },
      supported: "adapters are, on models whose rotary positions do not depend on the length of the text",
    });
}

/** The names of a matrix's two inputs in a graph. */
function adapterInputs(layer: number, name: string): { A: string; B: string } {
  return { A: `adapter.${layer}.${name}.A`, B: `adapter.${layer}.${name}.B` };
}

/** Declares the inputs of the last `blocks`' adapters. */
export function declareAdapters(g: GraphParts, config: ModelConfig, blocks: number): void {
  for (const layer of adaptedLayers(config, blocks))
    for (const { name, from, to } of adaptedMatrices(config)) {
      const { A, B } = adapterInputs(layer, name);
      g.input(A, "float32", [from, `rank.${layer}.${name}`]);
      g.input(B, "float32", [`rank.${layer}.${name}`, to]);
    }
}

/** What adds the last `blocks`' adapters, in a graph that has them as inputs or within one that has. */
export function adapting(g: GraphParts, config: ModelConfig, blocks: number): Adapt {
  const adapted = new Set(adaptedLayers(config, blocks));
  return (x, product, layer, name) => {
    if (!adapted.has(layer)) return product;
    const { A, B } = adapterInputs(layer, name);
    return g.op("Add", [product, g.op("MatMul", [g.op("MatMul", [x, A]), B])]);
  };
}

/** An adapter's numbers as a graph's inputs. */
export function adapterParts(
  config: ModelConfig,
  blocks: number,
  { pairs }: AdapterWeights,
): { name: string; values: Float32Array; shape: [number, number] }[] {
  const matrices = adaptedMatrices(config);
  return adaptedLayers(config, blocks).flatMap((layer, i) =>
    matrices.flatMap(({ name, from, to }, j) => {
      const { rank, A, B } = pairs[i * matrices.length + j]!;
      const names = adapterInputs(layer, name);
      return [
        { name: names.A, values: A, shape: [from, rank] as [number, number] },
        { name: names.B, values: B, shape: [rank, to] as [number, number] },
      ];
    }),
  );
}

/** What tells an adapter's numbers from others. */
export function adapterHash({ pairs }: AdapterWeights): string {
  const hash = createHash("sha256");
  for (const { rank, A, B } of pairs) {
    hash.update(`rank ${rank}`);
    for (const { buffer, byteOffset, byteLength } of [A, B])
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex").slice(0, 16);
}

/** The weights of an adapter that changes nothing. */
export function emptyAdapter(config: ModelConfig, blocks: number): AdapterWeights {
  const matrices = adaptedMatrices(config);
  return {
    pairs: adaptedLayers(config, blocks).flatMap(() =>
      matrices.map(({ from, to }) => ({ rank: 1, A: new Float32Array(from), B: new Float32Array(to) })),
    ),
  };
}

/** Throws a RangeError for weights that are none of this decoder's. */
export function checkAdapter(config: ModelConfig, blocks: number, { pairs }: AdapterWeights): void {
  const matrices = adaptedMatrices(config);
  if (pairs.length !== blocks * matrices.length)
    throw new RangeError(
      `Expected an adapter of ${blocks} blocks to have ${blocks * matrices.length} pairs of matrices, got ${pairs.length}`,
    );
  for (const [i, { rank, A, B }] of pairs.entries()) {
    const { name, from, to } = matrices[i % matrices.length]!;
    if (A.length !== from * rank || B.length !== rank * to || rank < 1)
      throw new RangeError(
        `Expected the pair ${i} of an adapter (${name}) to be [${from}, ${rank}] and [${rank}, ${to}], got ${A.length} and ${B.length} numbers`,
      );
  }
}
