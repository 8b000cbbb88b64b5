/**
 * What each step of a batch is pushed by, before and after an estimator: rewards that pay for a divergence, steps that `mask`
 * names, a check of what somebody's own estimator gave.
 */

import type { Episode } from "../episode/index.ts";
import type { Settings } from "./options.ts";

/** Score: with `klIn: "reward"` each step pays for how far its program's odds have moved. */
export function rewarded(
  episodes: readonly Episode[],
  { klIn, klCoef }: Pick<Settings, "klIn" | "klCoef">,
): readonly Episode[] {
  if (klIn !== "reward" || klCoef === 0) return episodes;
  return episodes.map((episode) => ({
    ...episode,
    steps: episode.steps.map((step) => {
      const { logProb, referenceLogProb = logProb } = step.action;
      return { ...step, reward: step.reward - klCoef * (logProb - referenceLogProb) };
    }),
  }));
}

/** Advantages with 0 for the steps that `mask` names, and a weight for each: null where a step does not count. */
export function maskSteps(
  episodes: readonly Episode[],
  advantages: readonly number[][],
  mask: Settings["mask"],
  masked: { cut: number; truncated: number },
): (number | null)[][] {
  return episodes.map(({ steps, truncated }, i) =>
    steps.map(({ action }, t) => {
      const why =
        truncated && mask.includes("truncated") ? "truncated" : action.cut && mask.includes("cut") ? "cut" : null;
      if (why === null) return advantages[i]![t]!;
      masked[why]++;
      return null;
    }),
  );
}

/** A user's estimator may be wrong: then nothing has been changed yet, and the error says where. */
export function checkAdvantages(advantages: number[][], episodes: readonly Episode[]): number[][] {
  if (!Array.isArray(advantages) || advantages.length !== episodes.length)
    throw new RangeError(`The estimator gave advantages for ${advantages?.length} of ${episodes.length} episodes`);
  for (const [i, { steps }] of episodes.entries()) {
    const own = advantages[i]!;
    if (own.length !== steps.length)
      throw new RangeError(`The estimator gave ${own.length} advantages for the ${steps.length} steps of episode ${i}`);
    const wrong = own.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new RangeError(`The estimator gave ${own[wrong]} for step ${wrong} of episode ${i}`);
  }
  return advantages;
}
