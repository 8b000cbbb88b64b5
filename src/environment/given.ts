/** An environment as it is given to whoever plays it: what it must have is asked for at once, not by JavaScript at its first step. */

import { checkOptions, having, type Schema } from "../data/check.ts";
import type { Environment } from "./types.ts";

/** What can be reset, stepped, cloned and closed. */
export const environmentSchema: Schema<Environment> = having(
  ["reset", "step", "clone", "close"],
  "an environment, with reset(), step(), clone() and close(), such as `new SurvivalEnv()`",
);

/** Throws an OptionFailure for what is no environment. */
export function checkEnvironment(env: Environment, name = "env"): void {
  checkOptions(environmentSchema, env, name);
}
