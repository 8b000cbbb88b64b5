/** The trainer's options, as types: what may be given, and what there is when defaults are filled in. Not here: both of it (`settings.ts`). */

import type { Environment } from "../environment/index.ts";
import type { TrainablePolicy } from "../policy/index.ts";
import type { EpisodeRecord } from "../record/index.ts";
import type { Elsewhere } from "../rollout/index.ts";
import type { BackendName } from "./backend.ts";
import type { Curriculum } from "./curriculum.ts";
import type { Estimator, EstimatorName } from "./estimators.ts";
import type { Loss } from "./loss.ts";
import type { Checkpoint, Update } from "./types.ts";
import type { ValidateOptions } from "./validation.ts";

/** How the gradient of an update is taken. */
export type GradientWay = "whole batch" | { part: number };

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
   * were asked, so that what the lives earn until then is a figure on tasks that the policy has never learned from. `learnable`: those
   * first whose family is now done and now not, as the groups of before tell; needs a `group` of several lives. @default "drawn"
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
  /**
   * How many programs of earlier updates that did what they were asked an update learns from again, besides its own. Needs tasks, and
   * a policy that writes token by token. @default 0
   */
  replay?: number;
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
