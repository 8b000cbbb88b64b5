/**
 * What came of one policy on one split: the summary of its episodes, and what can be said only beside the other policies.
 * Episodes that were asked the same are alike, so intervals resample clusters: the operation of a task where it has one, else
 * the task. An episode belongs to the task that it was asked first, a step to its own; where there are no tasks an episode
 * belongs to its seed, which is the same for every policy. Not here: what may be claimed (`claimed.ts`).
 */

import { type Episode, metricTable, type Step, type Summary, summarise } from "../episode/index.ts";
import { clusterInterval, expectedDistinct, type Interval, mean, standardDeviation } from "../statistics/index.ts";
import type { Task } from "../tasks/index.ts";

/** What the runs of one policy reached by a metric, run by run, and their standard deviation. */
export interface Spread {
  runs: (number | null)[];
  deviation: number | null;
}

/** What came of one policy on one split. */
export interface Measures extends Summary {
  /** Share of different programs in an equal number of steps for every policy (`varietyOf` steps); by rarefaction. */
  variety: number;
  /** The number of steps which that share is of. */
  varietyOf: number;
  /** Attempted harms by kind. */
  harms: { [kind: string]: number | undefined };
  /** How the runs (seeds of one training, say) differ, by metric; null where there is one run. No interval holds this. */
  spread: { [metric: string]: Spread } | null;
  /** Wall-clock seconds. */
  seconds: number;
}

/** What is resampled together, by name, and what such a thing is called in the plural. */
export interface Clusters {
  of(episode: Episode, step: number | null): string;
  over: string;
}

/** The clusters of episodes that were asked these tasks. */
export function clustersOf(tasks: readonly Pick<Task, "id" | "operation">[]): Clusters {
  const operations = new Map(tasks.map(({ id, operation }) => [id, operation]));
  const over =
    tasks.length === 0 ? "episodes" : tasks.some(({ operation }) => operation !== undefined) ? "operations" : "tasks";
  return {
    over,
    of({ steps, seed }, step) {
      const task = steps[step ?? 0]?.task;
      return task === undefined ? `episode ${seed}` : (operations.get(task) ?? task);
    },
  };
}

/** The least number of steps that is compared for variety. */
export function varietySize(all: readonly (readonly Episode[])[]): number {
  return Math.max(1, Math.min(...all.map((episodes) => stepsOf(episodes).length)));
}

/** Steps of the episodes that say something about the policy. */
function stepsOf(episodes: readonly Episode[]): Step[] {
  return episodes.filter(({ fault }) => !fault).flatMap(({ steps }) => [...steps]);
}

/**
 * The figures of one policy's episodes.
 * @param runs one list of episodes a run. Throws a RangeError if all were faults
 */
export function measure(
  runs: readonly (readonly Episode[])[],
  { seconds, varietyOf, seed, clusters }: { seconds: number; varietyOf: number; seed: number; clusters: Clusters },
): Measures {
  const all = runs.flat();
  const steps = stepsOf(all);
  const summary = summarise(all, { clusterOf: clusters.of, seed, resamples: 1000 });
  const programs = steps.map(({ program }) => program);
  const harms: Measures["harms"] = {};
  for (const { kind } of steps.flatMap(({ effects }) => effects)) harms[kind] = (harms[kind] ?? 0) + 1;
  return {
    ...summary,
    ...{ variety: expectedDistinct(programs, varietyOf) / varietyOf, varietyOf, harms, seconds },
    spread: runs.length === 1 ? null : spreadOf(runs),
  };
}

function spreadOf(runs: readonly (readonly Episode[])[]): { [metric: string]: Spread } {
  const sound = runs.map((run) => run.filter(({ fault }) => !fault)).filter((run) => run.length > 0);
  return Object.fromEntries(
    metricTable().map(([name, metric]) => {
      const values = sound.map((run) => metric.of(run));
      const told = values.filter((value): value is number => value !== null);
      return [name, { runs: values, deviation: told.length < 2 ? null : standardDeviation(told) }];
    }),
  );
}

/**
 * How often an episode of `after` beats one of `before` that began alike: by return, ties counted half; with an interval over
 * clusters. Episodes are compared by their place: the same seed and the same tasks. What could not be scored beats nothing, and is
 * not beaten.
 */
export function improvement(
  before: readonly Episode[],
  after: readonly Episode[],
  { seed, clusters }: { seed: number; clusters: Clusters },
): Interval {
  const wins = new Map<string, number[]>();
  // Several runs of one policy are one after the other, each with the same episodes in the same order.
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const [other, episode] = [before[i % before.length]!, after[i % after.length]!];
    if ([episode, other].some((one) => one.fault || Number.isNaN(one.return))) continue;
    const cluster = clusters.of(episode, null);
    const win = episode.return > other.return ? 1 : episode.return === other.return ? 0.5 : 0;
    wins.set(cluster, [...(wins.get(cluster) ?? []), win]);
  }
  if (wins.size === 0) return { estimate: Number.NaN, low: Number.NaN, high: Number.NaN };
  return clusterInterval([...wins.values()], (some) => mean(some.flat()), { seed });
}
