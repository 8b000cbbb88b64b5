/**
 * What each step of a batch is pushed by, before and after an estimator: rewards that pay for a divergence, steps that `mask`
 * names, a check of what somebody's own estimator gave.
 */

import { show } from "../data/check.ts";
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

/**
 * What an estimator gave, if it is a finite number for each step of each episode; else a RangeError that names what it gave and
 * where. A user's own may be wrong: nothing has been changed yet then.
 */
export function checkAdvantages(given: unknown, episodes: readonly Episode[]): number[][] {
  const all = counted(episodes.length, "episode");
  if (!Array.isArray(given)) throw unfit(given, ` for the batch of ${all}`);
  if (given.length !== episodes.length) throw unfit(given, `, advantages for ${given.length} of ${all}`);
  return episodes.map(({ steps }, i) => checkSteps(given[i], steps.length, i));
}

/** Those of one episode; TF.js' `dataSync()` gives a Float32Array, which is a list, too. */
function checkSteps(given: unknown, length: number, episode: number): number[] {
  const own: unknown = given instanceof Float32Array || given instanceof Float64Array ? [...given] : given;
  const all = counted(length, "step");
  if (!Array.isArray(own)) throw unfit(own, ` for episode ${episode} of ${all}`);
  if (own.length !== length) throw unfit(own, `, advantages for ${own.length} of ${all} of episode ${episode}`);
  const wrong = own.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw unfit(own[wrong], ` for step ${wrong} of episode ${episode}`);
  return own as number[];
}

function counted(length: number, what: string): string {
  return `${length} ${what}${length === 1 ? "" : "s"}`;
}

function unfit(given: unknown, where: string): RangeError {
  const cure = given instanceof Promise ? ", at once: leave `async` out" : "";
  return new RangeError(
    `The estimator gave ${show(given)}${where}: it must give one list for each episode, with one finite number for each step${cure}`,
  );
}
