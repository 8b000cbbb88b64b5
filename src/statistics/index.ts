/** Seeded intervals and summaries, so that a claim comes with its uncertainty and repeats to the last digit. */

import { callable, checkOptions, like, numberFrom, only, optional, positiveInteger } from "../data/check.ts";
import { createRandom } from "../random/index.ts";
import type { Interval } from "./interval.ts";

export {
  type Claimant,
  type ClaimOptions,
  type Claims,
  type Comparison,
  claims,
  controlAmong,
  degenerateAmong,
  type MeasureWords,
} from "./claims.ts";
export { degenerateEmpty, degenerateEntropy, degenerateReason } from "./degenerate.ts";
export { type PairedDifference, pairedDifference, type Sample } from "./difference.ts";
export { type Claim, type TestedClaim, testTogether } from "./holm.ts";
export type { Interval } from "./interval.ts";
export { type ClusterSums, ratioIntervals } from "./ratios.ts";
export { studentReach } from "./student.ts";

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

/** How an interval is drawn. */
export interface BootstrapOptions {
  /** The share of intervals that hold what they are of, between 0 and 1. @default 0.95 */
  confidence?: number;
  resamples?: number;
  seed?: number;
}

const resampling = {
  confidence: optional(numberFrom(0, 1, "a number from 0 to 1")),
  resamples: optional(positiveInteger),
  seed: optional(like<number>(Number.isFinite, "a finite number")),
};
const resamplingSchema = only<BootstrapOptions>(resampling);
const bootstrapSchema = only<BootstrapOptions & { statistic?: (values: readonly number[]) => number }>({
  ...resampling,
  statistic: optional(callable("a function of the values")),
});

/**
 * Percentile bootstrap of a statistic (Efron 1979), seeded. Resamples in which the statistic is not a number are left out of its
 * interval; with none left its ends are NaN.
 * @param values at least one number
 * @returns the statistic of the values and the ends of its interval at `confidence` (default 0.95)
 */
export function bootstrapInterval(
  values: readonly number[],
  options: BootstrapOptions & { statistic?: (values: readonly number[]) => number } = {},
): Interval {
  checkOptions(bootstrapSchema, options, "the options of bootstrapInterval");
  const { statistic = mean, confidence = 0.95, resamples = 2000, seed = 0 } = options;
  if (values.length === 0) throw new RangeError("Expected at least one value to bootstrap, got none");
  const random = createRandom(seed, "bootstrap");
  const draws = Array.from({ length: resamples }, () =>
    statistic(Array.from(values, () => values[random.integer(values.length)]!)),
  );
  return { estimate: statistic(values), ...endsOf(draws, confidence) };
}

/** Wilson's score interval (1927) for a share of `count` in `total`; z 1.96 is 95 %. */
export function wilsonInterval(count: number, total: number, z = 1.959964): Interval {
  if (!(total > 0 && count >= 0 && count <= total))
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

/**
 * Bootstrap that resamples whole clusters (Davison and Hinkley 1997, section 3.8), for values that are alike within one:
 * lives that were asked the same task. Seeded. `statistic` gets the clusters of one resample.
 * @param clusters at least one
 */
export function clusterInterval<T>(
  clusters: readonly T[],
  statistic: (clusters: readonly T[]) => number,
  options: BootstrapOptions = {},
): Interval {
  checkOptions(resamplingSchema, options, "the options of clusterInterval");
  const { confidence = 0.95, resamples = 1000, seed = 0 } = options;
  if (clusters.length === 0) throw new RangeError("Expected at least one cluster to bootstrap, got none");
  const random = createRandom(seed, "clusters");
  const draws = Array.from({ length: resamples }, () =>
    statistic(Array.from(clusters, () => clusters[random.integer(clusters.length)]!)),
  );
  return { estimate: statistic(clusters), ...endsOf(draws, confidence) };
}

/** The ends of the middle share of draws, those that are no number left out. */
function endsOf(draws: readonly number[], confidence: number): { low: number; high: number } {
  const sorted = draws.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { low: at((1 - confidence) / 2), high: at((1 + confidence) / 2) };
}

/**
 * Rarefaction: how many different items are expected among `size` drawn without replacement (Hurlbert 1971). Samples of
 * different sizes can be compared by it; a share of distinct items falls with the sample's size by itself.
 */
export function expectedDistinct(items: readonly string[], size: number): number {
  const n = items.length;
  if (!Number.isSafeInteger(size) || size < 1 || size > n)
    throw new RangeError(`Expected \`size\` to be from 1 to the ${n} items, got ${size}`);
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  // C(n - c, size) / C(n, size): the chance that none of an item's c copies is drawn, as a product over the copies.
  const missed = (count: number): number => {
    let chance = 1;
    for (let i = 0; i < count; i++) chance *= Math.max(0, n - size - i) / (n - i);
    return chance;
  };
  return [...counts.values()].reduce((sum, count) => sum + 1 - missed(count), 0);
}
