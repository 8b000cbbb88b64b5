/** What REINFORCE trains. A policy draws actions; a trainable one also gives their log-probabilities to TF.js. */

import type * as tf from "@tensorflow/tfjs";
import type { Decoder, HeldAdapter, StepLogits } from "../model/index.ts";
import type { Random } from "../random/index.ts";
import type { PolicyPlan } from "./plan.ts";

/** One edit that a policy may choose. */
export interface Edit {
  /** Short and unique. */
  name: string;
  /** What it does to a life: for tables and colours, never for rewards. */
  effect: "harmless" | "useful" | "fatal" | "harmful";
  /** The program, as `self.execute_code` gets it. */
  program: string;
}

/** One drawn action: a program, written in one or more tokens (an edit from a menu counts as one). */
export interface Action {
  /** The program that the environment runs. */
  program: string;
  /** Log-probability (nats) under the policy that drew it, summed over its tokens; NaN where the policy does not tell. */
  logProb: number;
  /** Of each token, where the policy tells them. */
  logProbs?: readonly number[];
  /** What was drawn, in the policy's own terms (menu index, token ids); `evaluate` reads it back. */
  choice: number | readonly number[];
  /** A short name for tables and plots. */
  label: string;
  /** Number of tokens. @default 1 */
  tokens?: number;
  /** The same log-probability before any training. Absent: the policy has no such reference. */
  referenceLogProb?: number;
  /** True if the program was cut off at its longest length. */
  cut?: boolean;
  /** What a model was given, and what it wrote before a program was taken from it. */
  prompt?: string;
  output?: string;
  /** Tokens of what it was given. */
  promptTokens?: number;
  /** The streams that the draws came from. */
  seeds?: { readonly [name: string]: string | number };
  /** Numbers that describe the state it was drawn in, for a learned baseline. */
  features?: Float32Array;
  /** What the policy keeps for its update: in process only, no part of an episode. */
  trace?: object;
}

/** A policy's language model to be asked anything, and no program of an agent alone: `models.local(policy)` asks it. */
export interface FreeText {
  readonly decoder: Decoder;
  /** What the logits are divided by, after `onLogits`; a question may ask for another. */
  readonly temperature: number;
  /** See `SamplingOptions`. */
  readonly topK: number;
  readonly topP: number;
  /** Changes the logits before each draw: a trained head, as it was when it was asked for. Absent where nothing does. */
  readonly onLogits?: (step: StepLogits) => void;
  /** Changes the model's last blocks: a trained adapter, as it was then. Absent where nothing does. */
  readonly adapter?: HeldAdapter;
  /** Ids of the tokens whose odds training changed itself; `all` where it changed the model, absent where it changed none. */
  readonly steered?: readonly number[] | "all";
  /** What tells its weights from others: equal for equal ones. */
  readonly fingerprint: string;
}

/** ONNX Runtime's provider, and the device's name. */
export interface RunsOn {
  provider: string;
  device: string;
}

/** Draws actions for a batch of observations, one stream of random numbers each. */
export interface Policy<Observation = unknown> {
  readonly name: string;
  /** What its programs are written for: `javascript` or `python`. A rollout refuses agents of the other. Absent: nobody can say. */
  readonly body?: string;
  /** True if actions do not depend on observations: a rollout may then draw a whole episode at once. */
  readonly openLoop?: boolean;
  /** How many observations it likes to see at once; a rollout then plays lives in step. @default 1 */
  readonly batch?: number;
  /**
   * In how many cohorts it likes those who are in play to ask it: with 2 the programs of one run while those of the other are
   * drawn, which pays where its model has a device of its own. @default 1
   */
  readonly cohorts?: number;
  /** What runs its model; absent where it has none. Records and checkpoints keep it. */
  readonly runsOn?: RunsOn;
  /**
   * What tells it from others of its name, once they run: an evaluation's file knows it again by this. Absent: it is known
   * again by its plan, or not at all.
   */
  readonly fingerprint?: string | (() => Promise<string>);
  act(observations: readonly Observation[], streams: readonly Random[]): Promise<Action[]>;
  /** The language model that it writes with, as it is now, for other texts. Absent where it has none. */
  freeText?(): Promise<FreeText>;
  /** The policy as it is now, as data that workers elsewhere can open. Absent: it cannot be sent. */
  plan?(): Promise<PolicyPlan>;
}

/** What an update needs to know of a batch of actions; one number a token, actions in order. Shape [tokens] each. */
export interface ActionEvaluation {
  /** Log-probability of each token, nats. */
  logProbs: tf.Tensor1D;
  /** Entropy of the distribution that it was drawn from, nats. */
  entropy: tf.Tensor1D;
  /** Kullback-Leibler divergence of that distribution from the one before any training, nats. */
  kl: tf.Tensor1D;
}

/** What a gradient step is to make smaller, as a function of evaluated actions. */
export interface Objective {
  loss(evaluation: ActionEvaluation): tf.Scalar;
  /** Whether its slope depends on none of the values: it is a weighted sum of them, as the policy gradient's loss is. */
  linear: boolean;
  /** Of each token, in order: 0 where nothing is made of it. */
  counts: readonly number[];
  /** What it is made of besides log-probabilities. */
  uses: { entropy: boolean; kl: boolean };
}

/** What a policy that takes the gradient itself gives: tensors that are the caller's. */
export interface ObjectiveGradient {
  value: tf.Scalar;
  /** By the variables' names. */
  grads: { [name: string]: tf.Tensor };
  /** Means over the tokens, nats; the divergence over those that count, or of some programs where nothing is made of it. */
  entropy: tf.Scalar;
  kl: tf.Scalar;
}

/** What weights were learned on top of: kept with a checkpoint, so that it can be opened without training anew. */
export interface PolicyBuffers {
  tensors: readonly { name: string; shape: readonly number[]; values: ArrayLike<number> }[];
  /** Plain data. */
  about: { readonly [name: string]: unknown };
}

/** What a policy's gradient is asked of: a batch of actions, and of each token its advantage and whether it counts. */
export interface GradientInput {
  actions: readonly Action[];
  advantages: readonly number[];
  /** 1 for a token that counts, 0 for one that is masked. */
  counts: readonly number[];
}

/** What the policy gradient's loss is made with; see `LossInput.options`. */
export interface GradientOptions {
  entropyBonus: number;
  klCoef: number;
  summed: boolean;
}

/** The gradient of the policy gradient's loss, an array for each of the policy's variables, and means over all tokens. */
export interface PolicyGradient {
  gradients: readonly Float32Array[];
  loss: number;
  entropy: number;
  kl: number;
}

/** What computes that gradient without TF.js. */
export interface GradientEngine {
  /** The name of what it computes on. */
  readonly device: string;
  gradient(input: GradientInput): Promise<PolicyGradient>;
  dispose(): Promise<void>;
}

/** A policy with weights. */
export interface TrainablePolicy<Observation = unknown> extends Policy<Observation> {
  /** What the optimiser changes. */
  readonly variables: readonly tf.Variable[];
  /** Adam's learning rate for these weights; `train` uses it unless told otherwise. */
  readonly learningRate: number;
  /** Recommended settings of the trainer, unless it is told otherwise. */
  readonly recommended?: {
    readonly updates?: number;
    readonly episodes?: number;
    readonly group?: number;
    readonly gamma?: number;
    readonly klCoef?: number;
    readonly entropyBonus?: number;
    readonly lrSchedule?: "none" | "linear" | "cosine";
    /** Where the environment has tasks. */
    readonly curriculum?: "drawn" | "each task new" | "learnable";
  };
  /** What the weights belong to: a checkpoint of another model is refused by it. @default the name */
  readonly fingerprint?: string;
  /**
   * What the weights were learned on top of, and training leaves as it is: which words a head changes, how its input is scaled.
   * Absent where the fingerprint alone says it.
   */
  readonly buffers?: PolicyBuffers;
  /** The actions evaluated, differentiable in `variables`. */
  evaluate(actions: readonly Action[]): ActionEvaluation;
  /** Opens what computes the gradient on ONNX Runtime; absent where TF.js alone can, by way of `evaluate`. */
  openGradient?(provider: "cpu" | "cuda", options: GradientOptions): Promise<GradientEngine>;
  /**
   * The gradient of an objective of these actions in `variables`, taken part by part: of a policy whose evaluation of a whole batch
   * would be too large for one tape. Absent: `evaluate` is differentiated.
   */
  objectiveGradient?(actions: readonly Action[], objective: Objective): ObjectiveGradient;
  /**
   * Programs whose tokens are known, as actions to learn from: each is read by the model that is here, as an answer to an observation.
   * Absent of a policy that draws otherwise than token by token.
   */
  read?(
    observations: readonly unknown[],
    written: readonly { readonly ids: readonly number[]; readonly text: string; readonly cut: boolean }[],
  ): Promise<{ action: Action }[]>;
  /** About how many seconds that takes of these actions on the backend in use; absent of a policy whose updates take none to speak of. */
  gradientSeconds?(actions: readonly Action[]): Promise<number>;
  /** A copy that does not learn: the baseline "before training". */
  frozen(): Policy<Observation>;
  /** For a policy with few choices: the probability of each now, by label. */
  probabilities?(): { [label: string]: number };
  /** True where `evaluate` holds by the weights alone that drew: an update later it would tell the odds of before. */
  readonly isEvaluatedAsDrawn?: boolean;
  /** True where its programs are another process' that is brought its weights. */
  readonly isWrittenElsewhere?: boolean;
  /** Bytes that it keeps of a program for its update, at most; absent of one that keeps nothing. */
  readonly traceBytes?: number;
  /** Gives the variables back. */
  dispose(): void;
}
