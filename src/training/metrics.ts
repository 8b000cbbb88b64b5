/**
 * The figures of an update that loggers write, by name: the metrics of its episodes, and what is known of the update itself.
 * Formulas and units: docs/metrics.md, which a test compares. Not here: the metrics of episodes (`episode/metrics.ts`).
 */

import { estimatesOf, rewardPartsOf } from "../episode/index.ts";
import type { Update } from "./types.ts";

/** Name to figure; null where an update has none. A slash groups names in TensorBoard. */
export function metricsOf(update: Update): { [name: string]: number | null } {
  const { episodes, seconds, tokens, masked } = update;
  const named = (group: string, values: object) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${group}/${name}`, value as number | null]));
  return {
    ...named(
      "episode",
      Object.fromEntries(Object.entries(estimatesOf(episodes)).map(([name, value]) => [logName(name), value])),
    ),
    ...named("reward", rewardPartsOf(episodes)),
    "policy/entropy": update.policyEntropy,
    "policy/kl": update.kl,
    "update/loss": update.loss,
    "update/gradient_norm": update.gradientNorm,
    "update/learning_rate": update.learningRate,
    "update/zero_advantages": update.zeroAdvantages,
    "update/replayed": update.replayed,
    ...named("importance", update.importance ?? {}),
    ...named("validation", validatedNow(update)),
    "masked/faults": masked.faults,
    "masked/unscored": masked.unscored,
    "masked/cut": masked.cut,
    "masked/truncated": masked.truncated,
    "masked/alike": masked.alike,
    "speed/tokens_per_second": tokens.drawn / Math.max(1e-9, seconds.rollout + seconds.update),
    "speed/rollout_seconds": seconds.rollout,
    "speed/update_seconds": seconds.update,
    "progress/episodes": update.episodesSoFar,
    "progress/tokens": tokens.drawn,
  };
}

/** What the lives on other tasks were worth, where they were played after this update. */
function validatedNow({ update, validation }: Update): { [name: string]: number | null } {
  const last = validation?.course.at(-1);
  return last?.updates === update + 1 ? last.values : {};
}

/** A metric's name as logs write it: `returnInterquartile` is `return_interquartile`. */
function logName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
