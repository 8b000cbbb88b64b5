/** What REINFORCE trains. A policy draws actions; a trainable one also gives their log-probabilities to TF.js. */

import type * as tf from "@tensorflow/tfjs";
import type { Random } from "../random/index.ts";

/** One drawn action. */
export interface Action {
  /** The program that the environment runs. */
  program: string;
  /** Log-probability (nats) under the policy that drew it. */
  logProb: number;
  /** What was drawn, in the policy's own terms (menu index, token ids); `logProbs` reads it back. */
  choice: number | readonly number[];
  /** A short name for tables and plots. */
  label: string;
}

/** Draws actions for a batch of observations, one stream of random numbers each. */
export interface Policy<Observation = unknown> {
  readonly name: string;
  /** True if actions do not depend on observations: a rollout may then draw a whole episode at once. */
  readonly openLoop?: boolean;
  act(observations: readonly Observation[], streams: readonly Random[]): Promise<Action[]>;
}

/** A policy with weights. `logProbs` and `entropy` must be differentiable in `variables`. */
export interface TrainablePolicy<Observation = unknown> extends Policy<Observation> {
  /** What the optimiser changes. */
  readonly variables: readonly tf.Variable[];
  /** Adam's learning rate that suits these weights; `train` uses it unless told otherwise. */
  readonly learningRate: number;
  /** Log-probabilities of the actions, shape [actions]. */
  logProbs(actions: readonly Action[]): tf.Tensor1D;
  /** Mean entropy of the policy over these actions' states, a scalar in nats. */
  entropy(actions: readonly Action[]): tf.Scalar;
  /** A copy that does not learn: the baseline "before training". */
  frozen(): Policy<Observation>;
  /** For a policy with few choices: the probability of each now, by label. */
  probabilities?(): { [label: string]: number };
  /** Gives the variables back. */
  dispose(): void;
}
