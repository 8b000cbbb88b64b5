/** What names the draws of an agent's model. */

import { createRandom } from "../random/index.ts";

/** The seed of the question before a step, from 0: another for each, also where the agent's own is a date in milliseconds. */
export function modelSeed(seed: number, step: number): number {
  const wide = seed * 1_000_003 + step;
  return Number.isSafeInteger(wide) ? wide : createRandom(seed, "agent", step).integer(2 ** 31);
}
