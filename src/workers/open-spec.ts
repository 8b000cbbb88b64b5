/**
 * Makes of a spec what it stands for, on a worker: the environment in a sandbox of the worker's own, the policy with its
 * weights. What is dear (sandboxes, models, calibrated policies) is kept for the next part.
 */

import { modelPolicy } from "../agent/model-policy.ts";
import { writtenBy } from "../agent/written-by.ts";
import { type CodeContestant, modelOf } from "../coding/contestants.ts";
import {
  type Environment,
  type GivenReward,
  type Reward,
  rewards,
  type SurvivalEnvOptions,
} from "../environment/index.ts";
import { decode } from "../episode/index.ts";
import type { LanguageModel, ModelPlan } from "../llm/index.ts";
import { openModelPlan, type SourceOpener } from "../llm/open-plan.ts";
import type { Decoder, DecoderPlan } from "../model/index.ts";
import { openPlanned } from "../model/planned.ts";
import { policyOf } from "../policy/given.ts";
import type { Policy, PolicyPlan, TokenPolicy, TrainablePolicy } from "../policy/index.ts";
import { type OpenedPlan, openPlan } from "../policy/open-plan.ts";
import type { PartSums, PlayedPart, SumsAsk } from "../rollout/index.ts";
import { type BodyName, bodies } from "../sandbox/bodies.ts";
import { createSandbox, type Level, type Sandbox } from "../sandbox/index.ts";
import { openSumming, type Summing, type SumSettings } from "../training/sums.ts";
import { WorkersFailure } from "./error.ts";
import { remake } from "./module.ts";
import {
  type ContestantSpec,
  type EnvSpec,
  environments,
  type RewardSpec,
  type SandboxSpec,
  type Spec,
} from "./spec.ts";

/** How a worker is set up. */
export interface WorkbenchOptions {
  /** Child processes of each sandbox. */
  children: number;
  minimumLevel: Level;
  /** The folder whose modules may be loaded; null for none. */
  modules: string | null;
}

/** An environment and a policy as they were sent, and what takes a trainer's sums of a part that they played. */
export interface OpenedSpec {
  env: Environment;
  policy: Policy;
  sum(plays: PlayedPart["plays"], by: SumsAsk["by"]): Promise<PartSums>;
}

/** Where a worker makes and keeps what specs stand for. */
export interface Workbench {
  readonly level: Level;
  /** Both as they were sent; `name` is the spec's content's. */
  open(name: string, spec: Spec, weights: PolicyPlan["weights"]): Promise<OpenedSpec>;
  /** A language model as it was sent; `name` is its spec's content's. */
  model(name: string, spec: ContestantSpec): Promise<LanguageModel>;
  sandbox(spec: SandboxSpec): Promise<Sandbox>;
  close(): Promise<void>;
}

/** Specs and models that are kept open; the one that was used longest ago gives way. */
const [kept, keptModels] = [4, 8];

/** Opens a worker's bench, with the usual sandbox. Throws a SandboxFailure where the machine does not reach the level. */
export async function openWorkbench({ children, minimumLevel, modules }: WorkbenchOptions): Promise<Workbench> {
  const sandboxes = new Map<string, Promise<Sandbox>>();
  const decoders = new Map<string, Promise<Decoder>>();
  const opened = new Map<string, Promise<KeptSpec>>();
  const models = new Map<string, Promise<OpenedModel>>();
  const decoderOf = (plan: DecoderPlan) => once(decoders, JSON.stringify(plan), () => openPlanned(plan));
  const sandboxOf = ({ body, limits, harm }: SandboxSpec): Promise<Sandbox> => {
    const own = bodies[body as BodyName] as (typeof bodies)[BodyName] | undefined;
    if (own === undefined)
      throw new Error(`The body ${body} is not known to this worker: there is ${Object.keys(bodies).join(", ")}`);
    return once(sandboxes, JSON.stringify([body, limits, harm]), () =>
      createSandbox({
        ...{ body: own, workers: children, minimumLevel },
        ...(limits && { limits }),
        ...(harm && { harm }),
      }),
    );
  };
  const { level } = await sandboxOf({ body: "javascript" });
  const openOne = async ({ env, policy }: Spec) => ({
    env: await openEnv(env, sandboxOf, modules),
    plan:
      policy.kind === "module" ? await ownPolicy(policy.module, modules) : await openAnyPlan(policy.plan, decoderOf),
    summing: new Map<string, Promise<Summing>>(),
  });
  return {
    level,
    async open(name, spec, weights) {
      const { env, plan, summing } = await newest(opened, name, kept, { make: () => openOne(spec), gone: giveUp });
      const policy = plan.withWeights(weights);
      return { env, policy, sum: (plays, by) => sumOf(policy, summing, plays, by) };
    },
    async model(name, spec) {
      const make = () => openContestant(spec, decoderOf, modules);
      return (await newest(models, name, keptModels, { make, gone: (old) => old.dispose() })).model;
    },
    sandbox: sandboxOf,
    async close() {
      await Promise.allSettled([...opened.values()].map(async (one) => giveUp(await one)));
      await Promise.allSettled([...sandboxes.values()].map(async (one) => (await one).dispose()));
      await Promise.allSettled([...decoders.values()].map(async (one) => (await one).dispose()));
    },
  };
}

/** A spec that is kept open, and what sums its parts, by the settings of the sums. */
interface KeptSpec {
  env: Environment;
  plan: OpenedPlan;
  summing: Map<string, Promise<Summing>>;
}

async function giveUp({ plan, summing }: KeptSpec): Promise<void> {
  await Promise.allSettled([...summing.values()].map(async (one) => (await one).dispose()));
  plan.dispose();
}

/** The sums of a part's lives: of those that count, by the weights that they were drawn by. */
async function sumOf(
  policy: Policy,
  all: KeptSpec["summing"],
  plays: PlayedPart["plays"],
  by: SumsAsk["by"],
): Promise<PartSums> {
  const settings = by as unknown as SumSettings;
  const summing = await once(all, JSON.stringify(by), () => openSumming(policy as TrainablePolicy, settings));
  return summing.ofLives(plays.filter(({ spoiled }) => !spoiled));
}

/** What is kept under a name, made the first time; what could not be made is not kept. */
function once<T>(all: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  const known = all.get(name);
  if (known !== undefined) return known;
  const made = make();
  all.set(name, made);
  made.catch(() => all.delete(name));
  return made;
}

/** A policy by its plan: one that a language model writes for, maybe so that another learns, or one that needs nobody. */
async function openAnyPlan(plan: Omit<PolicyPlan, "weights">, decoder: SourceOpener["decoder"]): Promise<OpenedPlan> {
  if (plan.kind !== "model") return openPlan(plan, decoder);
  const { model: planned, learner, tolerance, ...how } = plan.about as unknown as ModelAbout;
  const { model, dispose } = await openContestant({ plan: planned }, decoder, null);
  if (learner === undefined) {
    const policy = modelPolicy(model, how) as Policy;
    return { withWeights: () => policy, dispose };
  }
  const learning = await openPlan(learner, decoder);
  return {
    withWeights: (weights) => writtenBy(learning.withWeights(weights) as TokenPolicy, model, { tolerance }),
    dispose() {
      learning.dispose();
      dispose();
    },
  };
}

/** What the plan of a policy says that a language model writes for. */
interface ModelAbout {
  model: ModelPlan;
  body: BodyName;
  logProbs: boolean;
  learner?: Omit<PolicyPlan, "weights">;
  tolerance: number;
}

/** The same of what is used in turns: the newest stands last, and of more than `most` the oldest is given up. */
async function newest<T>(
  all: Map<string, Promise<T>>,
  name: string,
  most: number,
  { make, gone }: { make(): Promise<T>; gone(old: T): void | Promise<void> },
): Promise<T> {
  const one = once(all, name, make);
  all.delete(name);
  all.set(name, one);
  const made = await one.catch((error: unknown) => {
    all.delete(name);
    throw error;
  });
  for (const old of [...all.keys()].slice(0, -most)) {
    await gone(await all.get(old)!);
    all.delete(old);
  }
  return made;
}

/** A language model, and what gives back what it stands on besides its decoder. */
interface OpenedModel {
  model: LanguageModel;
  dispose(): void;
}

async function openContestant(
  spec: ContestantSpec,
  decoder: SourceOpener["decoder"],
  modules: string | null,
): Promise<OpenedModel> {
  if ("module" in spec) return { model: modelOf((await remake(spec.module, modules)) as CodeContestant), dispose() {} };
  const plans: OpenedPlan[] = [];
  const policy = async ({ weights, ...plan }: PolicyPlan): Promise<Policy> => {
    plans.push(await openPlan(plan, decoder));
    return plans[0]!.withWeights(weights);
  };
  const model = await openModelPlan(spec.plan, { decoder, policy });
  return {
    model,
    dispose() {
      for (const plan of plans) plan.dispose();
    },
  };
}

async function ownPolicy(module: Parameters<typeof remake>[0], modules: string | null): Promise<OpenedPlan> {
  const policy = policyOf((await remake(module, modules)) as Policy);
  return { withWeights: () => policy, dispose() {} };
}

async function openEnv(
  spec: EnvSpec,
  sandboxOf: (spec: SandboxSpec) => Promise<Sandbox>,
  modules: string | null,
): Promise<Environment> {
  if (spec.kind === "module") return (await remake(spec.module, modules)) as Environment;
  const { of, plain, rewards: given, tasks, kickstart, sandbox } = spec;
  const rewardOf = async (one: RewardSpec): Promise<GivenReward> => {
    if ("module" in one) return (await remake(one.module, modules)) as GivenReward;
    if ("bare" in one) return rewards[one.bare].score;
    const { part, score } = one;
    const own = "ready" in score ? rewards[score.ready].score : await remake(score.module, modules);
    return { ...part, score: own as Reward["score"] };
  };
  const options = Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, decode(value)]));
  return new environments[of]({
    ...options,
    sandbox: await sandboxOf(sandbox ?? { body: typeof plain.body === "string" ? plain.body : "javascript" }),
    ...(given && { rewards: await Promise.all(given.map(rewardOf)) }),
    ...(tasks && {
      tasks: (await Promise.all(
        tasks.map((one) => ("module" in one ? remake(one.module, modules) : decode(one.plain))),
      )) as NonNullable<SurvivalEnvOptions["tasks"]>,
    }),
    ...(kickstart && {
      kickstart: Object.fromEntries(
        Object.entries(kickstart).map(([name, one]) => [name, "text" in one ? textual(one.text) : decode(one.plain)]),
      ),
    }),
  });
}

/** A function that is never called: a kickstart takes its text. */
function textual(text: string): () => never {
  const own = (): never => {
    throw new WorkersFailure({ kind: "unsent", what: "A method of a kickstart", why: "it is only a text here" });
  };
  return Object.defineProperty(own, "toString", { value: () => text });
}
