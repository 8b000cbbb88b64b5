/** The trainer's options, their defaults and their checks, and what of them a run that goes on must share. */

import {
  abortSignal,
  anything,
  callable,
  checkOptions,
  flag,
  having,
  integer,
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
import type { Environment } from "../environment/index.ts";
import type { TrainablePolicy } from "../policy/index.ts";
import { recordSchema } from "../record/given.ts";
import type { EpisodeRecord } from "../record/index.ts";
import { collectEntries } from "../rollout/given.ts";
import type { Elsewhere } from "../rollout/index.ts";
import type { BackendName } from "./backend.ts";
import { checkStale } from "./batches.ts";
import { type Curriculum, checkCurriculum } from "./curriculum.ts";
import { type Estimator, type EstimatorName, estimators } from "./estimators.ts";
import type { Loss } from "./loss.ts";
import type { Checkpoint, Update } from "./types.ts";
import { type ValidateOptions, validateSchema } from "./validation.ts";
import { checkWay, type GradientWay, usualWay, waySchema } from "./way.ts";

/** How a policy is trained. Where a policy recommends settings (token policies do), that is the default instead. */
export interface TrainOptions {
  env: Environment;
  policy: TrainablePolicy;
  /** @default "leave-one-out" */
  estimator?: EstimatorName | Estimator;
  /** Number of updates. @default 100 */
  updates?: number;
  /** Episodes an update. @default 16 */
  episodes?: number;
  /** Episodes that begin alike and are each other's baseline; 1 compares all of the update's. @default 1 */
  group?: number;
  /**
   * Which tasks the lives of an update are asked. `drawn`: each group draws its own. `each task new`: no task again before all
   * were asked, so that what the lives earn until then is a figure on tasks that the policy has never learned from. @default "drawn"
   */
  curriculum?: Curriculum;
  /**
   * Discount in [0, 1]: how much of what later steps earn a program is credited with. @default 0 where the environment says
   * that its steps are independent, as those of tasks are, else the policy's own, else 0.99; for the estimator `raw-return` 0.99
   */
  gamma?: number;
  /** @default "adam", for the estimator `raw-return` "sgd" */
  optimizer?: "adam" | "sgd";
  /** @default the policy's own, for the estimator `raw-return` 1e-4 */
  learningRate?: number;
  /** How the learning rate falls to 0 over the updates. @default "none" */
  lrSchedule?: "none" | "linear" | "cosine";
  /** Largest norm of the gradient; 0 for none. @default 1, for the estimator `raw-return` 0 */
  maxGradNorm?: number;
  /** Weight of the policy's entropy in the objective. @default 0.02, for the estimator `raw-return` 0 */
  entropyBonus?: number;
  /** Weight of the divergence from the policy before any training (nats a token), as a cost. @default 0 */
  klCoef?: number;
  /** Where that cost stands: in the loss, exact, or taken off each step's reward, as sampled. @default "loss" */
  klIn?: "loss" | "reward";
  /** What the gradient is of, in place of the policy gradient's loss. */
  loss?: Loss;
  /**
   * Steps that teach nothing: of programs that were cut off at their longest length, or of lives that the time limit ended.
   * @default none: here the time limit is the goal of a life, and a program without an end is a bad one
   */
  mask?: readonly ("cut" | "truncated")[];
  /** Names every draw. @default 0 */
  seed?: number;
  /** Episodes played at once. @default 8, or the policy's batch if that is more */
  concurrency?: number;
  /** Workers that play the episodes: `workers.redis(url)`. What is learned is the same. @default this process */
  on?: Elsewhere;
  /**
   * How an update's gradient is taken: of the `whole batch` in this process, or as sums of so many episodes each, `{ part: 8 }`,
   * taken where they are played: on workers what comes back is then as large as the weights. Both ways are the same but for
   * rounding; parts are the same to the bit here and on workers. @default whole batch; with `on` and more than 64 MB of traces an
   * update, parts of about 8 where those are smaller
   */
  gradients?: GradientWay;
  /**
   * How many updates old the weights may be that draw a batch. 1: it is played while the update before is learned from, and its
   * programs count by truncated importance weights. @default 0
   */
  stale?: 0 | 1;
  /** With `stale`: the largest weight of a program. @default 2 */
  mostImportance?: number;
  /** Which TF.js backend computes the update. @default see `prepareBackend` */
  backend?: BackendName;
  /** A live panel in the notebook. @default true where a notebook's `display` is at hand */
  panel?: boolean;
  /**
   * Lives on other tasks, now and then: `{ env: { known, unseen }, every: 4, patience: 3 }`. When training ends the policy has the
   * weights that were best in the first environment; so has whoever opens its checkpoint.
   */
  validate?: ValidateOptions;
  /** Called after each update, before it is saved and handed out: loggers, evaluation. */
  onUpdate?: (update: Update) => void | Promise<void>;
  /**
   * Appends the lives of each update to this record when they have ended: an open one, or the path of one. A checkpoint
   * holds where it ended; a run that goes on needs the same record, and leaves out what is in it already.
   */
  record?: EpisodeRecord | string;
  /** A file that holds the state after the last whole update, at first that before any: what `resume` goes on from. */
  save?: string;
  /** Ends training at once; what was learned stays. @default a notebook's stop button */
  signal?: AbortSignal;
  /** Go on from here, with the same seed and options: equal to a run without a break. A checkpoint, or the path of its file. */
  resume?: Checkpoint | string;
  /** Whether it may go on with other settings than before. @default "same settings": others are refused, and named */
  resumeWith?: "same settings" | "changed settings";
}

type Optional =
  | "save"
  | "record"
  | "signal"
  | "resume"
  | "resumeWith"
  | "backend"
  | "panel"
  | "onUpdate"
  | "validate"
  | "concurrency"
  | "on";

/** Options with their defaults. */
export type Settings = Required<Omit<TrainOptions, Optional | "loss">> &
  Pick<TrainOptions, Exclude<Optional, "resume"> | "loss"> & { resume?: Checkpoint };

/** Fills in the defaults. Throws a RangeError that names the option and its value. */
export function withDefaults(options: TrainOptions & { resume?: Checkpoint }): Settings {
  checkTrainOptions(options);
  const literal = options.estimator === "raw-return";
  const stop = stopSignal();
  const told = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as typeof options;
  const filled: Omit<Settings, "gradients"> & { gradients?: GradientWay } = {
    estimator: "leave-one-out",
    updates: 100,
    episodes: 16,
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
    seed: 0,
    ...(stop && { signal: stop }),
    ...(literal ? {} : recommendedBy(told)),
    ...(!literal && options.env.independent && { gamma: 0 }),
    ...told,
  };
  const settings: Settings = { ...filled, gradients: filled.gradients ?? usualWay(filled) };
  checkGroup(settings);
  checkWay(settings);
  checkStale(settings);
  checkCurriculum(settings);
  return settings;
}

/** What the policy recommends; its groups only where they divide the episodes that were asked for, its curriculum only where there are tasks. */
function recommendedBy({
  env,
  policy: { recommended = {} },
  episodes,
}: TrainOptions): NonNullable<TrainablePolicy["recommended"]> {
  const { group, curriculum, ...others } = recommended;
  const fits = group !== undefined && (episodes ?? recommended.episodes ?? 0) % group === 0;
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
  curriculum: optional(oneOf("drawn", "each task new")),
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

function checkGroup({ episodes, group }: Settings): void {
  if (episodes % group === 0) return;
  const expected = `a divisor of \`episodes\`, which is ${episodes}`;
  throw new OptionFailure({ kind: "option", name: "group", expected, value: group });
}
