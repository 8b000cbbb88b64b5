/**
 * REINFORCE (Williams 1992) on lives of the agent, to be read from top to bottom.
 *
 * Differences from the textbook: several episodes an update; a baseline from the other episodes of the batch; one scale
 * for all advantages of a batch; a mean over tokens, not over episodes; gradient clipping; an entropy bonus; a cost of
 * moving away from the frozen model. `estimator: "raw-return"` switches all of that off and is the paper's literal loop: plain
 * ascent on raw returns. Its failure at small steps is part of the lesson.
 *
 * Not here: how episodes are played (`rollout/`), estimators (`estimators.ts`), losses (`loss.ts`), options and their
 * defaults (`settings.ts`), the optimiser's step (`step.ts`), runs over seeds (`study.ts`).
 */

import { removeParts } from "../data/leftovers.ts";
import { type Episode, estimatesOf } from "../episode/index.ts";
import { type Action, type GradientOptions, type TrainablePolicy, tf } from "../policy/index.ts";
import { type WeightWatch, watchWeights } from "../policy/watch.ts";
import { createRandom } from "../random/index.ts";
import { collect } from "../rollout/index.ts";
import { leaveOutAlike } from "./alike.ts";
import { useBackend } from "./backend.ts";
import { readCheckpoint, restoreCheckpoint, takeCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { beginningsOf } from "./curriculum.ts";
import { type Engine, openEngine } from "./engine.ts";
import { findEstimator } from "./estimators.ts";
import { ownGradient, tensorGradient } from "./gradient.ts";
import { type Hold, holdPolicy } from "./holding.ts";
import { explainGradientError } from "./loss.ts";
import { openPanel } from "./panel.ts";
import { openRecorder, type RunRecorder, runOf } from "./recorder.ts";
import { checkTrainOptions, rateAt, type Settings, type TrainOptions, withDefaults } from "./settings.ts";
import { tellSlowness } from "./slowness.ts";
import { sortOut } from "./sort-out.ts";
import { takeStep } from "./step.ts";
import { asTraining, type Training } from "./training.ts";
import type { Update } from "./types.ts";
import { openValidator } from "./validation.ts";

/**
 * Trains a policy, one update at a time: `for await (const update of train({ env, policy })) ...`. Leaving the loop, or
 * aborting the signal, ends training; what was learned stays in the policy. `await train({ env, policy }).run()` runs all
 * of it and gives the last update. Throws an OptionFailure for an option that has no meaning, or that nobody reads.
 */
export function train(options: TrainOptions): Training<Update> {
  checkTrainOptions(options);
  return asTraining(trainAll(options));
}

async function* trainAll({ resume: given, ...options }: TrainOptions): AsyncGenerator<Update, void, void> {
  const resume = typeof given === "string" ? await readCheckpoint(given) : given;
  const settings = withDefaults({ ...options, ...(resume && { resume }) });
  const hold = holdPolicy(settings.policy);
  let engine: Engine | undefined;
  try {
    engine = await openEngine({
      ...{ policy: settings.policy, ownLoss: settings.loss !== undefined, backend: settings.backend },
      options: gradientOptions(settings),
    });
    yield* trainHeld(settings, hold, engine);
  } finally {
    await engine?.own?.dispose();
    hold.release();
  }
}

/** Training by who holds the policy. */
async function* trainHeld(settings: Settings, hold: Hold, engine: Engine): AsyncGenerator<Update, void, void> {
  const { policy, updates, gamma, signal, resume, onUpdate } = settings;
  const estimate = findEstimator(settings.estimator);
  const recorder = openRecorder(settings);
  const optimizer =
    settings.optimizer === "adam" ? tf.train.adam(settings.learningRate) : tf.train.sgd(settings.learningRate);
  const panel = openPanel(settings);
  const validator = openValidator(settings);
  const stateAt = (update: number, episodesSoFar: number) =>
    takeCheckpoint(policy, optimizer, estimate, settings, {
      update,
      episodesSoFar,
      record: recorder?.position() ?? null,
      ...(validator && { validation: validator.state() }),
      ranOn: {
        model: policy.runsOn ?? null,
        updates: { backend: engine.backend.backend, device: engine.backend.device },
      },
    });
  try {
    if (settings.save !== undefined) removeParts(settings.save);
    if (resume) await restoreCheckpoint(resume, policy, optimizer, estimate, settings);
    validator?.restore(resume?.validation ?? null);
    await validator?.at(resume?.update ?? 0);
    if (!resume && settings.save !== undefined) await writeCheckpoint(settings.save, await stateAt(0, 0));
    for (let update = resume?.update ?? 0, episodesSoFar = resume?.episodesSoFar ?? 0; update < updates; update++) {
      if (signal?.aborted) return;
      if (validator?.isSpent()) break;
      const began = performance.now();
      const unchanged = watchWeights(policy, "an update of its training");
      const { collected, drawn } = await playEpisodes(settings, update, recorder);
      const played = performance.now();
      episodesSoFar += collected.length;
      const { scored, masked } = sortOut(collected);
      const actions = scored.map(({ index }) => drawn[index]!);
      const features = actions.map((own) => own.map((action) => action.features));
      const advantages = checkAdvantages(estimate(rewarded(scored, settings), { gamma, features }), scored);
      const kept = maskSteps(scored, advantages, settings.mask, masked);
      const { weights, alike } = leaveOutAlike(scored, kept, settings.group);
      if (update === 0) await tellSlowness(settings, actions.flat(), engine.backend);
      const learned = await updatePolicy(policy, optimizer, actions.flat(), weights, settings, update, {
        ...{ engine, unchanged },
      });
      const seconds = { rollout: (played - began) / 1000, update: (performance.now() - played) / 1000 };
      await validator?.at(update + 1, update + 1 === updates);
      const soFar = episodesSoFar;
      const done: Update = {
        update,
        run: runOf(settings),
        resumed: resume !== undefined,
        episodesSoFar,
        episodes: scored,
        advantages,
        ...describe(scored, weights),
        ...learned,
        masked: { ...masked, alike },
        seconds,
        validation: validator?.now() ?? null,
        probabilities: await probabilitiesOf(policy),
        backend: engine.backend,
        checkpoint: () => stateAt(update + 1, soFar),
      };
      await panel?.show(done);
      // Logs come before the checkpoint: what is logged twice is cut when the run goes on, what is not logged is lost.
      await onUpdate?.(done);
      if (settings.save !== undefined) await writeCheckpoint(settings.save, await done.checkpoint());
      hold.rest();
      yield done;
      hold.goOn();
    }
    validator?.choose();
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    panel?.close();
    recorder?.close();
    optimizer.dispose();
  }
}

/**
 * Collect: this update's episodes, and the actions as the policy drew them, with what it keeps for the update. Every draw is
 * named by (seed, update, episode, step).
 */
async function playEpisodes(
  settings: Settings,
  update: number,
  recorder: RunRecorder | null,
): Promise<{ collected: Episode[]; drawn: (readonly Action[])[] }> {
  const { env, policy, episodes, group, seed, concurrency, on, signal } = settings;
  const begin = beginningsOf(settings, update);
  const drawn: (readonly Action[])[] = [];
  const spoiled: Episode[] = [];
  const played = await collect(env, policy, {
    episodes,
    group,
    seed: createRandom(seed, "update", update).integer(2 ** 31),
    listen: (index) => ({
      ...(recorder && { onStart: recorder.onStart }),
      onEnd(_, actions) {
        drawn[index] = actions;
      },
    }),
    onSpoiled: (episode) => void spoiled.push(episode),
    ...(begin && { begin }),
    ...(concurrency !== undefined && { concurrency }),
    ...(on && { on, traces: true }),
    ...(signal && { signal }),
  });
  return { collected: recorder?.commit(update, played, spoiled) ?? played, drawn };
}

/** Score: with `klIn: "reward"` each step pays for how far its program's odds have moved. */
function rewarded(episodes: readonly Episode[], { klIn, klCoef }: Settings): readonly Episode[] {
  if (klIn !== "reward" || klCoef === 0) return episodes;
  return episodes.map((episode) => ({
    ...episode,
    steps: episode.steps.map((step) => {
      const { logProb, referenceLogProb = logProb } = step.action;
      return { ...step, reward: step.reward - klCoef * (logProb - referenceLogProb) };
    }),
  }));
}

/** Advantages with 0 for the steps that `mask` names, and a weight for each: null where a step does not count. */
function maskSteps(
  episodes: readonly Episode[],
  advantages: readonly number[][],
  mask: Settings["mask"],
  masked: { cut: number; truncated: number },
): (number | null)[][] {
  return episodes.map(({ steps, truncated }, i) =>
    steps.map(({ action }, t) => {
      const why =
        truncated && mask.includes("truncated") ? "truncated" : action.cut && mask.includes("cut") ? "cut" : null;
      if (why === null) return advantages[i]![t]!;
      masked[why]++;
      return null;
    }),
  );
}

/** Update: one gradient step. Nothing changes if anything here throws, as `unchanged` does where the weights are not those that drew. */
async function updatePolicy(
  policy: TrainablePolicy,
  optimizer: tf.Optimizer,
  actions: readonly Action[],
  weights: readonly (number | null)[][],
  settings: Settings,
  update: number,
  { engine: { backend, own }, unchanged }: { engine: Engine; unchanged: WeightWatch },
) {
  const { maxGradNorm, loss } = settings;
  const lengths = actions.map(({ tokens = 1 }) => tokens);
  const perToken = (values: number[]) => values.flatMap((value, i) => new Array<number>(lengths[i]!).fill(value));
  const advantages = perToken(weights.flat().map((value) => value ?? 0));
  const counts = perToken(weights.flat().map((value) => (value === null ? 0 : 1)));
  const input = { actions, advantages, counts };
  const learningRate = rateAt(settings, update);
  const used: tf.Tensor[] = [];
  try {
    useBackend(backend);
    unchanged();
    const { gradients, norm, ...found } = own
      ? await ownGradient(policy, own, input)
      : await tensorGradient(policy, input, { loss, options: gradientOptions(settings) });
    used.push(...Object.values(gradients));
    useBackend(backend); // Reading gave other trainings their turn.
    unchanged();
    if (!Number.isFinite(norm)) throw new RangeError(`The gradient's norm is ${norm}: the policy was left as it is`);
    takeStep(optimizer, gradients, { norm, maxGradNorm, learningRate });
    const tokens = { drawn: counts.length, learned: counts.reduce((all, one) => all + one, 0) };
    const { entropy: policyEntropy, kl, loss: lost } = found;
    return { loss: lost, gradientNorm: norm, learningRate, policyEntropy, kl, tokens };
  } catch (error) {
    throw explainGradientError(error);
  } finally {
    tf.dispose(used);
  }
}

/** What the policy gradient's loss is made with. */
function gradientOptions({ entropyBonus, klCoef, klIn, estimator }: Settings): GradientOptions {
  return { entropyBonus, klCoef: klIn === "loss" ? klCoef : 0, summed: estimator === "raw-return" };
}

/** Reads the weights first: a policy that tells its odds at once can read at once what has been read before. */
async function probabilitiesOf(policy: TrainablePolicy): Promise<Update["probabilities"]> {
  if (policy.probabilities === undefined) return null;
  await Promise.all(policy.variables.map((variable) => variable.data()));
  return policy.probabilities();
}

/** Record: what the batch was like. */
function describe(episodes: readonly Episode[], weights: readonly (number | null)[][]) {
  const pushes = weights.flat();
  return {
    ...estimatesOf(episodes),
    zeroAdvantages: pushes.filter((value) => value === 0 || value === null).length / pushes.length,
  };
}

/** A user's estimator may be wrong: then nothing has been changed yet, and the error says where. */
function checkAdvantages(advantages: number[][], episodes: readonly Episode[]): number[][] {
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
