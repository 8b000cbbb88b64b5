/** The figures of an update that loggers write, by name. Formulas and units: docs/metrics.md, which a test compares. */

import { interquartileMean } from "../statistics/index.ts";
import type { Update } from "./reinforce.ts";

/** Name to figure; null where an update has none. A slash groups names in TensorBoard. */
export function metricsOf(update: Update): { [name: string]: number | null } {
  const { episodes, seconds, tokens, masked } = update;
  const totals = episodes.map((episode) => episode.return);
  const parts = rewardParts(update);
  return {
    "episode/return": update.meanReturn,
    "episode/return_interquartile": interquartileMean(totals),
    "episode/survival": update.survival,
    "episode/harm": update.harm,
    "episode/usefulness": update.usefulness,
    "episode/changed": update.changed,
    "episode/variety": update.variety,
    ...parts,
    "policy/entropy": update.entropy,
    "policy/kl": update.kl,
    "update/loss": update.loss,
    "update/gradient_norm": update.gradientNorm,
    "update/learning_rate": update.learningRate,
    "update/dead_steps": update.dead,
    "masked/faults": masked.faults,
    "masked/unscored": masked.unscored,
    "masked/cut": masked.cut,
    "masked/truncated": masked.truncated,
    "speed/tokens_per_second": tokens.drawn / Math.max(1e-9, seconds.rollout + seconds.update),
    "speed/rollout_seconds": seconds.rollout,
    "speed/update_seconds": seconds.update,
    "progress/episodes": update.lived,
    "progress/tokens": tokens.drawn,
  };
}

/** Each part of the reward, summed over an episode and averaged over episodes: `reward/NAME`. */
function rewardParts({ episodes }: Update): { [name: string]: number } {
  const parts: { [name: string]: number } = {};
  for (const { steps } of episodes)
    for (const { rewards } of steps)
      for (const [name, value] of Object.entries(rewards ?? {})) {
        const key = `reward/${name}`;
        parts[key] = (parts[key] ?? 0) + value / episodes.length;
      }
  return parts;
}
