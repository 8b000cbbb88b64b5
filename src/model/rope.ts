/**
 * Rotary positions: each pair of numbers of a query or key is rotated by its position times a frequency. Plain, and the ways
 * that stretch a model beyond the length it was trained on. Source: Transformers' modeling_rope_utils; Peng et al. 2023
 * (YaRN). Not here: how a config spells them (`config-rope.ts`).
 */

import type { GraphParts } from "./onnx.ts";
import type { ModelConfig } from "./types.ts";

type Rotary = Pick<ModelConfig, "headWidth" | "context" | "ropeTheta" | "rope">;

/** Radians a position, one for each pair. `length` is that of the whole text, which only `dynamic` heeds. */
export function rotaryFrequencies({ headWidth, ropeTheta = 10_000, rope }: Rotary, length = 0): Float64Array {
  const base =
    rope?.kind === "dynamic" && length > rope.original
      ? ropeTheta *
        ((rope.factor * length) / rope.original - (rope.factor - 1)) ** (headWidth / Math.max(1, headWidth - 2))
      : ropeTheta;
  const half = headWidth / 2;
  const plain = Float64Array.from({ length: half }, (_, i) => 1 / base ** (i / half));
  switch (rope?.kind) {
    case undefined:
    case "dynamic":
      return plain;
    case "linear":
      return plain.map((frequency) => frequency / rope.factor);
    case "divided":
      return plain.map((frequency, i) => frequency / rope.by[i]!);
    case "llama3":
      return plain.map((frequency) => {
        const turns = (rope.original * frequency) / (2 * Math.PI);
        // Slow ones are divided, fast ones stay, and between them it is a straight line.
        const share = Math.min(1, Math.max(0, (turns - rope.lowFactor) / (rope.highFactor - rope.lowFactor)));
        return (1 - share) * (frequency / rope.factor) + share * frequency;
      });
    case "yarn": {
      const { factor, betaFast, betaSlow, truncate, original } = rope;
      const pairAt = (turns: number) =>
        (headWidth * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(ropeTheta));
      const low = Math.max(0, truncate ? Math.floor(pairAt(betaFast)) : pairAt(betaFast));
      const high = Math.min(headWidth - 1, truncate ? Math.ceil(pairAt(betaSlow)) : pairAt(betaSlow));
      const width = high === low ? 0.001 : high - low;
      return plain.map((frequency, i) => {
        const ramp = Math.min(1, Math.max(0, (i - low) / width));
        return ramp * (frequency / factor) + (1 - ramp) * frequency;
      });
    }
    default:
      return rope satisfies never;
  }
}

/** What cosines and sines are multiplied by. */
export function rotaryScale({ rope }: Pick<ModelConfig, "rope">): number {
  return rope?.kind === "yarn" ? rope.attention : 1;
}

/**
 * Adds what turns heads [batch, heads, length, headWidth] by the positions [batch, length]. With `dynamic` the frequencies of
 * all positions of a pass are those of its last one, row by row, as Transformers has it; what was seen in earlier passes
 * stays as it was rotated then.
 */
export function rotaryRotation(g: GraphParts, config: ModelConfig, positions: string): (heads: string) => string {
  const { context, rope } = config;
  if (rope?.kind === "dynamic" && context > rope.original) {
    const [cosines, sines] = dynamicTables(g, config, rope.original, positions);
    return (heads) => g.op("RotaryEmbedding", [heads, cosines, sines]);
  }
  const tables = rotaryTables(g, config);
  return (heads) => g.op("RotaryEmbedding", [heads, ...tables, positions]);
}

/** Adds the cosines and the sines of all positions, [context, headWidth / 2] each; not for `dynamic`. */
export function rotaryTables(g: GraphParts, config: ModelConfig): string[] {
  const { context, headWidth } = config;
  const half = headWidth / 2;
  const frequencies = rotaryFrequencies(config);
  const scale = rotaryScale(config);
  return [Math.cos, Math.sin].map((f) => {
    const at = (i: number) => scale * f(Math.floor(i / half) * frequencies[i % half]!);
    return g.constant(
      Float32Array.from({ length: context * half }, (_, i) => at(i)),
      [context, half],
    );
  });
}

/** Cosines and sines of each new position, [batch, length, headWidth / 2], by the frequencies of its row's length. */
function dynamicTables(
  g: GraphParts,
  config: ModelConfig,
  original: number,
  positions: string,
): readonly [string, string] {
  const half = config.headWidth / 2;
  const longer = config.context - original + 1;
  const rows = Array.from({ length: longer }, (_, i) => rotaryFrequencies(config, original + i));
  const table = g.constant(Float32Array.from(rows.flatMap((row) => [...row])), [longer, half]);
  const last = g.op("ReduceMax", [positions, g.int64(1)], { keepdims: { int: 1 } });
  const row = g.op("Max", [g.op("Sub", [last, g.int64(original - 1)]), g.int64(0)]);
  const places = g.op("Unsqueeze", [g.op("Cast", [positions], { to: { int: 1 } }), g.int64(2)]);
  const angles = g.op("Mul", [places, g.op("Gather", [table, row])]);
  return [g.op("Cos", [angles]), g.op("Sin", [angles])];
}
