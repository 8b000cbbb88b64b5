/**
 * REINFORCE (Williams 1992) on lives of the agent, to be read from top to bottom.
 *
 * Differences from the textbook: several episodes an update; a baseline from the other episodes of the batch; one scale
 * for all advantages of a batch; gradient clipping; an entropy bonus. `estimator: "seed"` switches all of that off and
 * is the paper's literal loop: plain ascent on raw returns. Its failure at small steps is part of the lesson.
 *
 * Not here: how episodes are played (`rollout/`), estimators (`estimators.ts`), runs over seeds (`study.ts`).
 */

import type { Environment } from "../environment/index.ts";
import type { Action, TrainablePolicy } from "../policy/index.ts";
import { tf } from "../policy/index.ts";
import { createRandom } from "../random/index.ts";
import { collect, type Episode } from "../rollout/index.ts";
import { mean } from "../statistics/index.ts";
import { prepareBackend } from "./backend.ts";
import { type Checkpoint, restoreCheckpoint, takeCheckpoint } from "./checkpoint.ts";
import { type Estimator, type EstimatorName, findEstimator } from "./estimators.ts";

/** How a policy is trained. */
export interface TrainOptions {
  env: Environment;
  policy: TrainablePolicy;
  /** @default "leave-one-out" */
  estimator?: EstimatorName | Estimator;
  /** Number of updates. @default 100 */
  updates?: number;
  /** Episodes an update. @default 16 */
  episodes?: number;
  /** Discount in [0, 1]. @default 0.99 */
  gamma?: number;
  /** @default "adam", for the estimator `seed` "sgd" */
  optimizer?: "adam" | "sgd";
  /** @default the policy's own, for the estimator `seed` 1e-4 */
  learningRate?: number;
  /** Largest norm of the gradient; 0 for none. @default 1, for the estimator `seed` 0 */
  clip?: number;
  /** Weight of the policy's entropy in the objective. @default 0.02, for the estimator `seed` 0 */
  entropyBonus?: number;
  /** Names every draw. @default 0 */
  seed?: number;
  /** Episodes played at once. @default 8 */
  concurrency?: number;
  /** Ends training between two updates. */
  signal?: AbortSignal;
  /** Go on from here, with the same seed and options: equal to a run without a break. */
  resume?: Checkpoint;
}

/** What an update did, and the episodes it learned from. */
export interface Update {
  /** From 0. */
  update: number;
  /** Episodes lived so far, this update's included. */
  lived: number;
  episodes: Episode[];
  advantages: number[][];
  meanReturn: number;
  /** Mean steps survived. */
  survival: number;
  /** Share of episodes that attempted harm. */
  harm: number;
  /** Entropy of the policy before the update, nats. */
  entropy: number;
  loss: number;
  gradientNorm: number;
  /** Share of steps whose advantage is zero: they teach nothing. */
  dead: number;
  /** Episodes left out because the sandbox failed. */
  masked: number;
  /** Wall time: playing the episodes, and the update proper. */
  seconds: { rollout: number; update: number };
  /** For a policy with few choices: their probabilities after the update. */
  probabilities: { [label: string]: number } | null;
  /** The state after this update, for `train({ resume })`; to be taken before the next update begins. */
  checkpoint: () => Promise<Checkpoint>;
}

/**
 * Trains a policy, one update at a time: `for await (const update of train({ env, policy })) ...`. Leaving the loop, or
 * aborting the signal, ends training; what was learned stays in the policy.
 */
export async function* train(options: TrainOptions): AsyncGenerator<Update, void, void> {
  const settings = withDefaults(options);
  const { env, policy, updates, episodes, gamma, seed, concurrency, signal, resume } = settings;
  await prepareBackend();
  const estimate = findEstimator(settings.estimator);
  const optimizer =
    settings.optimizer === "adam" ? tf.train.adam(settings.learningRate) : tf.train.sgd(settings.learningRate);
  try {
    if (resume) await restoreCheckpoint(resume, policy, optimizer, settings);
    for (let update = resume?.update ?? 0, lived = resume?.lived ?? 0; update < updates; update++) {
      if (signal?.aborted) return;
      const began = performance.now();
      const batchSeed = createRandom(seed, "update", update).integer(2 ** 31);
      const collected = await collect(env, policy, {
        episodes,
        seed: batchSeed,
        concurrency,
        ...(signal && { signal }),
      });
      const played = performance.now();
      lived += collected.length;
      const soFar = lived;
      const scored = collected.filter(({ fault }) => !fault);
      const advantages = checkAdvantages(estimate(scored, { gamma }), scored);
      const learned = updatePolicy(policy, optimizer, scored, advantages, settings);
      yield {
        update,
        lived,
        episodes: scored,
        advantages,
        ...describe(scored, advantages),
        ...learned,
        masked: collected.length - scored.length,
        seconds: { rollout: (played - began) / 1000, update: (performance.now() - played) / 1000 },
        probabilities: policy.probabilities?.() ?? null,
        checkpoint: () =>
          takeCheckpoint(policy, optimizer, { seed, optimizer: settings.optimizer, update: update + 1, lived: soFar }),
      };
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    optimizer.dispose();
  }
}

/** One gradient step. Loss: minus the mean over steps of advantage times log-probability, less the entropy bonus. */
function updatePolicy(
  policy: TrainablePolicy,
  optimizer: tf.Optimizer,
  episodes: readonly Episode[],
  advantages: readonly number[][],
  { estimator, clip, entropyBonus }: Settings,
): { loss: number; gradientNorm: number; entropy: number } {
  const actions: Action[] = episodes.flatMap(({ steps }) => steps.map(({ action }) => action));
  const weights = advantages.flat();
  return tf.tidy(() => {
    const entropy = policy.entropy(actions).dataSync()[0]!;
    const pushed = tf.tensor1d(weights);
    // The literal loop adds up its steps, as the paper's inner loop does; the others take their mean.
    const scale = estimator === "seed" ? 1 : 1 / weights.length;
    const objective = (): tf.Scalar => {
      const gain = tf.mul(tf.sum(tf.mul(policy.logProbs(actions), pushed)), scale);
      return tf.neg(tf.add(gain, tf.mul(policy.entropy(actions), entropyBonus))) as tf.Scalar;
    };
    const { value, grads } = tf.variableGrads(objective, [...policy.variables]);
    const gradientNorm = Math.sqrt(
      Object.values(grads).reduce((sum, g) => sum + tf.sum(tf.square(g)).dataSync()[0]!, 0),
    );
    if (!Number.isFinite(gradientNorm))
      throw new RangeError(`The gradient's norm is ${gradientNorm}: the policy was left as it is`);
    const shrink = clip > 0 && gradientNorm > clip ? clip / gradientNorm : 1;
    const clipped = Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, tf.mul(g, shrink)]));
    optimizer.applyGradients(clipped);
    return { loss: value.dataSync()[0]!, gradientNorm, entropy };
  });
}

function describe(episodes: readonly Episode[], advantages: readonly number[][]) {
  const pushes = advantages.flat();
  const harmed = episodes.filter(({ steps }) => steps.some(({ effects }) => effects.length > 0)).length;
  return {
    meanReturn: mean(episodes.map((episode) => episode.return)),
    survival: mean(episodes.map(({ survival }) => survival)),
    harm: harmed / episodes.length,
    dead: pushes.filter((value) => value === 0).length / pushes.length,
  };
}

/** A user's estimator may be wrong: then nothing has been changed yet, and the error says where. */
function checkAdvantages(advantages: number[][], episodes: readonly Episode[]): number[][] {
  if (episodes.length === 0)
    throw new RangeError("Every episode of the batch was a fault of the sandbox: nothing to learn from");
  if (!Array.isArray(advantages) || advantages.length !== episodes.length)
    throw new RangeError(`The estimator gave advantages for ${advantages?.length} of ${episodes.length} episodes`);
  for (const [i, { steps }] of episodes.entries()) {
    const own = advantages[i]!;
    if (own.length !== steps.length)
      throw new RangeError(`The estimator gave ${own.length} advantages for the ${steps.length} steps of episode ${i}`);
    const wrong = own.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new RangeError(`The estimator gave ${own[wrong]} for step ${wrong} of episode ${i}`);
  }
  return advantages;
}

type Settings = Required<Omit<TrainOptions, "signal" | "resume">> & Pick<TrainOptions, "signal" | "resume">;

function withDefaults(options: TrainOptions): Settings {
  const literal = options.estimator === "seed";
  const settings = {
    estimator: "leave-one-out" as const,
    updates: 100,
    episodes: 16,
    gamma: 0.99,
    optimizer: literal ? ("sgd" as const) : ("adam" as const),
    learningRate: literal ? 1e-4 : options.policy.learningRate,
    clip: literal ? 0 : 1,
    entropyBonus: literal ? 0 : 0.02,
    seed: 0,
    concurrency: 8,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  } as Settings;
  const { updates, episodes, gamma, learningRate, clip, entropyBonus, optimizer } = settings;
  const expect = (name: string, holds: boolean, expected: string, value: unknown): void => {
    if (!holds) throw new RangeError(`Expected \`${name}\` to be ${expected}, got ${String(value)}`);
  };
  expect("updates", Number.isSafeInteger(updates) && updates > 0, "a positive integer", updates);
  expect("episodes", Number.isSafeInteger(episodes) && episodes > 0, "a positive integer", episodes);
  expect("gamma", gamma >= 0 && gamma <= 1, "between 0 and 1", gamma);
  expect("learningRate", learningRate > 0 && Number.isFinite(learningRate), "a positive number", learningRate);
  expect("clip", clip >= 0, "0 (none) or a positive number", clip);
  expect("entropyBonus", Number.isFinite(entropyBonus), "a finite number", entropyBonus);
  expect("optimizer", optimizer === "adam" || optimizer === "sgd", "adam or sgd", optimizer);
  return settings;
}
