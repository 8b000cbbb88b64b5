/**
 * An environment and a policy as data, from which a worker makes the same. A `Spec` is the same in all updates of a training;
 * the weights, which change, stand beside it. Both are named by the hash of their content, so that they are sent once, and can
 * never be others than were meant. Not here: what is made of them (`open-spec.ts`).
 */

import { type Environment, rewards, SurvivalEnv, type SurvivalEnvOptions } from "../environment/index.ts";
import { encode, type Plain } from "../episode/index.ts";
import { ShutdownEnv } from "../ethics/index.ts";
import type { ModelPlan } from "../llm/index.ts";
import type { Policy, PolicyPlan } from "../policy/index.ts";
import type { HarmRules, Limits, Sandbox } from "../sandbox/index.ts";
import { WorkersFailure } from "./error.ts";
import { type ModuleRef, originOf } from "./module.ts";

/** One reward: somebody's own as it was made, the bare score of a ready-made one, or a part whose score is a ready-made one or somebody's own. */
export type RewardSpec =
  | { module: ModuleRef }
  | { bare: keyof typeof rewards }
  | { part: { name: string; weight?: number }; score: { ready: keyof typeof rewards } | { module: ModuleRef } };

/** A value that an agent is born with: plain, or the text of a function. */
export type BornSpec = { plain: Plain } | { text: string };

/** The library's own environments: plain data all of what they are made with. */
export const environments = { SurvivalEnv, ShutdownEnv } as const;

/** An environment. */
export type EnvSpec =
  | { kind: "module"; module: ModuleRef }
  | {
      kind: "own";
      of: keyof typeof environments;
      /** Options that are plain data as they are. */
      plain: { readonly [name: string]: Plain };
      rewards?: readonly RewardSpec[];
      tasks?: readonly ({ plain: Plain } | { module: ModuleRef })[];
      kickstart?: { readonly [name: string]: BornSpec };
      /** What the environment's own sandbox is like, besides its children. */
      sandbox?: SandboxSpec;
    };

/** A language model that is asked. */
export type ContestantSpec = { module: ModuleRef } | { plan: ModelPlan };

/** What a sandbox is like. */
export interface SandboxSpec {
  body: string;
  limits?: Partial<Limits>;
  harm?: HarmRules;
}

/** What plays, and where. */
export interface Spec {
  env: EnvSpec;
  policy: { kind: "module"; module: ModuleRef } | { kind: "plan"; plan: Omit<PolicyPlan, "weights"> };
}

/** What has to be sent so that workers can play. Throws a WorkersFailure that names what cannot be. */
export async function specOf(
  env: Environment,
  policy: Policy,
): Promise<{ spec: Spec; weights: PolicyPlan["weights"] }> {
  const module = originOf(policy);
  const learns = "variables" in policy;
  if (module !== undefined && !learns)
    return { spec: { env: envSpec(env), policy: { kind: "module", module } }, weights: [] };
  if (policy.plan === undefined) {
    if (learns) throw new WorkersFailure({ kind: "weights", policy: policy.name });
    const why = "it is a function or an object of your own, and functions do not travel";
    throw new WorkersFailure({ kind: "unsent", what: `The policy ${policy.name}`, why });
  }
  const { weights, ...plan } = await policy.plan();
  return { spec: { env: envSpec(env), policy: { kind: "plan", plan } }, weights };
}

function envSpec(env: Environment): EnvSpec {
  const module = originOf(env);
  if (module !== undefined) return { kind: "module", module };
  const of = (Object.keys(environments) as (keyof typeof environments)[]).find(
    (name) => env.constructor === environments[name],
  );
  if (of === undefined) {
    const why = `only ${Object.keys(environments).join(" and ")} are plain data, and functions do not travel`;
    throw new WorkersFailure({ kind: "unsent", what: `The environment ${env.constructor.name}`, why });
  }
  const { rewards: given, tasks, kickstart, sandbox, ...rest } = (env as SurvivalEnv).options;
  const plain = Object.fromEntries(
    Object.entries(rest)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, plainOr(value, `The environment's option \`${name}\``)]),
  );
  return {
    ...{ kind: "own", of, plain },
    ...(given !== undefined && { rewards: [given].flat().map(rewardSpec) }),
    ...(tasks && { tasks: tasks.map(taskSpec) }),
    ...(kickstart && { kickstart: bornSpecs(kickstart) }),
    ...(sandbox && { sandbox: sandboxSpec(sandbox) }),
  };
}

function rewardSpec(given: unknown, i: number): RewardSpec {
  const module = originOf(given);
  if (module !== undefined) return { module };
  const readyOf = (score: unknown) =>
    (Object.keys(rewards) as (keyof typeof rewards)[]).find((one) => rewards[one].score === score);
  const bare = readyOf(given);
  if (bare !== undefined) return { bare };
  const { name, weight, score } = given as { name?: string; weight?: number; score?: unknown };
  const ready = readyOf(score);
  const scored = originOf(score);
  if (name !== undefined && (ready !== undefined || scored !== undefined)) {
    const part = { name, ...(weight !== undefined && { weight }) };
    return { part, score: ready !== undefined ? { ready } : { module: scored! } };
  }
  throw new WorkersFailure({
    ...{ kind: "unsent", what: `The reward ${name || i}` },
    why: "it is a function of your own, and functions do not travel",
  });
}

function taskSpec(task: NonNullable<SurvivalEnvOptions["tasks"]>[number]): { plain: Plain } | { module: ModuleRef } {
  const module = originOf(task);
  return module === undefined ? { plain: plainOr(task, `The task ${task.id}`) } : { module };
}

function bornSpecs(kickstart: NonNullable<SurvivalEnvOptions["kickstart"]>): { [name: string]: BornSpec } {
  const specs = Object.entries(kickstart).map(([name, value]): [string, BornSpec] => [
    name,
    typeof value === "function" ? { text: String(value) } : { plain: plainOr(value, `The attribute ${name}`) },
  ]);
  return Object.fromEntries(specs);
}

/** A sandbox as data. */
export function sandboxSpec({ body, limits, harm }: Sandbox): SandboxSpec {
  return { body: body.name, ...(limits && { limits }), ...(harm && { harm }) };
}

function plainOr(value: unknown, what: string): Plain {
  try {
    return encode(value, "it");
  } catch (cause) {
    const why = `it holds what is no plain data (${(cause as Error).message})`;
    throw new WorkersFailure({ kind: "unsent", what, why }, { cause });
  }
}
