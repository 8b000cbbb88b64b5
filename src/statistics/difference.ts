/**
 * The difference of two means whose values come in clusters: tasks, operations, seeds, lives that began alike. Both sides of
 * a cluster are left out together, so what they have in common (an easy task, a lucky seed) does not widen the interval.
 * Leave-one-cluster-out jackknife (Tukey 1958) with Student's t: for clusters of one pair it is the paired t-test. Why not a
 * bootstrap: docs/decisions.md. Not here: what may be said of it (`claims.ts`).
 */

import { checkOptions, numberFrom, only, optional } from "../data/check.ts";
import type { Interval } from "./interval.ts";
import { studentReach } from "./student.ts";

/** One value, and the cluster that it belongs to: values of one cluster are alike, and count as one piece of evidence. */
export interface Sample {
  readonly cluster: string;
  readonly value: number;
}

/** A difference of means, its interval, and how many clusters it stands on. */
export interface PairedDifference extends Interval {
  clusters: number;
}

/** Sums of one cluster on one side, or of several. */
interface Sums {
  is: number;
  isCount: number;
  was: number;
  wasCount: number;
}

const optionsSchema = only<{ confidence?: number }>({ confidence: optional(numberFrom(0, 1, "a number from 0 to 1")) });

/**
 * Mean of `is` less mean of `was`. With fewer than two clusters, or with one side in a single cluster that the other is not
 * in alone, there is no interval: its ends are NaN.
 */
export function pairedDifference(
  is: readonly Sample[],
  was: readonly Sample[],
  options: { confidence?: number } = {},
): PairedDifference {
  checkOptions(optionsSchema, options, "the options of pairedDifference");
  const { confidence = 0.95 } = options;
  const clusters = new Map<string, Sums>();
  const total: Sums = { is: 0, isCount: 0, was: 0, wasCount: 0 };
  for (const [side, samples] of [
    ["is", is],
    ["was", was],
  ] as const)
    for (const { cluster, value } of samples) {
      const own = clusters.get(cluster) ?? { is: 0, isCount: 0, was: 0, wasCount: 0 };
      clusters.set(cluster, own);
      for (const sums of [own, total]) {
        sums[side] += value;
        sums[`${side}Count`]++;
      }
    }
  const [now, before] = [total.is / total.isCount, total.was / total.wasCount];
  // Sums in another order differ in their last bits, which is no difference.
  const estimate = Math.abs(now - before) <= 1e-12 * (Math.abs(now) + Math.abs(before)) ? 0 : now - before;
  const size = clusters.size;
  if (size < 2) return { estimate, low: Number.NaN, high: Number.NaN, clusters: size };
  const without = [...clusters.values()].map(
    (own) =>
      (total.is - own.is) / (total.isCount - own.isCount) - (total.was - own.was) / (total.wasCount - own.wasCount),
  );
  const centre = without.reduce((sum, value) => sum + value, 0) / size;
  const squares = without.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const half = Math.sqrt(((size - 1) / size) * squares) * studentReach(confidence, size - 1);
  return { estimate, low: estimate - half, high: estimate + half, clusters: size };
}
