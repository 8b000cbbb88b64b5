/** The trainer's options: their checks and their defaults. Not here: what they are (`options.ts`), what of them a run that goes on must share (`course.ts`). */

import {
  abortSignal,
  anything,
  callable,
  checkOptions,
  flag,
  having,
  integer,
  integerFrom,
  like,
  listOf,
  numberFrom,
  OptionFailure,
  oneOf,
  only,
  optional,
  positiveInteger,
  positiveNumber,
  type Schema,
  text,
} from "../data/check.ts";
import { stopSignal } from "../display/index.ts";
import { environmentSchema } from "../environment/given.ts";
import type { TrainablePolicy } from "../policy/index.ts";
import { recordSchema } from "../record/given.ts";
import { collectEntries } from "../rollout/given.ts";
import type { BackendName } from "./backend.ts";
import { checkStale } from "./batches.ts";
import { checkCurriculum, curricula } from "./curriculum.ts";
import { type Estimator, type EstimatorName, estimators } from "./estimators.ts";
import type { Loss } from "./loss.ts";
import type { GradientWay, Settings, TrainOptions } from "./options.ts";
import { checkReplay } from "./replay.ts";
import type { Checkpoint } from "./types.ts";
import { validateSchema } from "./validation.ts";
import { checkWay, usualWay, waySchema } from "./way.ts";

/** Episodes an update where nobody says how many. */
const usualEpisodes = 16;

/** Fills in the defaults. Throws a RangeError that names the option and its value. */
export function withDefaults(options: TrainOptions & { resume?: Checkpoint }): Settings {
  checkTrainOptions(options);
  const literal = options.estimator === "raw-return";
  const stop = stopSignal();
  const told = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as typeof options;
  const filled: Omit<Settings, "gradients"> & { gradients?: GradientWay } = {
    estimator: "leave-one-out",
    updates: 100,
    episodes: usualEpisodes,
    group: 1,
    curriculum: "drawn",
    gamma: 0.99,
    optimizer: literal ? "sgd" : "adam",
    learningRate: literal ? 1e-4 : options.policy.learningRate,
    lrSchedule: "none",
    maxGradNorm: literal ? 0 : 1,
    entropyBonus: literal ? 0 : 0.02,
    klCoef: 0,
    klIn: "loss",
    mask: [],
    stale: 0,
    mostImportance: 2,
    replay: 0,
    seed: 0,
    ...(stop && { signal: stop }),
    ...(literal ? {} : recommendedBy(told)),
    ...(!literal && options.env.independent && { gamma: 0 }),
    ...told,
  };
  const settings: Settings = { ...filled, gradients: filled.gradients ?? usualWay(filled) };
  checkGroup(settings);
  checkOthers(settings);
  checkWay(settings);
  checkStale(settings);
  checkCurriculum(settings);
  checkReplay(settings);
  return settings;
}

/** What the policy recommends; its groups only where they divide the episodes that were asked for, its curriculum only where there are tasks. */
function recommendedBy({
  env,
  policy: { recommended = {} },
  episodes,
}: TrainOptions): NonNullable<TrainablePolicy["recommended"]> {
  const { group, curriculum, ...others } = recommended;
  const fits = group !== undefined && (episodes ?? recommended.episodes ?? usualEpisodes) % group === 0;
  const asks = curriculum !== undefined && (env.tasks?.length ?? 0) > 0;
  return { ...others, ...(fits && { group }), ...(asks && { curriculum }) };
}

const whole = optional(positiveInteger);

/** A function, or one of the names that `findEstimator` knows. */
const estimatorSchema: Schema<EstimatorName | Estimator> = like(
  (value) => typeof value === "function" || typeof value === "string",
  `${Object.keys(estimators).join(", ")}, learned or a function`,
);

/** What each option of a training may be. */
export const trainEntries = {
  estimator: optional(estimatorSchema),
  updates: whole,
  episodes: whole,
  group: whole,
  curriculum: optional(oneOf(...curricula)),
  gamma: optional(numberFrom(0, 1, "between 0 and 1")),
  optimizer: optional(oneOf("adam", "sgd")),
  learningRate: optional(positiveNumber),
  lrSchedule: optional(oneOf("none", "linear", "cosine")),
  maxGradNorm: optional(numberFrom(0, Number.POSITIVE_INFINITY, "0 (none) or a positive number")),
  entropyBonus: optional(like<number>(Number.isFinite, "a finite number")),
  klCoef: optional(numberFrom(0, Number.MAX_VALUE, "0 or a positive number")),
  klIn: optional(oneOf("loss", "reward")),
  loss: optional(callable<Loss>("a function from evaluated actions to a TF.js scalar")),
  mask: optional(listOf(oneOf("cut", "truncated"), "a list of cut and truncated")),
  concurrency: whole,
  on: collectEntries.on,
  gradients: optional(waySchema),
  stale: optional(oneOf(0, 1)),
  mostImportance: optional(positiveNumber),
  replay: optional(integerFrom(0, 4096, "0 or a positive integer, at most 4096")),
  backend: anything<BackendName>(),
  panel: optional(flag),
  onUpdate: optional(callable<NonNullable<TrainOptions["onUpdate"]>>("a function of the update")),
  record: optional(recordSchema),
  save: optional(text),
};

const optionsSchema: Schema<TrainOptions> = only<TrainOptions>({
  ...trainEntries,
  env: environmentSchema,
  policy: having<TrainablePolicy>(
    ["act", "evaluate", "frozen"],
    'a policy that can be trained, such as `policies.editMenu()` or `await policies.fromPretrained("tiny")`',
  ),
  seed: optional(integer),
  validate: optional(validateSchema),
  signal: optional(abortSignal),
  resume: optional(
    like<Checkpoint | string>(
      (value) => typeof value === "string" || isCheckpoint(value),
      "the path of a checkpoint, or one that `readCheckpoint` or `update.checkpoint()` gave",
    ),
  ),
  resumeWith: optional(oneOf("same settings", "changed settings")),
});

/** Throws an OptionFailure that names the option and its value, or the one that was meant. */
export function checkTrainOptions(options: TrainOptions): void {
  checkOptions(optionsSchema, options, "the options of train");
}

function isCheckpoint(value: unknown): boolean {
  const { version, weights } = (value ?? {}) as Partial<Checkpoint>;
  return typeof version === "number" && Array.isArray(weights);
}

/** One episode has no others to be compared with: every advantage would be 0, and nothing learned from rewards. */
function checkOthers({ estimator, episodes }: Settings): void {
  if (episodes > 1 || (estimator !== "leave-one-out" && estimator !== "mean")) return;
  const expected = `2 at least with the estimator ${estimator}, which compares episodes (or take \`estimator: "raw-return"\`)`;
  throw new OptionFailure({ kind: "option", name: "episodes", expected, value: episodes });
}

function checkGroup({ episodes, group }: Settings): void {
  if (episodes % group === 0) return;
  const expected = `a divisor of \`episodes\`, which is ${episodes}`;
  throw new OptionFailure({ kind: "option", name: "group", expected, value: group });
}
