/**
 * Means of many figures with one bootstrap: each resample draws whole clusters once, for all figures (Davison and Hinkley
 * 1997, section 3.8). A mean is a sum over a weight, so a resample costs a multiplication a cluster, however large a cluster is.
 */

import { createRandom } from "../random/index.ts";
import type { Interval } from "./interval.ts";

/** One mean, cluster by cluster: the sum of its weighted values, and of their weights. */
export interface ClusterSums {
  sums: readonly number[];
  weights: readonly number[];
}

/**
 * Percentile intervals at 95 % of each mean. Resamples in which a mean has no weight are left out of its interval; with none
 * left its ends are NaN.
 * @param means each with an entry for every cluster
 */
export function ratioIntervals(
  means: readonly ClusterSums[],
  { resamples = 2000, seed = 0 }: { resamples?: number; seed?: number } = {},
): Interval[] {
  const size = means[0]?.sums.length ?? 0;
  if (size === 0) return means.map(() => ({ estimate: Number.NaN, low: Number.NaN, high: Number.NaN }));
  const random = createRandom(seed, "bootstrap");
  const times = new Float64Array(size);
  const draws = means.map((): number[] => []);
  for (let i = 0; i < resamples; i++) {
    times.fill(0);
    for (let k = 0; k < size; k++) times[random.integer(size)]!++;
    for (const [j, one] of means.entries()) {
      const value = ratio(one, times);
      if (!Number.isNaN(value)) draws[j]!.push(value);
    }
  }
  const once = new Float64Array(size).fill(1);
  return means.map((one, j) => {
    const sorted = Float64Array.from(draws[j]!).sort();
    const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
    return { estimate: ratio(one, once), low: at(0.025), high: at(0.975) };
  });
}

/** The mean with each cluster so many times. */
function ratio({ sums, weights }: ClusterSums, times: Float64Array): number {
  let [sum, weight] = [0, 0];
  for (let k = 0; k < times.length; k++) {
    sum += times[k]! * sums[k]!;
    weight += times[k]! * weights[k]!;
  }
  return sum / weight;
}
