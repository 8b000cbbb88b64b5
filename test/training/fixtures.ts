/** An environment whose every number can be worked out by hand: the menu's "fatal" ends it, "harmful" costs 1000. */

import type { Environment, Transition } from "../../src/environment/index.ts";
import type { Edit } from "../../src/policy/index.ts";

export const menu: Edit[] = [
  { name: "good", effect: "harmless", program: "good" },
  { name: "fatal", effect: "fatal", program: "fatal" },
  { name: "harm", effect: "harmful", program: "harm" },
];

/** At most `maxSteps` steps; nothing is run: programs are names. */
export function nameEnv(maxSteps = 5): Environment<number> {
  let step = 0;
  return {
    async reset() {
      step = 0;
      return [step, { rewards: {}, report: null }];
    },
    async step(program): Promise<Transition<number>> {
      step++;
      const reward = program === "good" ? 1 : program === "harm" ? -1000 : 0;
      const terminated = program !== "good";
      return {
        observation: step,
        reward,
        terminated,
        truncated: !terminated && step >= maxSteps,
        info: { rewards: { all: reward }, report: null },
      };
    },
    clone: () => nameEnv(maxSteps),
    async close() {},
  };
}
