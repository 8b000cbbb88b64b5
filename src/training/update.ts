/**
 * One update: the gradient of a batch, and the optimiser's step. The gradient is of the whole batch or the sum of its parts; nothing
 * changes if anything here throws.
 */

import type { Episode } from "../episode/index.ts";
import { type Action, type GradientOptions, tf } from "../policy/index.ts";
import type { WeightWatch } from "../policy/watch.ts";
import type { PartSums } from "../rollout/index.ts";
import { useBackend } from "./backend.ts";
import type { Engine } from "./engine.ts";
import { advantageOf, estimatorsInSteps, type Scale } from "./estimators.ts";
import { type BatchGradient, gradientOf } from "./gradient.ts";
import { explainGradientError } from "./loss.ts";
import type { Settings } from "./options.ts";
import { rateAt } from "./rate.ts";
import { takeStep } from "./step.ts";
import { addUp, inputOf, openSumming, rawWeights, type ScaledSums, type Summing } from "./sums.ts";
import { sumSettings } from "./way.ts";
import { rewarded } from "./weights.ts";

/** What an update learns from. */
export interface Batch {
  /** All that were played, in the order of their numbers, and those of them that can be learned from. */
  collected: readonly Episode[];
  scored: readonly Episode[];
  /** Actions of each scored episode, and what each step is pushed by; null where it does not count. */
  actions: readonly (readonly Action[])[];
  weights: readonly (readonly (number | null)[])[];
  /** Programs of earlier updates that are learned from again, each as if its advantage were one. */
  replayed: readonly Action[];
  /** Sums that workers took, part by part. */
  sums: readonly (PartSums | undefined)[];
  /** Plays a part again, for what the policy keeps of it, by its first episode. */
  again(first: number, episodes: number): Promise<ReadonlyMap<number, readonly Action[]>>;
}

/** Steps by the gradient of a batch. `unchanged` throws where the weights are not those that drew. */
export async function updatePolicy(
  batch: Batch,
  settings: Settings,
  {
    optimizer,
    update,
    engine,
    unchanged,
  }: {
    optimizer: tf.Optimizer;
    update: number;
    engine: Engine;
    unchanged: WeightWatch;
  },
) {
  const { maxGradNorm } = settings;
  const { counts } = inputOf(batch.actions.flat(), batch.weights.flat());
  const learningRate = rateAt(settings, update);
  const used: tf.Tensor[] = [];
  try {
    unchanged();
    const { gradients, norm, ...found } = await gradientOfBatch(batch, settings, engine);
    used.push(...Object.values(gradients));
    useBackend(engine.backend); // Reading gave other trainings their turn.
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
export function gradientOptions({ entropyBonus, klCoef, klIn, estimator }: Settings): GradientOptions {
  return { entropyBonus, klCoef: klIn === "loss" ? klCoef : 0, summed: estimator === "raw-return" };
}

async function gradientOfBatch(batch: Batch, settings: Settings, engine: Engine): Promise<BatchGradient> {
  const { policy, loss } = settings;
  const options = gradientOptions(settings);
  if (settings.gradients !== "whole batch") return addUp(policy, await partsOf(batch, settings), options);
  useBackend(engine.backend);
  return gradientOf(policy, engine, inputOfBatch(batch), { loss, options });
}

/** What the gradient of a whole batch is asked of: its own programs, and those that are learned from again. */
function inputOfBatch({ actions, weights, replayed }: Batch) {
  return inputOf([...actions.flat(), ...replayed], [...weights.flat(), ...replayed.map(() => 1)]);
}

/** The parts' sums, in order: those that workers took, or of the actions that are here. */
async function partsOf(batch: Batch, settings: Settings): Promise<ScaledSums[]> {
  const { part, ...how } = sumSettings(settings)!;
  const { collected, sums } = batch;
  const scale = scaleOf(batch, settings);
  const places = new Map(batch.scored.map((episode, i) => [episode, i]));
  const found: ScaledSums[] = [];
  let summing: Summing | null = null;
  try {
    for (let first = 0; first < collected.length; first += part) {
      const { scored, weights: raw } = rawWeights(collected.slice(first, first + part), how);
      const wanted = scored.map((episode) => batch.weights[places.get(episode)!]!);
      const fits = sameWeights(
        raw.map((own) => own.map((value) => (value === null ? null : advantageOf(value, scale)))),
        wanted,
      );
      const told = sums[first / part];
      if (fits && told !== undefined) {
        found.push({ sums: told, scale });
        continue;
      }
      summing ??= await openSumming(settings.policy, how);
      const kept = settings.on ? await batch.again(first, Math.min(part, collected.length - first)) : null;
      const actions = scored.map((one) => kept?.get(one.index) ?? batch.actions[places.get(one)!]!);
      // What a part by itself could not know (who else there is, what is only rounding) the whole batch does.
      const own = await summing.of(actions, fits ? raw : wanted);
      found.push({ sums: own, scale: fits ? scale : { zero: 0, unit: 1 } });
    }
  } finally {
    await summing?.dispose();
  }
  return found;
}

function scaleOf({ scored }: Batch, settings: Settings): Scale {
  const { estimator, ...how } = sumSettings(settings)!;
  const { raw, scale } = estimatorsInSteps[estimator];
  return scale(raw(rewarded(scored, how), how).flat());
}

function sameWeights(found: readonly (readonly (number | null)[])[], wanted: typeof found): boolean {
  return found.every((own, i) => own.every((value, t) => value === wanted[i]![t]));
}
