/** Rollouts: many lives under one policy, and what came of them. */

export { type CollectOptions, collect, type Episode, type EpisodeStep } from "./collect.ts";
export { type Rollout, rollout, type Summary, summarise } from "./rollout.ts";
