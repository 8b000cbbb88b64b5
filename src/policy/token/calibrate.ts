/**
 * What a head must know of the frozen model before it learns: which tokens the model uses and how its hidden state is
 * spread, both from samples on training prompts only. Without standardising, half of the hidden state's energy is one
 * constant vector and the head collapses on it.
 */

import { type Decoder, type GenerateOptions, generate } from "../../model/index.ts";
import { createRandom } from "../../random/index.ts";

/** What samples of the frozen model say. */
export interface Calibration {
  /** Ids of the tokens that were drawn, ascending. */
  tokenSubset: number[];
  /** Mean and standard deviation of the hidden state. Shape [width]. */
  mean: Float32Array;
  deviation: Float32Array;
  /** Tokens that were looked at. */
  tokens: number;
}

/** Draws `samples` programs, and looks at them. `prompts` are used in turn. */
export async function calibrate(
  decoder: Decoder,
  options: Omit<GenerateOptions, "prompts" | "streams" | "onLogits" | "onToken"> & {
    prompts: readonly (readonly number[])[];
    samples: number;
    batch: number;
    seed: number;
  },
): Promise<Calibration> {
  const { prompts, samples, batch, seed, ...rest } = options;
  if (prompts.length === 0) throw new RangeError("Expected at least one prompt to calibrate the head with, got none");
  const { width } = decoder.config;
  const seen = new Set<number>();
  const sum = new Float64Array(width);
  const squares = new Float64Array(width);
  let tokens = 0;
  for (let from = 0; from < samples; from += batch) {
    const indices = Array.from({ length: Math.min(batch, samples - from) }, (_, i) => from + i);
    const drawn = await generate(decoder, {
      ...rest,
      prompts: indices.map((i) => prompts[i % prompts.length]!),
      streams: indices.map((i) => createRandom(seed, "calibrate", i)),
      onLogits: ({ hidden }) => {
        for (let i = 0; i < hidden.length; i++) {
          sum[i % width]! += hidden[i]!;
          squares[i % width]! += hidden[i]! ** 2;
        }
        tokens += hidden.length / width;
      },
    });
    for (const { ids } of drawn) for (const id of ids) seen.add(id);
  }
  const mean = Float32Array.from(sum, (value) => value / tokens);
  const deviation = Float32Array.from(squares, (value, i) =>
    Math.max(1e-3, Math.sqrt(Math.max(0, value / tokens - mean[i]! ** 2))),
  );
  return { tokenSubset: [...seen].sort((a, b) => a - b), mean, deviation, tokens };
}
