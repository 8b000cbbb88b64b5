/**
 * One training at a time for each policy: two that take turns at the same weights would each step by memories and
 * baselines of its own, away from where the other has been. A loop that is left alone between two updates (its cell was
 * stopped) gives way to the next; should it go on after all, it is told. Not here: weights that others assign (`policy/`).
 */

import type { TrainablePolicy } from "../policy/index.ts";

/** A training's hold on a policy. */
export interface Hold {
  /** Around the time in which the caller has the update: another training may take over then. */
  rest(): void;
  /** Throws an Error if another did. */
  goOn(): void;
  release(): void;
}

/** Who holds each weight. By weights, not by policy: copies with other settings share them. */
const holders = new WeakMap<object, { working: boolean }>();

/** Takes hold of a policy's weights. Throws an Error if another training is at work on them. */
export function holdPolicy({ name, variables }: TrainablePolicy): Hold {
  if (variables.some((variable) => holders.get(variable)?.working))
    throw new Error(
      `The policy ${name} is being trained by another loop: wait until that has ended, or give each loop a policy of its own`,
    );
  const own = { working: true };
  for (const variable of variables) holders.set(variable, own);
  return {
    rest() {
      own.working = false;
    },
    goOn() {
      if (variables.some((variable) => holders.get(variable) !== own))
        throw new Error(
          `Another loop has trained the policy ${name} since this one's last update: give each loop a policy of its own, or go on from a checkpoint with \`resume\``,
        );
      own.working = true;
    },
    release() {
      own.working = false;
    },
  };
}
