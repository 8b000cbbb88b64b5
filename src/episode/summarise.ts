/**
 * The figures of a set of episodes, each metric of the table with its interval where it has one. Episodes that the sandbox
 * spoiled are left out and counted.
 */

import { callable, checkOptions, integer, only, optional, positiveInteger } from "../data/check.ts";
import type { Verdict } from "../sandbox/types.ts";
import {
  type ClusterSums,
  degenerateReason,
  type Interval,
  ratioIntervals,
  wilsonInterval,
} from "../statistics/index.ts";
import { countsOf, type Estimates, type Metric, type metrics, metricTable, type Unit } from "./metrics.ts";
import type { Episode } from "./types.ts";

type Table = typeof metrics;

/** Each metric with its interval; a metric that is no mean has none. */
export type Figures = {
  [Name in keyof Table]: Table[Name] extends Required<Pick<Metric, "parts">>
    ? Interval | Extract<Estimates[Name], null>
    : Estimates[Name];
};

/** Figures of a set of episodes. */
export interface Summary extends Figures {
  /** Episodes that say something, their steps, and the faults of the sandbox that are left out of all else. */
  episodes: number;
  steps: number;
  faults: number;
  /** How the episodes ended, most frequent first. */
  causes: { verdict: Verdict; count: number }[];
  /** Why the policy that lived them is degenerate; null if it is none. */
  degenerate: string | null;
}

/** How intervals are made. */
export interface SummariseOptions {
  /**
   * What is alike and is resampled together: the cluster of an episode (step null) or of one of its steps. Without it each
   * episode stands for itself, and shares of what is or is not have Wilson's interval.
   */
  clusterOf?: (episode: Episode, step: number | null) => string;
  /** @default 2000 */
  resamples?: number;
  /** @default 0 */
  seed?: number;
}

const optionsSchema = only<SummariseOptions>({
  clusterOf: optional(callable("a function of an episode and a step")),
  resamples: optional(positiveInteger),
  seed: optional(integer),
});

/** The figures of a set of episodes. Throws a RangeError where all were faults. */
export function summarise(all: readonly Episode[], options: SummariseOptions = {}): Summary {
  checkOptions(optionsSchema, options, "the options of summarise");
  const episodes = all.filter(({ fault }) => !fault);
  if (episodes.length === 0) throw new RangeError("Every episode was a fault of the sandbox: nothing to summarise");
  const figures = figuresWith(episodes, options);
  const causes = countsOf(episodes.map(({ verdict }) => verdict));
  return {
    ...figures,
    episodes: episodes.length,
    steps: episodes.reduce((sum, { steps }) => sum + steps.length, 0),
    faults: all.length - episodes.length,
    causes: [...causes].map(([verdict, count]) => ({ verdict, count })).sort((a, b) => b.count - a.count),
    degenerate: degenerateReason({
      entropy: figures.entropy?.estimate ?? null,
      changed: figures.changed?.estimate ?? null,
    }),
  };
}

/** Figures by name, those of metrics that were added to the table too. */
export type AnyFigures = { readonly [name: string]: Interval | number | null | undefined };

/** A figure as tables show it: shares in per cent. */
export function shownFigure(value: number, unit: Unit): string {
  if (unit === "share") return `${(100 * value).toFixed(1)} %`;
  return value.toFixed(unit === "tokens" || unit === "count" ? 0 : unit === "reward" ? 1 : 2);
}

/** The value of a figure, with an interval or without. */
export function estimateOf(figure: Interval | number | null): number | null {
  return typeof figure === "object" ? (figure?.estimate ?? null) : figure;
}

function figuresWith(episodes: readonly Episode[], options: SummariseOptions): Figures {
  const table = metricTable();
  const values = new Map(table.map(([name, metric]) => [name, metric.of(episodes)]));
  const means = table.filter(([name, { parts }]) => parts !== undefined && values.get(name) !== null);
  const intervals = intervalsOf(
    means.map(([, metric]) => metric),
    episodes,
    options,
  );
  const found = new Map<string, Interval>(
    means.map(([name], i) => [name, { ...intervals[i]!, estimate: values.get(name)! }]),
  );
  return Object.fromEntries(table.map(([name]) => [name, found.get(name) ?? values.get(name)])) as unknown as Figures;
}

function intervalsOf(
  means: readonly Metric[],
  episodes: readonly Episode[],
  { clusterOf, resamples, seed }: SummariseOptions,
): Interval[] {
  const places = new Map<string, number>();
  const placeOf = (cluster: string): number => {
    const place = places.get(cluster) ?? places.size;
    places.set(cluster, place);
    return place;
  };
  // Sums only: the parts of a long rollout's steps would be millions of objects.
  const gathered = means.map(({ parts }): Gathered => {
    const own: Gathered = { sums: [], weights: [], ones: 0, count: 0, plain: true };
    for (const [i, episode] of episodes.entries())
      for (const { value, weight, step } of parts!(episode)) {
        const place = placeOf(clusterOf?.(episode, step) ?? String(i));
        own.sums[place] = (own.sums[place] ?? 0) + value * weight;
        own.weights[place] = (own.weights[place] ?? 0) + weight;
        own.count++;
        if (value === 1) own.ones++;
        if (weight !== 1 || (value !== 0 && value !== 1)) own.plain = false;
      }
    return own;
  });
  const clustered = gathered.map(
    ({ sums, weights }): ClusterSums => ({
      sums: Float64Array.from({ length: places.size }, (_, k) => sums[k] ?? 0),
      weights: Float64Array.from({ length: places.size }, (_, k) => weights[k] ?? 0),
    }),
  );
  const how = { ...(resamples !== undefined && { resamples }), ...(seed !== undefined && { seed }) };
  const drawn = ratioIntervals(clustered, how);
  return means.map(({ unit }, j) => {
    const { ones, count, plain } = gathered[j]!;
    const isShare = unit === "share" && clusterOf === undefined && plain && count > 0;
    return isShare ? wilsonInterval(ones, count) : drawn[j]!;
  });
}

/** What an interval needs of a metric's parts: sums by cluster; and for a share of ones, how many there are of how many. */
interface Gathered {
  sums: number[];
  weights: number[];
  ones: number;
  count: number;
  /** True if each part is 0 or 1, and weighs 1: then it is a count of so many. */
  plain: boolean;
}
