/**
 * Who plays in an evaluation: the runs of each policy, frozen, and the trained ones at the temperature that is best for them
 * where the control's was looked for. Not here: the search (`sharpen.ts`).
 */

import { randomUUID } from "node:crypto";
import { digest } from "../data/digest.ts";
import { type SurvivalObservation, textOfEnvironment } from "../environment/index.ts";
import { type GivenPolicy, policyOf } from "../policy/given.ts";
import type { Policy, TokenPolicy, TrainablePolicy } from "../policy/index.ts";
import type { Elsewhere } from "../rollout/index.ts";
import type { FactsFile } from "./facts.ts";
import { playBatch } from "./play.ts";
import { type PlayTrial, type Sharpened, type SharpenedRun, sharpenBy } from "./sharpen.ts";

/** What is compared: a policy, or several runs of one (the same training with other seeds). */
export type Contestants = {
  readonly [name: string]: GivenPolicy<SurvivalObservation> | readonly GivenPolicy<SurvivalObservation>[];
};

/** One run of a policy: what plays, and what tells it from others. */
export interface Run {
  name: string;
  run: number;
  given: Policy;
  policy: Policy;
  mark: string;
}

/** All runs, in the order in which they were given. */
export async function runsOf(contestants: Contestants): Promise<Run[]> {
  return Promise.all(
    Object.entries(contestants).flatMap(([name, given]) =>
      ([given].flat() as GivenPolicy[])
        .map((one) => ({ policy: policyOf(one), one }))
        .map(async ({ policy, one }, run) => ({
          ...{ name, run, given: policy },
          policy: isTrainable(policy) ? policy.frozen() : policy,
          mark: await markOf(policy, one),
        })),
    ),
  );
}

/** How the control was found; null where `sharpen` did not make it. */
export function searchOf(control: Contestants[string]): Sharpened["search"] | null {
  return (control as Partial<Sharpened>).search ?? null;
}

/** Gives each trained token policy the temperature that is best for it, by the control's own search; says which. */
export async function sharpenTrained(
  runs: Run[],
  search: Sharpened["search"],
  { facts, signal, on }: { facts: FactsFile | null; signal: AbortSignal | undefined; on: Elsewhere | undefined },
): Promise<SharpenedRun[]> {
  const found: SharpenedRun[] = [];
  for (const run of runs.filter(({ given }) => isTokenPolicy(given))) {
    const { mark } = run;
    const play: PlayTrial = async (env, policy, how) => {
      const key = digest([
        mark,
        "sharpened",
        policy.name,
        textOfEnvironment(env),
        String(how.episodes),
        String(how.seed),
      ]);
      const known = facts?.found.get(key);
      return (known ?? (await playBatch({ env, policy, key, ...how }, facts, { signal, on }))).episodes;
    };
    const options = { ...search, weights: "trained" as const, ...(signal && { signal }) };
    const { temperature, name, act, batch, plan } = await sharpenBy(run.given as TokenPolicy, options, play);
    run.policy = { name, act, ...(batch !== undefined && { batch }), ...(plan && { plan }) };
    run.mark = digest([mark, String(temperature)]);
    found.push({ name: run.name, temperature });
  }
  return found;
}

/** A policy's plan as a text; null where it has none: one that says how it is made, or that cannot be sent anywhere. */
async function planned(policy: Policy): Promise<string | null> {
  const plan = await policy.plan?.().catch(() => null);
  if (plan === undefined || plan === null) return null;
  return digest([
    plan.kind,
    JSON.stringify(plan.about),
    ...[...Object.values(plan.tensors), ...plan.weights].map(String),
  ]);
}

function isTrainable(policy: Policy): policy is TrainablePolicy {
  return "variables" in policy && "frozen" in policy;
}

function isTokenPolicy(policy: Policy): policy is TokenPolicy {
  return isTrainable(policy) && "pretrained" in policy;
}

const marks = new WeakMap<GivenPolicy, string>();

/**
 * What tells a policy of somebody's own from any other, in this process: a file of another one knows nothing of it, since the
 * same text may close over something else.
 */
function unlike(policy: GivenPolicy): string {
  const mark = marks.get(policy) ?? randomUUID();
  marks.set(policy, mark);
  return mark;
}

/** What tells a policy from another of the same name: its weights, its fingerprint, or the plan by which a worker makes it. */
async function markOf(policy: Policy, given: GivenPolicy): Promise<string> {
  const { name } = policy;
  const fingerprint = typeof policy.fingerprint === "function" ? await policy.fingerprint() : policy.fingerprint;
  if (!isTrainable(policy)) return digest([name, fingerprint ?? (await planned(policy)) ?? unlike(given)]);
  const weights = await Promise.all(policy.variables.map(async (variable) => String(await variable.data())));
  return digest([name, fingerprint ?? "", ...weights]);
}
