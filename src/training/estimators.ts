/**
 * From a batch of episodes to one number a step: what its action's log-probability is pushed by. Each is a plain
 * function of rewards, so that a reader can check it and write another in a cell.
 */

import type { Episode } from "../episode/index.ts";
import { type BaselineState, type Features, learnedBaseline } from "./baseline.ts";
import { returns } from "./returns.ts";

/** Advantages of a batch: one list an episode, one number a step. */
export type Estimator = (
  episodes: readonly Episode[],
  options: {
    gamma: number;
    /** What the policy tells of the state that each action was drawn in, if it does. */
    features?: Features;
  },
) => number[][];

/** An estimator that learns from update to update: what it knows goes into the checkpoint. */
export type LearningEstimator = Estimator & {
  state(): BaselineState | null;
  restore(state: BaselineState | null): void;
};

/** Where the zero and the unit of a batch's advantages lie; a unit of 0 says that all are the same, and teach nothing. */
export interface Scale {
  zero: number;
  unit: number;
}

/**
 * An estimator in two steps: what a step comes to among the episodes that it is compared with, and the scale of the whole batch.
 * So the first can be taken where a part of the batch is, and the second from all of it.
 */
export interface EstimatorInSteps {
  /** What is compared with each other: an episode is by itself, or with its group, which is the batch where nobody shares one. */
  compares: "none" | "group";
  /** Of whole groups the same as of the whole batch. */
  raw(episodes: readonly Episode[], options: { gamma: number }): number[][];
  /** Of all raw values in a row. */
  scale(raw: readonly number[]): Scale;
  /** Whether its zero may be another than 0. */
  moves: boolean;
}

const asItIs = (): Scale => ({ zero: 0, unit: 1 });
const rawReturns: EstimatorInSteps["raw"] = (episodes, { gamma }) =>
  episodes.map((episode) => returnsOf(episode, gamma));

/** Those that need no other episodes than those of a group, and two numbers of the batch. */
export const estimatorsInSteps = {
  "raw-return": { compares: "none", raw: rawReturns, scale: asItIs, moves: false },
  mean: {
    compares: "group",
    raw: (episodes, { gamma }) => lessBaseline(episodes, gamma, (others, own) => meanOf([...others, own])),
    scale: asItIs,
    moves: false,
  },
  "leave-one-out": {
    compares: "group",
    raw: (episodes, { gamma }) =>
      lessBaseline(episodes, gamma, (others, own) => (others.length === 0 ? own : meanOf(others))),
    scale: (raw) => ({ zero: 0, unit: unitOf(raw) }),
    moves: false,
  },
  "reinforce++": {
    compares: "none",
    raw: rawReturns,
    scale(raw) {
      const zero = meanOf(raw);
      return { zero, unit: unitOf(raw.map((value) => value - zero)) };
    },
    moves: true,
  },
} satisfies { [name: string]: EstimatorInSteps };

/** A raw value as an advantage. */
export function advantageOf(raw: number, { zero, unit }: Scale): number {
  return unit === 0 ? 0 : (raw - zero) / unit;
}

function inOne({ raw, scale }: EstimatorInSteps): Estimator {
  return (episodes, options) => {
    const lists = raw(episodes, options);
    const of = scale(lists.flat());
    return lists.map((list) => list.map((value) => advantageOf(value, of)));
  };
}

/** The estimators by name. */
export const estimators = {
  /** The paper's literal loop: the raw return of each step, no baseline. */
  "raw-return": inOne(estimatorsInSteps["raw-return"]),
  /** Returns less the group's mean at the same step (the mean includes the episode itself). */
  mean: inOne(estimatorsInSteps.mean),
  /**
   * Returns less the mean of the *other* episodes' returns at the same step (RLOO: Kool et al. 2019, Ahmadian et al.
   * 2024), then divided by the batch's standard deviation, so that the penalty's scale does not set the step size. An episode
   * without others has no baseline, and teaches nothing.
   */
  "leave-one-out": inOne(estimatorsInSteps["leave-one-out"]),
  /** Returns less the mean over all steps of the batch, divided by their standard deviation (REINFORCE++, Hu 2025). */
  "reinforce++": inOne(estimatorsInSteps["reinforce++"]),
} satisfies { [name: string]: Estimator };

/**
 * Returns less what a ridge regression on step and state, fitted to earlier updates, predicts; divided by the batch's
 * standard deviation. At the first update, when nothing is known, the same as leave-one-out.
 */
export function learnedEstimator(options?: { fade?: number; ridge?: number }): LearningEstimator {
  const baseline = learnedBaseline(options);
  const estimate: Estimator = (episodes, settings) => {
    const all = episodes.map((episode) => returnsOf(episode, settings.gamma));
    const predicted = baseline.predict(episodes, settings.features);
    baseline.fit(episodes, all, settings.features);
    if (predicted === null) return estimators["leave-one-out"](episodes, settings);
    return scaled(all.map((list, i) => list.map((value, t) => value - predicted[i]![t]!)));
  };
  return Object.assign(estimate, { state: baseline.state, restore: baseline.restore });
}

/** The name of a ready-made estimator. */
export type EstimatorName = keyof typeof estimators | "learned";

/** The estimator of that name, or the function itself. Throws a RangeError that lists the names. */
export function findEstimator(estimator: EstimatorName | Estimator): Estimator {
  if (typeof estimator === "function") return estimator;
  if (estimator === "learned") return learnedEstimator();
  const found = (estimators as { [name: string]: Estimator | undefined })[estimator];
  if ((estimator as string) === "seed") throw new RangeError('The estimator "seed" is called "raw-return" now');
  if (found === undefined)
    throw new RangeError(
      `Unknown estimator ${JSON.stringify(estimator)}: use ${Object.keys(estimators).join(", ")}, learned or a function`,
    );
  return found;
}

function returnsOf({ steps }: Episode, gamma: number): number[] {
  return [
    ...returns(
      steps.map(({ reward }) => reward),
      { gamma },
    ),
  ];
}

/**
 * Each return less a baseline out of its group's returns at the same step. Where no two episodes share a group the batch is
 * one. An episode that is over earns nothing more: at later steps its return is 0, and it still counts.
 */
function lessBaseline(
  episodes: readonly Episode[],
  gamma: number,
  baseline: (others: number[], own: number) => number,
): number[][] {
  const all = episodes.map((episode) => returnsOf(episode, gamma));
  const grouped = new Set(episodes.map(({ group }) => group)).size < episodes.length;
  const alike = (i: number, j: number): boolean => !grouped || episodes[i]!.group === episodes[j]!.group;
  return all.map((list, i) =>
    list.map(
      (own, t) =>
        own -
        baseline(
          all.flatMap((other, j) => (i === j || !alike(i, j) ? [] : [other[t] ?? 0])),
          own,
        ),
    ),
  );
}

function scaled(lists: number[][]): number[][] {
  const scale = { zero: 0, unit: unitOf(lists.flat()) };
  return lists.map((list) => list.map((value) => advantageOf(value, scale)));
}

/** The standard deviation; 0 where all are the same. */
function unitOf(all: readonly number[]): number {
  const centre = meanOf(all);
  const deviation = Math.sqrt(meanOf(all.map((value) => (value - centre) ** 2)));
  return deviation < 1e-8 ? 0 : deviation;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
