/**
 * An adapter's gradient on ONNX Runtime (`update-graph.ts`): of the policy gradient's loss, and of no other. The same parts and the
 * same numbers as by TF.js (`evaluation.ts`). Not here: when it is used instead of TF.js (`training/engine.ts`), the
 * optimiser's step.
 */

import { type Decoder, type GraphInput, type OpenGraph, openGraph, type Provider } from "../../../model/index.ts";
import type { Action, GradientEngine, GradientInput, GradientOptions, PolicyGradient } from "../../types.ts";
import {
  type Batch,
  batchOf,
  causalMask,
  mostPositions,
  type Placed,
  partsOf,
  placed,
  stride,
  tokensOf,
} from "./parts.ts";
import type { AdapterTrace } from "./trace.ts";
import { adapterUpdateGraph } from "./update-graph.ts";
import type { AdapterVariables } from "./weights.ts";

/** What an engine is made for: whose adapter, the loss's settings, the temperature of the draw, and how an action's trace is read. */
export interface AdapterGradientOptions extends GradientOptions {
  provider: Provider;
  decoder: Decoder;
  adapter: AdapterVariables;
  prefix: Batch["prefix"];
  temperature: number;
  read: (action: Action) => AdapterTrace;
}

/** How much is run at once: positions of a part, and states that go through the vocabulary. A card has the memory for more. */
const sizes = { cpu: { positions: mostPositions, states: 256 }, cuda: { positions: 8 * mostPositions, states: 2048 } };

/** Opens an engine. Throws a ModelFailure where ONNX Runtime or its provider cannot be had. */
export async function openAdapterGradient(options: AdapterGradientOptions): Promise<GradientEngine> {
  const { provider, decoder, adapter, prefix, temperature, entropyBonus, klCoef } = options;
  const { config, adapted } = decoder;
  const { positions, states } = sizes[provider === "cuda" ? "cuda" : "cpu"];
  const uses = { entropy: entropyBonus !== 0, kl: klCoef !== 0 };
  const { rank, scale } = adapter;
  const shape = { config, adapted: adapted!, prefix, rank, scale, temperature, uses, states };
  const graph = await openGraph(adapterUpdateGraph(shape), { provider });
  return {
    device: graph.device,
    gradient: (input) => gradientOf(graph, input, options, positions),
    dispose: () => graph.release(),
  };
}

async function gradientOf(
  graph: OpenGraph,
  { actions, advantages, counts }: GradientInput,
  { decoder, adapter, prefix, read, ...options }: AdapterGradientOptions,
  positions: number,
): Promise<PolicyGradient> {
  const all = placed(actions.map(read));
  const slopes = slopesOf({ advantages, counts }, options);
  const counted = all.filter(({ trace, first }) => trace.ids.some((_, t) => counts[first + t] !== 0));
  const isTold = options.klCoef !== 0;
  const judged = isTold ? counted : all.filter((_, i) => i % stride(all.length) === 0);
  const others = isTold ? [] : counted.filter((one) => !judged.includes(one));
  const weights = await weightsOf(adapter);
  const gradients = adapter.variables.map(({ size }) => new Float32Array(size));
  const values = drawnValues(all);
  for (const [programs, judge] of [
    [others, 0],
    [judged, 1],
  ] as const)
    for (const part of partsOf(programs, positions)) {
      const tokens = tokensOf(part);
      const found = await graph.run({
        ...inputsOf(part, { prefix, decoder }),
        slopes: { values: rowsOf(slopes, tokens), shape: [tokens.length, 3] },
        ...(!isTold && { judge: { values: Float32Array.of(judge), shape: [1] } }),
        ...weights,
      });
      for (const [i, sum] of gradients.entries())
        for (const [at, value] of found[`slope.${i >> 1}.${"AB"[i & 1]}`]!.entries()) sum[at]! += value;
      for (const [row, token] of tokens.entries())
        values.set(found.values!.subarray(row * 3, (row + 1) * 3), token * 3);
    }
  return { gradients, ...numbersOf(values, slopes, tokensOf(judged)) };
}

/** The slopes of the policy gradient's loss in each token's log-probability, entropy and divergence, [tokens, 3]. */
function slopesOf(
  { advantages, counts }: Pick<GradientInput, "advantages" | "counts">,
  { entropyBonus, klCoef, summed }: GradientOptions,
): Float32Array {
  let total = 0;
  for (const count of counts) total += count;
  total = Math.max(1, total);
  const slopes = new Float32Array(counts.length * 3);
  for (const [i, count] of counts.entries()) {
    slopes[3 * i] = -advantages[i]! / (summed ? 1 : total);
    slopes[3 * i + 1] = (-entropyBonus * count) / total;
    slopes[3 * i + 2] = (klCoef * count) / total;
  }
  return slopes;
}

/** What the blocks of a graph run over, and the drawn tokens. */
export function inputsOf(
  part: readonly Placed[],
  { prefix, decoder: { config } }: Pick<AdapterGradientOptions, "prefix" | "decoder">,
): { [name: string]: GraphInput } {
  const { rows, length, entering, wanted } = batchOf(part, prefix, config.width);
  const ids = Int32Array.from(part.flatMap(({ trace }) => [...trace.ids]));
  const mask = (reach: number): GraphInput => ({
    values: causalMask({ before: prefix.length, length }, reach),
    shape: [length, prefix.length + length],
  });
  return {
    own: { values: entering, shape: [rows, length, config.width] },
    wanted: { values: wanted, shape: [wanted.length] },
    ids: { values: ids, shape: [ids.length] },
    mask: mask(Number.POSITIVE_INFINITY),
    ...(config.window && { "mask.windowed": mask(config.window.size) }),
  };
}

/** The adapter's weights for the graph, as they stand in TF.js. */
export async function weightsOf({ variables }: AdapterVariables): Promise<{ [name: string]: GraphInput }> {
  const read = variables.map(async (variable, i) => {
    const values = (await variable.data()) as Float32Array;
    return [`pair.${i >> 1}.${"AB"[i & 1]}`, { values, shape: variable.shape }] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

/** Each token's numbers as it was drawn, [tokens, 3]: nothing has moved since. */
function drawnValues(programs: readonly Placed[]): Float32Array {
  return Float32Array.from(
    programs.flatMap(({ trace: { ids, logProbs, entropy } }) =>
      Array.from(ids, (_, t) => [logProbs[t]!, entropy[t]!, 0]).flat(),
    ),
  );
}

function rowsOf(values: Float32Array, tokens: Int32Array): Float32Array {
  const rows = new Float32Array(tokens.length * 3);
  for (const [row, token] of tokens.entries()) rows.set(values.subarray(token * 3, (token + 1) * 3), row * 3);
  return rows;
}

/** The loss, the mean entropy of all tokens, and the mean divergence of those that it was told of. */
function numbersOf(values: Float32Array, slopes: Float32Array, told: Int32Array): Omit<PolicyGradient, "gradients"> {
  let [loss, entropy, kl] = [0, 0, 0];
  for (const [i, slope] of slopes.entries()) loss += slope * values[i]!;
  for (let i = 1; i < values.length; i += 3) entropy += values[i]!;
  for (const token of told) kl += values[3 * token + 2]!;
  return { loss, entropy: (3 * entropy) / Math.max(1, values.length), kl: kl / Math.max(1, told.length) };
}
