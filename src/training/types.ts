/** What an update tells, and the state after it. Types alone: everything else of the trainer stands on them. */

import type { Episode, Estimates } from "../episode/index.ts";
import type { RunsOn } from "../policy/index.ts";
import type { RecordPosition } from "../record/index.ts";
import type { BackendChoice, BackendName } from "./backend.ts";
import type { BaselineState } from "./baseline.ts";
import type { ImportanceSpread } from "./importance.ts";

/** What an update did, the episodes it learned from, and the value of each metric (`metrics`) of them. */
export interface Update extends Estimates {
  /** From 0. */
  update: number;
  /** What tells this run from another, and whether it goes on from a checkpoint. */
  run: string;
  resumed: boolean;
  /** Episodes played so far, this update's included. */
  episodesSoFar: number;
  episodes: Episode[];
  advantages: number[][];
  /** Entropy of the policy before the update, nats a token: exact, of the whole distribution that each token was drawn from. */
  policyEntropy: number;
  /** Divergence from the policy before any training, nats a token. */
  kl: number;
  loss: number;
  gradientNorm: number;
  learningRate: number;
  /** Share of steps whose advantage is zero: they teach nothing. */
  zeroAdvantages: number;
  /** Tokens drawn, and how many of them counted. */
  tokens: { drawn: number; learned: number };
  /** With `replay`: programs of earlier updates that were learned from again; else 0. */
  replayed: number;
  /**
   * Left out, by reason: episodes that the sandbox spoiled or that could not be scored, steps that `mask` names, and groups
   * that earned the same, each at one step of their lives.
   */
  masked: { faults: number; unscored: number; cut: number; truncated: number; alike: number };
  /** With `stale`: how much likelier the weights of now make the programs that were drawn; null where they drew them themselves. */
  importance: ImportanceSpread | null;
  /** Wall time: playing the episodes, and the update proper. */
  seconds: { rollout: number; update: number };
  /** For a policy with few choices: their probabilities after the update. */
  probabilities: { [label: string]: number } | null;
  /** What computed the update, and why nothing else did. */
  backend: BackendChoice;
  /** What lives on other tasks were worth so far, where the training is validated; its best weights are kept. */
  validation: Validation | null;
  /** The state after this update, for `train({ resume })`; to be taken before the next update begins. */
  checkpoint: () => Promise<Checkpoint>;
}

/** A tensor at rest. */
export interface SavedTensor {
  name: string;
  shape: number[];
  values: number[];
}

/** What a policy was worth after so many updates, in each environment; null where nobody can say. */
export interface ValidationPoint {
  updates: number;
  values: { readonly [name: string]: number | null };
}

/** What is known after an update. */
export interface Validation {
  by: string;
  /** From before the first update on. */
  course: readonly ValidationPoint[];
  /** Where the first environment's value was the highest, first. */
  best: { updates: number; value: number } | null;
}

/** What a checkpoint holds of it: the weights are those that were best. */
export interface ValidationState extends Pick<Validation, "by" | "course"> {
  weights: SavedTensor[];
}

/** What a curriculum of learnable tasks knows, by task: groups that were asked it, those in which it was now done and now not, and whether the last was one. */
export interface CurriculumState {
  readonly [task: string]: { readonly asked: number; readonly mixed: number; readonly wasMixed: boolean };
}

/** What is learned from again, by task: programs that did what they were asked, and the ids of their tokens, the one that ended each included. */
export interface ReplayState {
  readonly [task: string]: readonly { readonly program: string; readonly ids: readonly number[] }[];
}

/** Where a run was computed. */
export interface RanOn {
  /** Null for a policy without a model. */
  model: RunsOn | null;
  updates: { backend: BackendName; device: string };
}

/** What `train({ resume })` takes: the state after an update. */
export interface Checkpoint {
  version: 1;
  /** What the weights belong to: the policy's fingerprint. */
  policy: string;
  seed: number;
  optimizer: "adam" | "sgd";
  /** The update that comes next, and the episodes before it. */
  update: number;
  episodesSoFar: number;
  weights: SavedTensor[];
  /** The optimiser's moments and counters, empty moments for SGD. */
  memory: SavedTensor[];
  /** What a learned baseline has seen; null for the other estimators. */
  baseline: BaselineState | null;
  /** Where the run is validated: its course, and the weights that were best. Absent otherwise. */
  validation?: ValidationState;
  /** With the curriculum `learnable`: what it knows of the tasks. Absent otherwise. */
  curriculum?: CurriculumState;
  /** With `replay`: what is learned from again. Absent otherwise. */
  replay?: ReplayState;
  /** With `stale`: the weights that draw the next update's batch. Absent otherwise. */
  drawing?: SavedTensor[];
  /** What the weights stand on, where the policy says; empty in files from before this was kept. */
  buffers: SavedTensor[];
  about: { readonly [name: string]: unknown };
  /** Where the run's record ended; null if it is not recorded. Absent in files of older versions. */
  record?: RecordPosition | null;
  /** What ran the policy's model, and what computed the updates. Absent in files of older versions, and no condition of going on. */
  ranOn?: RanOn;
  /** The settings that its course depends on, by name. Absent in files of older versions, which go on with any. */
  settings?: { readonly [name: string]: string };
}
