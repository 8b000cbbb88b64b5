/** Rollouts: many lives under one policy, and what came of them. */

export { type CollectOptions, collect, type Episode, type EpisodeStep } from "./collect.ts";
export { type EpisodeForkOptions, type EpisodeReplay, type ForkedEpisode, LivedEpisode } from "./lived.ts";
export { type Rollout, type RolloutOptions, rollout } from "./rollout.ts";
