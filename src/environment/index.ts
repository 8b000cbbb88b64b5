/** Environments: a life as an RL episode, in Gymnasium's words. */

export { type CheckOptions, checkEnv } from "./check.ts";
export { describeEnvironmentError, type EnvironmentError, EnvironmentFailure } from "./error.ts";
export { type GivenReward, paperRewards, type Reward, type RewardContext, rewards } from "./rewards.ts";
export type { Metabolism, SurvivalEnvOptions, SurvivalObservation } from "./settings.ts";
export { startOf } from "./start.ts";
export { SurvivalEnv } from "./survival.ts";
export { lineOfEnvironment, textOfEnvironment } from "./told.ts";
export type * from "./types.ts";
