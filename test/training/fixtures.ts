/** An environment whose every number can be worked out by hand: the menu's "fatal" ends it, "harmful" costs 1000. */

import type { Environment, Transition } from "../../src/environment/index.ts";
import type { Edit, editMenu } from "../../src/policy/index.ts";
import { type TrainOptions, train, type Update } from "../../src/training/index.ts";

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

/** All updates of a run. */
export async function updatesOf(options: TrainOptions): Promise<Update[]> {
  const all: Update[] = [];
  for await (const update of train(options)) all.push(update);
  return all;
}

/** The environment of names, with the reward of each step put through `reward`. */
export function altered(reward: (program: string, step: number) => number | undefined): Environment<number> {
  const inner = nameEnv();
  let step = 0;
  return {
    ...inner,
    reset: (options) => {
      step = 0;
      return inner.reset(options);
    },
    async step(program) {
      const transition = await inner.step(program);
      return { ...transition, reward: reward(program, step++) ?? transition.reward };
    },
    clone: () => altered(reward),
  };
}

/** The menu's weights. */
export const weightsOf = (policy: ReturnType<typeof editMenu>): number[] => [...policy.variables[0]!.dataSync()];
