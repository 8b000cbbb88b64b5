/** What the options of a rollout may be, shared by all that plays one. Their meaning: `CollectOptions`. */

import { abortSignal, anything, callable, integer, optional, positiveInteger } from "../data/check.ts";

/** One schema an option. */
export const collectEntries = {
  episodes: positiveInteger,
  seed: optional(integer),
  concurrency: optional(positiveInteger),
  group: optional(positiveInteger),
  signal: optional(abortSignal),
  where: anything<undefined>(),
  onStep: optional(callable("a function of each step")),
  onEpisode: optional(callable("a function of each episode")),
};
