/** Workers on other machines: rollouts, trainings and evaluations through a queue or a shared folder. Page: docs/workers.md. */

import { folderWorkers } from "./folder.ts";
import { fromModule } from "./module.ts";
import { redisWorkers } from "./redis/driver.ts";

export { describeWorkersError, type WorkersError, WorkersFailure } from "./error.ts";
export type { FolderOptions, FolderWorkers } from "./folder.ts";
export type { RedisWorkers } from "./redis/driver.ts";
export type { RedisWorkersOptions } from "./redis/options.ts";
export type { WorkersStatus } from "./status.ts";

/** Who plays elsewhere, as `rollout({ on })`, `train({ on })` and `evaluate({ on })` take it. */
export const workers = {
  /** Through a queue on Redis or Valkey, whose workers are started by `autoagent worker`. */
  redis: redisWorkers,
  /** Through a folder that all machines share: Slurm arrays, indexed Jobs. */
  folder: folderWorkers,
  /** What is your own, from a file that the workers have as well: `await workers.module("./env.ts", "makeEnv", { ... })`. */
  module: fromModule,
};
