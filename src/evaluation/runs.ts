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

/** A policy, or several runs of one (the same training with other seeds). */
export type Contestant = GivenPolicy<SurvivalObservation> | readonly GivenPolicy<SurvivalObservation>[];

/**
 * What is compared. Where the same model is another policy in another place (its prompt in the language of the agents there),
 * an object of one a split.
 */
export type Contestants = { readonly [name: string]: Contestant | { readonly [split: string]: Contestant } };

/** One run of a policy: what plays, and what tells it from others. */
export interface Run {
  name: string;
  run: number;
  /** Where it plays; null: everywhere. */
  split: string | null;
  given: Policy;
  policy: Policy;
  mark: string;
}

/** All runs, in the order in which they were given. */
export async function runsOf(contestants: Contestants): Promise<Run[]> {
  return Promise.all(
    Object.entries(contestants)
      .flatMap(([name, given]) => placesOf(given).map(([split, one]) => [name, split, [one].flat()] as const))
      .flatMap(([name, split, given]) =>
        (given as GivenPolicy[])
          .map((one) => ({ policy: policyOf(one), one }))
          .map(async ({ policy, one }, run) => ({
            ...{ name, run, split, given: policy },
            policy: isTrainable(policy) ? policy.frozen() : policy,
            mark: await markOf(policy, one),
          })),
      ),
  );
}

/** A contestant by where it plays; null: everywhere. */
export function placesOf(given: Contestants[string]): [split: string | null, given: Contestant][] {
  const isOne =
    typeof given === "function" || Array.isArray(given) || typeof (given as Partial<Policy>)?.act === "function";
  return isOne || typeof given !== "object" || given === null
    ? [[null, given as Contestant]]
    : Object.entries(given as { [split: string]: Contestant });
}

/** How the control was found, by where it plays; nothing where `sharpen` did not make it. */
export type Searches = ReadonlyMap<string | null, Sharpened["search"]>;

/** See `Searches`. */
export function searchesOf(control: Contestants[string]): Searches {
  const found = placesOf(control).map(([split, one]) => [split, (one as Partial<Sharpened>).search] as const);
  return new Map(found.flatMap(([split, search]) => (search === undefined ? [] : [[split, search] as const])));
}

/** Gives each trained token policy the temperature that is best for it, by the control's own search; says which. */
export async function sharpenTrained(
  runs: Run[],
  searches: Searches,
  { facts, signal, on }: { facts: FactsFile | null; signal: AbortSignal | undefined; on: Elsewhere | undefined },
): Promise<SharpenedRun[]> {
  const found: SharpenedRun[] = [];
  for (const run of runs.filter(({ given }) => isTokenPolicy(given))) {
    const { mark, split } = run;
    const search = searches.get(split) ?? searches.get(null);
    if (search === undefined) continue;
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
    const sharpened = await sharpenBy(run.given as TokenPolicy, options, play);
    const { temperature } = sharpened;
    run.policy = sharpened;
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
