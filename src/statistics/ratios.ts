/**
 * Means of many figures with one bootstrap: each resample draws whole clusters once, for all figures (Davison and Hinkley
 * 1997, section 3.8). A mean is a sum over a weight, so a resample costs a multiplication a cluster, however large a cluster is.
 */

import { createRandom } from "../random/index.ts";
import type { Interval } from "./interval.ts";

/** One mean, cluster by cluster: the sum of its weighted values, and of their weights. */
export interface ClusterSums {
  sums: Float64Array;
  weights: Float64Array;
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
  const random = createRandom(seed, "bootstrap");
  // A row a cluster, sum and weight of each mean side by side: a resample reads memory once, from one end to the other.
  const width = 2 * means.length;
  const rows = new Float64Array(size * width);
  for (const [j, { sums, weights }] of means.entries())
    for (let k = 0; k < size; k++) {
      rows[k * width + 2 * j] = sums[k]!;
      rows[k * width + 2 * j + 1] = weights[k]!;
    }
  const times = new Float64Array(size);
  const totals = new Float64Array(width);
  const draws = means.map((): number[] => []);
  for (let i = 0; i < resamples; i++) {
    times.fill(0);
    for (let k = 0; k < size; k++) times[random.integer(size)]!++;
    addUp(rows, times, totals);
    for (const [j, own] of draws.entries()) {
      const value = totals[2 * j]! / totals[2 * j + 1]!;
      if (!Number.isNaN(value)) own.push(value);
    }
  }
  addUp(rows, times.fill(1), totals);
  return means.map((_, j) => {
    const sorted = Float64Array.from(draws[j]!).sort();
    const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
    return { estimate: totals[2 * j]! / totals[2 * j + 1]!, low: at(0.025), high: at(0.975) };
  });
}

/** The sum of the rows, each so many times. */
function addUp(rows: Float64Array, times: Float64Array, into: Float64Array): void {
  const width = into.length;
  into.fill(0);
  for (let k = 0; k < times.length; k++) {
    const often = times[k]!;
    if (often === 0) continue;
    for (let c = 0; c < width; c++) into[c]! += often * rows[k * width + c]!;
  }
}
