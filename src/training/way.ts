/**
 * Which way a batch's gradient is taken: of the whole batch in this process, or as sums of its parts (`sums.ts`), which workers
 * take where they play. What comes of both differs by rounding alone, but it does differ, so the way belongs to a run's course and
 * follows from its settings: never from who is up, nor from what was drawn.
 */

import { like, OptionFailure } from "../data/check.ts";
import { estimatorsInSteps } from "./estimators.ts";
import type { GradientWay, Settings } from "./options.ts";
import type { SummedEstimator, SumSettings } from "./sums.ts";

/** What the option may be. */
export const waySchema = like<GradientWay>(
  (value) => value === "whole batch" || isPart(value),
  '"whole batch", or episodes a part such as { part: 8 }',
);

function isPart(value: unknown): boolean {
  const keys = Object.keys(value ?? {});
  const { part } = (value ?? {}) as { part?: unknown };
  return keys.length === 1 && Number.isSafeInteger(part) && (part as number) > 0;
}

type Chosen = Pick<
  Settings,
  "estimator" | "loss" | "group" | "episodes" | "policy" | "on" | "env" | "stale" | "replay"
> &
  Pick<SumSettings, "entropyBonus" | "klCoef" | "klIn">;

/** Bytes of traces an update above which sums are sent in their place, where they are smaller: less is no burden to a network. */
const burden = 64_000_000;

/** Episodes a part, unless groups are larger. */
const usualPart = 8;

/** The way where none is asked for. */
export function usualWay(settings: Chosen): GradientWay {
  const { on, group, policy, env, episodes } = settings;
  // Neither an old batch nor programs of earlier updates are a part's to sum.
  if (on === undefined || settings.stale === 1 || settings.replay > 0) return "whole batch";
  if (policy.plan === undefined || hindranceOf(settings) !== null) return "whole batch";
  const part = group * Math.max(1, Math.floor(usualPart / group));
  const traces = episodes * (env.maxSteps ?? 1) * (policy.traceBytes ?? 0);
  const sums = Math.ceil(episodes / part) * sumBytes(settings);
  return traces > burden && sums < traces ? { part } : "whole batch";
}

/** Bytes of a part's sums. */
function sumBytes({ policy, estimator, entropyBonus, klCoef, klIn }: Chosen): number {
  const size = policy.variables.reduce((sum, variable) => sum + variable.size, 0);
  const rest = entropyBonus !== 0 || (klIn === "loss" && klCoef !== 0);
  return 4 * size * (1 + Number(rest) + Number(estimatorsInSteps[estimator as SummedEstimator].moves));
}

/** Why a batch cannot be summed by parts, as what has to be in place of it; null where it can. */
function hindranceOf({ estimator, loss, group }: Pick<Chosen, "estimator" | "loss" | "group">): string | null {
  if (loss !== undefined) return '"whole batch" with a `loss` of your own, which may be no sum over steps';
  const names = Object.keys(estimatorsInSteps);
  if (typeof estimator === "function" || !names.includes(estimator)) {
    const own = typeof estimator === "function" ? "an estimator of your own" : `the estimator ${estimator}`;
    return `"whole batch" with ${own}: parts can be summed with ${names.join(", ")}`;
  }
  if (estimatorsInSteps[estimator as SummedEstimator].compares === "group" && group === 1)
    return `"whole batch" with the estimator ${estimator} and no groups, which compares each episode with all others: set \`group\``;
  return null;
}

/** Throws an OptionFailure where parts are asked for that cannot be summed. */
export function checkWay(settings: Pick<Chosen, "estimator" | "loss" | "group"> & { gradients: GradientWay }): void {
  const { gradients, group } = settings;
  if (gradients === "whole batch") return;
  const hindrance = hindranceOf(settings);
  if (hindrance !== null)
    throw new OptionFailure({ kind: "option", name: "gradients", expected: hindrance, value: gradients });
  const expected = `a multiple of \`group\`, which is ${group}`;
  if (gradients.part % group !== 0)
    throw new OptionFailure({ kind: "option", name: "gradients.part", expected, value: gradients.part });
}

/** What parts are summed by; null where the batch is taken as a whole. */
export function sumSettings(settings: Settings): (SumSettings & { part: number }) | null {
  const { gradients, estimator, gamma, klIn, klCoef, entropyBonus, mask, group, backend } = settings;
  if (gradients === "whole batch") return null;
  return {
    ...{
      part: gradients.part,
      estimator: estimator as SummedEstimator,
      gamma,
      klIn,
      klCoef,
      entropyBonus,
      mask,
      group,
    },
    ...(backend !== undefined && { backend }),
  };
}
