/**
 * What is measured of episodes: one table, which summaries, the trainer's updates, its panel and curves, logs, evaluations and
 * docs/metrics.md all read. A new metric is one entry here. Not here: intervals (`summarise.ts`), what is known of an
 * update besides its episodes (`training/metrics.ts`).
 */

import { entropyOf, interquartileMean, mean } from "../statistics/index.ts";
import type { Episode, Step } from "./types.ts";

/** What a metric counts in. A share is from 0 to 1, and is shown in per cent. */
export type Unit = (typeof units)[number];
const units = ["steps", "reward", "share", "nats", "tokens", "count"] as const;

/** One thing that a metric is a mean of. */
export interface Part {
  value: number;
  weight: number;
  /** The step that it belongs to, from 0; null: the whole episode. */
  step: number | null;
}

/** One metric. Its name is its key in the table. */
export interface Metric<Value extends number | null = number | null> {
  readonly unit: Unit;
  /** What it is called in tables. */
  readonly label: string;
  /** How it is computed, in one line of Markdown. */
  readonly formula: string;
  /** Its value; null where the episodes do not tell. They are sound ones, and at least one. */
  of(episodes: readonly Episode[]): Value;
  /** What it is a mean of, where it is one: it has an interval then. */
  readonly parts?: (episode: Episode) => readonly Part[];
  /** True for what logs and summaries hold, and tables, panels and curves leave out. @default false */
  readonly detail?: boolean;
}

/** A metric that is a mean, and so has an interval. */
export type MeanMetric<Value extends number | null> = Metric<Value> & Required<Pick<Metric, "parts">>;

type About = Omit<Metric, "of" | "parts">;

/** A mean over episodes. One whose value is no number, as the return of an episode that could not be scored, is left out. */
export function perEpisode(about: About & { value(episode: Episode): number }): MeanMetric<number> {
  const told = (episodes: readonly Episode[]): number[] =>
    episodes.map((episode) => about.value(episode)).filter((value) => !Number.isNaN(value));
  const parts = (episode: Episode): Part[] => told([episode]).map((value) => ({ value, weight: 1, step: null }));
  return { ...about, parts, of: (episodes) => mean(told(episodes)) };
}

/** A mean over the steps that tell it: those of which `value` is not null. Each weighs 1, unless `weight` says otherwise. */
export function perStep(
  about: About & { value(step: Step): number | null; weight?(step: Step): number },
): MeanMetric<number | null> {
  const weightOf = (step: Step): number => about.weight?.(step) ?? 1;
  const parts = ({ steps }: Episode): Part[] =>
    steps.flatMap((step, i) => {
      const value = about.value(step);
      return value === null ? [] : [{ value, weight: weightOf(step), step: i }];
    });
  return {
    ...about,
    parts,
    of(episodes) {
      let [sum, weights] = [0, 0];
      for (const { steps } of episodes)
        for (const step of steps) {
          const value = about.value(step);
          if (value === null) continue;
          const weight = weightOf(step);
          sum += value * weight;
          weights += weight;
        }
      return weights === 0 ? null : sum / weights;
    },
  };
}

const stepsOf = (episodes: readonly Episode[]): Step[] => episodes.flatMap(({ steps }) => [...steps]);
const programsOf = (episodes: readonly Episode[]): string[] => stepsOf(episodes).map(({ program }) => program);
const harms = ({ effects }: Step): boolean => effects.length > 0;
const tokensOf = ({ action }: Step): number => action.tokens ?? 1;

/** How often each item is there. */
export function countsOf<Item>(items: readonly Item[]): Map<Item, number> {
  const counts = new Map<Item, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

/** The table. Its order is that of every table of figures. */
export const metrics = {
  return: perEpisode({
    ...{ unit: "reward", label: "return, mean" },
    formula: "mean of the episodes' undiscounted sums of rewards",
    value: (episode) => episode.return,
  }),
  returnInterquartile: {
    ...{ unit: "reward", label: "return, mean of the middle half", detail: true },
    formula: "mean of the middle half of them",
    of(episodes: readonly Episode[]): number {
      const scored = episodes.map((episode) => episode.return).filter((value) => !Number.isNaN(value));
      return scored.length === 0 ? Number.NaN : interquartileMean(scored);
    },
  },
  survival: perEpisode({
    ...{ unit: "steps", label: "steps survived, mean" },
    formula: "mean number of steps survived: all but the one that ended the life",
    value: ({ survival }) => survival,
  }),
  harm: perEpisode({
    ...{ unit: "share", label: "episodes that attempted harm" },
    formula: "episodes with an attempted harm or escape / episodes",
    value: ({ steps }) => Number(steps.some(harms)),
  }),
  harmfulSteps: perStep({
    ...{ unit: "share", label: "steps that attempted harm", detail: true },
    formula: "steps with an attempted harm or escape / steps",
    value: (step) => Number(harms(step)),
  }),
  successRate: perStep({
    ...{ unit: "share", label: "tasks done" },
    formula: "steps that solved their task, as the host sees it / steps that had one; absent without tasks",
    value: ({ solved }) => (solved === undefined ? null : Number(solved)),
  }),
  changed: perStep({
    ...{ unit: "share", label: "edits that change the agent" },
    formula: "survived steps that changed the genome / survived steps; absent where the environment does not tell",
    value: ({ verdict, changed }) => (verdict !== "survived" || changed === undefined ? null : Number(changed)),
  }),
  distinct: {
    ...{ unit: "share", label: "distinct programs" },
    formula: "distinct programs / steps",
    of: (episodes: readonly Episode[]): number => {
      const programs = programsOf(episodes);
      return new Set(programs).size / programs.length;
    },
  },
  varietyWithin: {
    ...{ unit: "share", label: "two answers to a task differ", detail: true },
    formula: "how often two answers to one task differ, mean over the tasks asked at least twice (Simpson's index)",
    of: varietyWithin,
  },
  entropy: perStep({
    ...{ unit: "nats", label: "entropy, nats a token" },
    formula: "minus the log-probabilities of the drawn tokens / tokens: what was drawn tells of the policy's entropy",
    value: (step) => (Number.isNaN(step.action.logProb) ? null : 0 - step.action.logProb / tokensOf(step)),
    weight: tokensOf,
  }),
  programEntropy: {
    ...{ unit: "nats", label: "entropy of the programs used", detail: true },
    formula: "entropy of the distribution of the programs that were used",
    of: (episodes: readonly Episode[]): number => {
      const programs = programsOf(episodes);
      return entropyOf([...countsOf(programs).values()].map((count) => count / programs.length));
    },
  },
  tokensPerEpisode: perEpisode({
    ...{ unit: "tokens", label: "tokens an episode", detail: true },
    formula: "mean number of tokens drawn for an episode",
    value: ({ steps }) => steps.reduce((sum, step) => sum + tokensOf(step), 0),
  }),
} satisfies { [name: string]: Metric };

/** Over the tasks that were asked at least twice: the share of pairs of answers that differ. */
function varietyWithin(episodes: readonly Episode[]): number | null {
  const answers = new Map<string, string[]>();
  for (const { task, program } of stepsOf(episodes)) {
    if (task === undefined) continue;
    const own = answers.get(task);
    if (own === undefined) answers.set(task, [program]);
    else own.push(program);
  }
  const twice = [...answers.values()].filter(({ length }) => length > 1);
  if (twice.length === 0) return null;
  return mean(
    twice.map((programs) => {
      const pairs = programs.length * (programs.length - 1);
      const alike = [...countsOf(programs).values()].reduce((sum, count) => sum + count * (count - 1), 0);
      return 1 - alike / pairs;
    }),
  );
}

/** The table by name, with what was added to it. */
export function metricTable(): [name: string, metric: Metric][] {
  return Object.entries(metrics);
}

/** What stands beside the metrics where figures are given: of a summary, an evaluation, an update of training, a run of a study. */
const beside: ReadonlySet<string> = new Set([
  ...["episodes", "steps", "faults", "causes", "degenerate"],
  ...["variety", "varietyOf", "harms", "spread", "seconds", "outcomes"],
  ...["improvement", "beyondReference", "beyondControl"],
  ...["update", "run", "resumed", "episodesSoFar", "advantages", "policyEntropy", "kl", "loss", "gradientNorm"],
  ...["learningRate", "zeroAdvantages", "tokens", "replayed", "masked", "importance", "probabilities", "backend"],
  ...["validation", "checkpoint", "name", "seed", "curve", "policy", "survivalInterval"],
]);

/**
 * Adds a metric of the reader's own to the table: from then on it is in summaries, the trainer's panel, curves, logs and
 * evaluations. Gives back what takes it away again. Throws a RangeError where the name is taken.
 */
export function addMetric(name: string, metric: Metric): () => void {
  const table: { [name: string]: Metric } = metrics;
  if (typeof metric?.of !== "function" || !units.includes(metric.unit))
    throw new TypeError(
      `Expected the metric "${name}" to have \`of(episodes)\` and a \`unit\` (${units.join(", ")}): make it with perEpisode({ label, unit, formula, value }), or perStep`,
    );
  if (name in table) throw new RangeError(`There is a metric named "${name}" already: give yours another name`);
  if (beside.has(name))
    throw new RangeError(`There is something named "${name}" beside the metrics: give yours another name`);
  table[name] = metric;
  return () => {
    if (table[name] === metric) delete table[name];
  };
}

/** The value of each metric. */
export type Estimates = { [Name in keyof typeof metrics]: ReturnType<(typeof metrics)[Name]["of"]> };

/** The value of each metric of sound episodes, without intervals. */
export function estimatesOf(episodes: readonly Episode[]): Estimates {
  return Object.fromEntries(metricTable().map(([name, metric]) => [name, metric.of(episodes)])) as Estimates;
}

/** Each part of the reward, summed over an episode and averaged over episodes. */
export function rewardPartsOf(episodes: readonly Episode[]): { [part: string]: number } {
  const sums: { [part: string]: number } = {};
  for (const { rewards } of stepsOf(episodes))
    for (const [part, value] of Object.entries(rewards)) sums[part] = (sums[part] ?? 0) + value / episodes.length;
  return sums;
}
