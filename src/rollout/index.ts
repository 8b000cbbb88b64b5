/** Rollouts: many episodes under one policy, and what came of them. */

export { collect } from "./collect.ts";
export type { CollectOptions } from "./given.ts";
export { LivedEpisode } from "./lived.ts";
export { type Rollout, type RolloutOptions, rollout } from "./rollout.ts";
export { localRunner, type Runner } from "./runner.ts";
