/**
 * Validation: while a policy learns, it lives on tasks that it does not learn from, and its best weights are kept. Each time the
 * same lives with the same draws are played, so that two values differ by what was learned alone. What was best is in every
 * checkpoint, so that a run that goes on keeps what it would have kept.
 */

import { byName, like, OptionFailure, only, optional, positiveInteger } from "../data/check.ts";
import { environmentSchema } from "../environment/given.ts";
import type { Environment } from "../environment/index.ts";
import { type Episode, estimatesOf, metricTable } from "../episode/index.ts";
import type { TrainablePolicy } from "../policy/index.ts";
import { createRandom } from "../random/index.ts";
import { type CollectOptions, collect } from "../rollout/index.ts";
import { putWeights, saveWeights } from "./saved.ts";
import type { SavedTensor, Validation, ValidationPoint, ValidationState } from "./types.ts";

/** How a training is validated. */
export interface ValidateOptions {
  /** Environments by name, such as `{ known, unseen }`; by the first the best weights are chosen, the others are only shown. */
  env: { readonly [name: string]: Environment };
  /** After so many updates, once before the first, and after the last. @default 4 */
  every?: number;
  /** Lives in each environment, each time the same. @default 32 */
  episodes?: number;
  /** The metric; more is better. @default "successRate" where the first environment has tasks, else "survival" */
  by?: string;
  /** Training ends after so many validations without a better one. @default it goes on to its last update */
  patience?: number;
}

/** A training's validation. */
export interface Validator {
  /** Validates if that is due after so many updates, as it is after the last. */
  at(updates: number, isLast?: boolean): Promise<void>;
  now(): Validation;
  /** Whether none was better for as long as `patience` says. */
  isSpent(): boolean;
  state(): ValidationState;
  restore(state: ValidationState | null): void;
  /** Gives the policy the weights that were best. */
  choose(): void;
}

const metricName = like<string>(
  (value) => metricTable().some(([name]) => name === value),
  "the name of a metric, such as successRate or survival",
);

/** What `validate` may be. */
export const validateSchema = only<ValidateOptions>(
  {
    env: byName(environmentSchema, "environments by name, such as { known: env }"),
    every: optional(positiveInteger),
    episodes: optional(positiveInteger),
    by: optional(metricName),
    patience: optional(positiveInteger),
  },
  "how it is validated, such as { env: { known: env }, every: 4 }",
);

interface Settings extends Pick<CollectOptions, "concurrency" | "on" | "signal"> {
  policy: TrainablePolicy;
  seed: number;
  validate?: ValidateOptions;
}

/** Opens the validation that the settings ask for; null for none. */
export function openValidator({ policy, seed, validate, ...how }: Settings): Validator | null {
  if (validate === undefined) return null;
  const { env: envs, every = 4, patience = Number.POSITIVE_INFINITY } = validate;
  const [first] = Object.keys(envs) as [string];
  const by = validate.by ?? (envs[first]!.tasks?.length ? "successRate" : "survival");
  const course: ValidationPoint[] = [];
  let weights: SavedTensor[] = [];
  const bestOf = (): Validation["best"] => {
    let best: Validation["best"] = null;
    for (const { updates, values } of course) {
      const value = values[first] ?? null;
      if (value !== null && (best === null || value > best.value)) best = { updates, value };
    }
    return best;
  };
  const play = { episodes: validate.episodes ?? 32, seed: createRandom(seed, "validation").integer(2 ** 31) };
  return {
    async at(updates, isLast = false) {
      if ((updates % every !== 0 && !isLast) || course.some((point) => point.updates === updates)) return;
      const values: { [name: string]: number | null } = {};
      for (const [name, env] of Object.entries(envs))
        values[name] = worthOf(await collect(env, policy, { ...play, ...partOf(how) }), by);
      course.push({ updates, values });
      if (bestOf()?.updates === updates) weights = await saveWeights(policy);
    },
    now: () => ({ by, course: [...course], best: bestOf() }),
    isSpent() {
      const best = bestOf()?.updates ?? 0;
      return course.length > 0 && course.filter(({ updates }) => updates > best).length >= patience;
    },
    state: () => ({ by, course: [...course], weights }),
    restore(state) {
      if (state === null) return;
      if (state.by !== by) throw otherMetric(by, state.by);
      course.splice(0, course.length, ...state.course);
      weights = state.weights;
    },
    choose() {
      putWeights(policy, weights);
    },
  };
}

/** Null where no episode tells: those that the sandbox spoiled say nothing. */
function worthOf(episodes: readonly Episode[], by: string): number | null {
  const whole = episodes.filter(({ fault }) => !fault);
  if (whole.length === 0) return null;
  return (estimatesOf(whole) as { readonly [name: string]: number | null })[by] ?? null;
}

function otherMetric(is: string, was: string): OptionFailure {
  const expected = `${JSON.stringify(was)}, by which the checkpoint's run chose`;
  return new OptionFailure({ kind: "option", name: "validate.by", expected, value: is });
}

/** Options that are there. */
function partOf({ concurrency, on, signal }: Pick<Settings, "concurrency" | "on" | "signal">) {
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(on && { on }),
    ...(signal && { signal }),
  };
}
