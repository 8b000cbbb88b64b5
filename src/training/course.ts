/** What of a training's settings its course depends on: what a run that goes on must share. Not here: the settings (`settings.ts`). */

import { digest } from "../data/digest.ts";
import { lineOfEnvironment } from "../environment/index.ts";
import { estimators } from "./estimators.ts";
import type { Settings } from "./options.ts";

/**
 * What the course of a run depends on besides its policy, seed and optimiser, as texts for a checkpoint. Not the backend, which
 * only rounds otherwise: a run may move to another machine.
 */
export function courseOf(settings: Settings): { [name: string]: string } {
  const { estimator, updates, episodes, group, curriculum, gamma, learningRate, lrSchedule } = settings;
  const { maxGradNorm, entropyBonus, klCoef } = settings;
  const ready = Object.entries(estimators).find(([, one]) => one === estimator)?.[0];
  const course = {
    ...{
      environment: lineOfEnvironment(settings.env),
      estimator: ready ?? (typeof estimator === "function" ? functionName(estimator) : estimator),
      episodes,
      group,
      curriculum,
    },
    // A rate that falls reaches 0 at the number of updates; else a run may go on for as long as one likes.
    ...{
      gamma,
      learningRate,
      lrSchedule,
      ...(lrSchedule !== "none" && { updates }),
      maxGradNorm,
      entropyBonus,
      klCoef,
    },
    ...{ klIn: settings.klIn, loss: settings.loss ? functionName(settings.loss) : "the policy gradient's" },
    gradients: typeof settings.gradients === "string" ? settings.gradients : `parts of ${settings.gradients.part}`,
    ...{ stale: settings.stale, ...(settings.stale === 1 && { mostImportance: settings.mostImportance }) },
    ...(settings.replay > 0 && { replay: settings.replay }),
    mask: settings.mask.length === 0 ? "none" : [...new Set(settings.mask)].sort().join(" and "),
  };
  return Object.fromEntries(Object.entries(course).map(([name, value]) => [name, String(value)]));
}

/** A function by its source: what it closes over is not seen. */
function functionName(given: (...args: never[]) => unknown): string {
  return `function ${digest([String(given)]).slice(0, 8)}`;
}
