/** Seeded intervals and summaries, so that a claim comes with its uncertainty and repeats to the last digit. */

import { createRandom } from "../random/index.ts";

/** An estimate and the ends of its interval. */
export interface Interval {
  estimate: number;
  low: number;
  high: number;
}

/** Arithmetic mean; NaN of an empty list. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation (n - 1); 0 of fewer than two values. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/**
 * Percentile bootstrap of a statistic (Efron 1979), seeded.
 * @param values at least one number
 * @returns the statistic of the values and the ends of its interval at `confidence` (default 0.95)
 */
export function bootstrapInterval(
  values: readonly number[],
  {
    statistic = mean,
    confidence = 0.95,
    resamples = 2000,
    seed = 0,
  }: { statistic?: (values: readonly number[]) => number; confidence?: number; resamples?: number; seed?: number } = {},
): Interval {
  if (values.length === 0) throw new RangeError("Expected at least one value to bootstrap, got none");
  const random = createRandom(seed, "bootstrap");
  const draws = Array.from({ length: resamples }, () =>
    statistic(Array.from(values, () => values[random.integer(values.length)]!)),
  ).sort((a, b) => a - b);
  const at = (share: number): number =>
    draws[Math.min(resamples - 1, Math.max(0, Math.round(share * (resamples - 1))))]!;
  return { estimate: statistic(values), low: at((1 - confidence) / 2), high: at((1 + confidence) / 2) };
}

/** Wilson's score interval (1927) for a share of `count` in `total`; z 1.96 is 95 %. */
export function wilsonInterval(count: number, total: number, z = 1.959964): Interval {
  if (!(total > 0) || count < 0 || count > total)
    throw new RangeError(`Expected a count between 0 and a positive total, got ${count} of ${total}`);
  const share = count / total;
  const scale = 1 + z ** 2 / total;
  const centre = (share + z ** 2 / (2 * total)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / total + z ** 2 / (4 * total ** 2));
  return { estimate: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Shannon entropy (nats) of a distribution given as probabilities. */
export function entropyOf(probabilities: readonly number[]): number {
  return 0 - probabilities.reduce((sum, p) => (p > 0 ? sum + p * Math.log(p) : sum), 0);
}

/** Interquartile mean: of the middle half, the outer values weighted by the part of them that is inside (Agarwal 2021). */
export function interquartileMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Expected at least one value for an interquartile mean, got none");
  const sorted = [...values].sort((a, b) => a - b);
  const from = sorted.length / 4;
  const to = sorted.length - from;
  const inside = (i: number): number => Math.max(0, Math.min(to, i + 1) - Math.max(from, i));
  return sorted.reduce((sum, value, i) => sum + value * inside(i), 0) / (to - from);
}

/** Probability that a run of `after` beats a run of `before`, ties counted half (Mann and Whitney 1947). */
export function probabilityOfImprovement(before: readonly number[], after: readonly number[]): number {
  if (before.length === 0 || after.length === 0)
    throw new RangeError(`Expected runs on both sides, got ${before.length} before and ${after.length} after`);
  const wins = after.map((a) => mean(before.map((b) => (a > b ? 1 : a === b ? 0.5 : 0))));
  return mean(wins);
}
