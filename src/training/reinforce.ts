/**
 * REINFORCE (Williams 1992) on lives of the agent, to be read from top to bottom.
 *
 * Differences from the textbook: several episodes an update; a baseline from the other episodes of the batch; one scale
 * for all advantages of a batch; a mean over tokens, not over episodes; gradient clipping; an entropy bonus; a cost of
 * moving away from the frozen model. `estimator: "raw-return"` switches all of that off and is the paper's literal loop: plain
 * ascent on raw returns. Its failure at small steps is part of the lesson.
 *
 * Not here: how episodes are played (`rollout/`), estimators (`estimators.ts`), losses (`loss.ts`), options and their
 * defaults (`settings.ts`), the gradient and the optimiser's step (`update.ts`), runs over seeds (`study.ts`).
 */

import { removeParts } from "../data/leftovers.ts";
import { type Episode, estimatesOf } from "../episode/index.ts";
import { type Action, type TrainablePolicy, tf } from "../policy/index.ts";
import { watchWeights } from "../policy/watch.ts";
import { createRandom } from "../random/index.ts";
import { collect, type PartSums } from "../rollout/index.ts";
import { leaveOutAlike } from "./alike.ts";
import { useBackend } from "./backend.ts";
import { type Batches, openBatches } from "./batches.ts";
import { readCheckpoint, restoreCheckpoint, takeCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { TaskChoice } from "./curriculum.ts";
import { type Engine, openEngine } from "./engine.ts";
import { type Estimator, findEstimator } from "./estimators.ts";
import { type Hold, holdPolicy } from "./holding.ts";
import { importanceOf } from "./importance.ts";
import type { Settings, TrainOptions } from "./options.ts";
import { openPanel } from "./panel.ts";
import { openRecorder, type RunRecorder, runOf } from "./recorder.ts";
import { openRemembered } from "./remembered.ts";
import type { Replay } from "./replay.ts";
import { checkTrainOptions, withDefaults } from "./settings.ts";
import { tellSlowness } from "./slowness.ts";
import { sortOut } from "./sort-out.ts";
import { asTraining, type Training } from "./training.ts";
import type { Update } from "./types.ts";
import { type Batch, gradientOptions, updatePolicy } from "./update.ts";
import { sumSettings } from "./way.ts";
import { checkAdvantages, maskSteps, rewarded } from "./weights.ts";

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
  const { policy, updates, signal, resume, onUpdate } = settings;
  const estimate = findEstimator(settings.estimator);
  const recorder = openRecorder(settings);
  const optimizer = tf.train[settings.optimizer](settings.learningRate);
  const panel = openPanel(settings);
  const remembered = openRemembered(settings);
  const { validator, choice, replay } = remembered;
  let batches: Batches<PlayedBatch> | undefined;
  const stateAt = (update: number, episodesSoFar: number) =>
    takeCheckpoint(policy, optimizer, estimate, settings, {
      update,
      episodesSoFar,
      record: recorder?.position() ?? null,
      ...remembered.state(),
      ...(batches?.drawing() && { drawing: batches.drawing()! }),
      ranOn: {
        model: policy.runsOn ?? null,
        updates: { backend: engine.backend.backend, device: engine.backend.device },
      },
    });
  try {
    if (settings.save !== undefined) removeParts(settings.save);
    if (resume) await restoreCheckpoint(resume, policy, optimizer, estimate, settings);
    await remembered.restore(resume);
    if (!resume && settings.save !== undefined) await writeCheckpoint(settings.save, await stateAt(0, 0));
    batches = await openBatches(settings, (...asked) => playBatch(settings, choice, recorder, ...asked));
    for (let update = resume?.update ?? 0, episodesSoFar = resume?.episodesSoFar ?? 0; update < updates; update++) {
      if (signal?.aborted) return;
      if (validator?.isSpent()) break;
      const began = performance.now();
      const unchanged = watchWeights(policy, "an update of its training");
      const { played: own, isStale } = await batches.next(update);
      const collected = recorder?.commit(update, own.episodes, own.spoiled) ?? own.episodes;
      const played = performance.now();
      episodesSoFar += collected.length;
      const { scored, weights, advantages, masked, importance, learned } = await learn(settings, estimate, update, {
        ...{ optimizer, engine, unchanged, choice, replay, played: own, collected, isStale },
      });
      remembered.hear(collected);
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
        masked,
        importance,
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
    await batches?.close();
    panel?.close();
    recorder?.close();
    optimizer.dispose();
  }
}

/** What was played for an update. */
interface PlayedBatch {
  episodes: Episode[];
  /** Those that were played again. */
  spoiled: Episode[];
  drawn: (readonly Action[])[];
  sums: (PartSums | undefined)[];
}

/**
 * Collect: an update's episodes, and the actions as the policy drew them, with what it keeps for the update. Every draw is
 * named by (seed, update, episode, step).
 */
async function playBatch(
  settings: Settings,
  choice: TaskChoice,
  recorder: RunRecorder | null,
  update: number,
  policy: TrainablePolicy,
  signal: AbortSignal,
): Promise<PlayedBatch> {
  const { env, episodes, concurrency, on } = settings;
  const { part, ...by } = sumSettings(settings) ?? {};
  const sums: (PartSums | undefined)[] = [];
  const drawn: (readonly Action[])[] = [];
  const spoiled: Episode[] = [];
  const played = await collect(env, policy, {
    ...{ episodes, ...drawnBy(settings, choice, update) },
    listen: (index) => ({
      ...(recorder && { onStart: recorder.onStart }),
      onEnd(_, actions) {
        drawn[index] = actions;
      },
    }),
    onSpoiled: (episode) => void spoiled.push(episode),
    ...(concurrency !== undefined && { concurrency }),
    ...(on && { on, traces: part === undefined }),
    ...(on && part !== undefined && { sums: { part, by }, onPart: (own) => void sums.push(own) }),
    signal,
  });
  return { episodes: played, spoiled, drawn, sums };
}

/** Learn: what each step is pushed by, and the optimiser's step. */
async function learn(settings: Settings, estimate: Estimator, update: number, what: Learning) {
  const { played, collected, isStale, engine } = what;
  const judged = judge(collected, played.drawn, settings, estimate);
  const { actions, weights } = judged;
  if (update === 0 && played.sums.length === 0) await tellSlowness(settings, actions.flat(), engine.backend);
  const importance = isStale ? await weigh(settings, engine, judged) : null;
  const pushed = importance?.weights ?? weights;
  const batch = {
    ...judged,
    collected,
    sums: played.sums,
    weights: pushed,
    replayed: await what.replay.draw(update),
    again: again(settings, what.choice, update),
  };
  const learned = await updatePolicy(batch, settings, { ...what, update });
  return {
    ...judged,
    importance: importance?.spread ?? null,
    learned: { ...learned, replayed: batch.replayed.length },
  };
}

/** What is learned from, and what with. */
interface Learning extends Omit<Parameters<typeof updatePolicy>[2], "update"> {
  played: PlayedBatch;
  choice: TaskChoice;
  replay: Replay;
  /** Its episodes, as the record knows them. */
  collected: readonly Episode[];
  isStale: boolean;
}

/** Judge: the episodes that can be learned from, and what each of their steps is pushed by; null where it does not count. */
function judge(
  collected: readonly Episode[],
  drawn: readonly (readonly Action[])[],
  settings: Settings,
  estimate: Estimator,
) {
  const { gamma, mask, group } = settings;
  const { scored, masked } = sortOut(collected);
  const actions = scored.map(({ index }) => drawn[index]!);
  const features = actions.map((own) => own.map((action) => action.features));
  const advantages = checkAdvantages(estimate(rewarded(scored, settings), { gamma, features }), scored);
  const kept = maskSteps(scored, advantages, mask, masked);
  const { weights, alike } = leaveOutAlike(scored, kept, group);
  return { scored, actions, advantages, weights, masked: { ...masked, alike } };
}

/** Weigh: what the weights of before have drawn is pushed by as much as those of now would have drawn it, cut where that is too much. */
async function weigh(
  { policy, mostImportance }: Settings,
  { backend }: Engine,
  { actions, weights }: Pick<Batch, "actions" | "weights">,
) {
  useBackend(backend);
  const { weights: each, spread } = await importanceOf(policy, actions.flat(), mostImportance);
  const left = each.values();
  const weighed = (value: number | null): number | null => {
    const weight = left.next().value!;
    return value === null ? null : value * weight;
  };
  return { spread, weights: weights.map((own) => own.map(weighed)) };
}

/** What an update's lives follow from besides environment and policy. */
function drawnBy(settings: Settings, choice: TaskChoice, update: number) {
  const begin = choice.beginnings(update);
  const seed = createRandom(settings.seed, "update", update).integer(2 ** 31);
  return { group: settings.group, seed, ...(begin && { begin }) };
}

/** Plays lives once more, where what the policy keeps of them was left where they were played. */
function again(settings: Settings, choice: TaskChoice, update: number): Batch["again"] {
  const { env, policy, on, signal } = settings;
  return async (first, episodes) => {
    const drawn = new Map<number, readonly Action[]>();
    await collect(env, policy, {
      ...{ first, episodes, ...drawnBy(settings, choice, update) },
      listen: (index) => ({ onEnd: (_, actions) => void drawn.set(index, actions) }),
      ...(on && { on, traces: true }),
      ...(signal && { signal }),
    });
    return drawn;
  };
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
