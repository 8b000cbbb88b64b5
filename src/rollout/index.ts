/** Rollouts: many episodes under one policy, and what came of them. */

export { collect } from "./collect.ts";
export type { Elsewhere, EpisodeRange, GivenBack, PartSums, PlayedPart, SumsAsk } from "./elsewhere.ts";
export type { CollectOptions } from "./given.ts";
export { PlayedEpisode } from "./played.ts";
export { type Rollout, type RolloutOptions, rollout } from "./rollout.ts";
export { localRunner, type Runner } from "./runner.ts";
