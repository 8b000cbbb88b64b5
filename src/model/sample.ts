/** Drawing a token from logits: temperature, top-k, top-p. */

import { fillExp } from "./exp.ts";

/** How tokens are drawn. */
export interface SamplingOptions {
  /** Divides the logits; 0 takes the most likely token. @default 1 */
  temperature?: number;
  /** Only the k most likely tokens; 0 for all. @default 0 */
  topK?: number;
  /** Only the most likely tokens that together have this probability, in (0, 1]. @default 1 */
  topP?: number;
}

/**
 * Draws a token. Fills `weights` with the distribution, not normalised. At temperature 0 the most likely token has all
 * the weight. Throws a RangeError if a logit is not a number.
 */
export function draw(
  logits: Float32Array,
  weights: Float64Array,
  options: SamplingOptions,
  stream: { uniform(): number },
): { id: number; logProb: number; total: number } {
  const { top, total } = fillDistribution(logits, weights, options);
  if (options.temperature === 0) return { id: top, logProb: 0, total };
  let left = stream.uniform() * total;
  let id = top;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    left -= weight;
    id = i;
    if (left < 0) break;
  }
  return { id, logProb: Math.log(weights[id]! / total), total };
}

/** Fills `weights` with the distribution that a token is drawn from, not normalised; gives the likeliest token and the weights' sum. */
export function fillDistribution(
  logits: Float32Array,
  weights: Float64Array,
  { temperature = 1, topK = 0, topP = 1 }: SamplingOptions,
): { top: number; total: number } {
  let top = 0;
  let most = logits[0]!;
  for (let i = 1; i < logits.length; i++)
    if (logits[i]! > most) {
      most = logits[i]!;
      top = i;
    }
  if (!Number.isFinite(most)) throw new RangeError(`The largest logit is ${most}: the model or its head is broken`);
  if (temperature === 0) {
    weights.fill(0);
    weights[top] = 1;
    return { top, total: 1 };
  }
  let total = fillExp(logits, most, temperature, weights);
  if (Number.isNaN(total)) throw new RangeError("A logit is not a number: the model or its head is broken");
  const cuts = topK > 0 && topK < logits.length;
  if (cuts) keepTop(weights, topK);
  if (topP < 1) keepMass(weights, topP);
  if (cuts || topP < 1) total = weights.reduce((sum, weight) => sum + weight, 0);
  return { top, total };
}

/** Zeroes all but the k largest; of equals the first stay. */
function keepTop(weights: Float64Array, k: number): void {
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b);
  for (const i of order.slice(k)) weights[i] = 0;
}

/** Zeroes all but the largest that together reach the share; at least one stays. */
function keepMass(weights: Float64Array, share: number): void {
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b);
  const enough = share * weights.reduce((sum, weight) => sum + weight, 0);
  let mass = 0;
  let kept = 0;
  while (kept < order.length && mass < enough) mass += weights[order[kept++]!]!;
  for (const i of order.slice(Math.max(1, kept))) weights[i] = 0;
}

/** Throws a RangeError that names an option out of its range. */
export function checkSampling({ temperature = 1, topK = 0, topP = 1 }: SamplingOptions): void {
  const expect = (name: string, holds: boolean, expected: string, value: unknown): void => {
    if (!holds) throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${String(value)}`);
  };
  expect("temperature", temperature >= 0 && Number.isFinite(temperature), "0 or a positive number", temperature);
  expect("topK", Number.isSafeInteger(topK) && topK >= 0, "0 (all) or a positive integer", topK);
  expect("topP", topP > 0 && topP <= 1, "above 0 and at most 1", topP);
}
