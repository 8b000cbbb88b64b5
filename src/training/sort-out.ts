/** Which episodes of an update can be learned from: those that say something about the policy, and earned numbers. */

import type { Episode } from "../episode/index.ts";

/** Largest reward that can be learned from: sums and squares of more leave the range of the numbers that an update is made of. */
const largestReward = 1e15;

/** Leaves out what says nothing about the policy: faults of the sandbox, and episodes with a reward that is no number. */
export function sortOut(collected: readonly Episode[]) {
  const whole = collected.filter(({ fault }) => !fault);
  const scored = learnable(whole);
  const masked = {
    faults: collected.length - whole.length,
    unscored: whole.length - scored.length,
    cut: 0,
    truncated: 0,
  };
  for (const [i, { steps }] of scored.entries()) {
    const step = steps.findIndex(({ reward }) => !(Math.abs(reward) <= largestReward));
    if (step >= 0)
      throw new RangeError(
        `Step ${step} of episode ${i} earned ${steps[step]!.reward}: rewards must be finite, and at most ${largestReward} in size, because the update computes in 32 bits. Scale them down`,
      );
  }
  if (scored.length === 0)
    throw new RangeError(
      `None of the batch's ${collected.length} episodes can be learned from: ${masked.faults} were faults of the sandbox, ${masked.unscored} had a reward that is not a number`,
    );
  return { scored, masked };
}

/** Those that say something about the policy, and earned numbers. */
export function learnable(episodes: readonly Episode[]): Episode[] {
  return episodes.filter(({ fault, steps }) => !fault && steps.every(({ reward }) => !Number.isNaN(reward)));
}
