/**
 * The paper's comparison: random, pretrained, sharpened and trained policies, living on the same seeds and tasks, side by
 * side. `await evaluate({ random, pretrained, sharpened, trained })`. Not here: what is measured (`measure.ts`), how it is
 * shown (`show.ts`), the sharpened policy (`sharpen.ts`).
 */

import { createHash } from "node:crypto";
import {
  abortSignal,
  callable,
  checkOptions,
  faultOf,
  flag,
  integer,
  like,
  only,
  optional,
  positiveInteger,
  text,
} from "../data/check.ts";
import { stopSignal } from "../display/index.ts";
import { environmentSchema } from "../environment/given.ts";
import { type Environment, SurvivalEnv, type SurvivalObservation } from "../environment/index.ts";
import { type GivenPolicy, policyOf, policySchema } from "../policy/given.ts";
import type { Policy, TrainablePolicy } from "../policy/index.ts";
import { createRandom } from "../random/index.ts";
import { collect } from "../rollout/index.ts";
import { microTasks } from "../tasks/index.ts";
import { type Batch, type FactsFile, factsOf, type LifeFacts, openFacts } from "./facts.ts";
import { openProgress } from "./progress.ts";
import { type Evaluation, evaluationOf } from "./show.ts";

/** What is compared: a policy, or several runs of one (the same training with other seeds). */
export type Contestants = {
  readonly [name: string]: GivenPolicy<SurvivalObservation> | readonly GivenPolicy<SurvivalObservation>[];
};

/** How policies are compared. */
export interface EvaluateOptions {
  /** Where they live: one environment, or one a split. @default training and held-out micro-tasks, lives of 4 steps */
  env?: Environment | { readonly [split: string]: Environment };
  /** Lives of each run on each split. @default 64 */
  episodes?: number;
  /** Names every draw; every policy gets the same seeds and tasks. @default 0 */
  seed?: number;
  /** Whom the others are compared with. @default "pretrained", else the first */
  reference?: string;
  /** Who only sharpens: what does not beat it has learned no more. @default "sharpened", where there is one */
  control?: string;
  /** A file that keeps what was played; a call with the same file and settings goes on from it. */
  file?: string;
  /** Lives played together, and lost at most when it is stopped. @default 32 */
  batch?: number;
  /** Ends it at once. @default a notebook's stop button */
  signal?: AbortSignal;
  /** Called after each batch. */
  onProgress?: (done: number, total: number, what: string) => void;
  /** A line in the notebook that says how far it is. @default true */
  progress?: boolean;
}

/** A batch that is to be played. */
interface Part {
  name: string;
  run: number;
  split: string;
  env: Environment;
  policy: Policy;
  key: string;
  episodes: number;
  seed: number;
}

/**
 * Compares policies. Rejects with the signal's reason when it is stopped; with `file`, what was played is kept.
 * Throws a TypeError or RangeError for options that have no meaning.
 */
export async function evaluate(contestants: Contestants, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { episodes = 64, seed = 0, batch = 32, signal = stopSignal(), file, onProgress } = options;
  checkContestants(contestants);
  checkOptions(optionsSchema, options, "the options of evaluate");
  const names = Object.keys(contestants);
  const named = (given: string | undefined, usual: string): string | null => {
    if (given !== undefined && !names.includes(given))
      throw new RangeError(`Expected \`reference\` and \`control\` to be one of ${names.join(", ")}, got "${given}"`);
    return given ?? (names.includes(usual) ? usual : null);
  };
  const reference = named(options.reference, "pretrained") ?? names[0]!;
  const control = named(options.control, "sharpened");
  const envs = await environmentsOf(options.env);
  const parts = await plan(contestants, envs, { episodes, seed, batch });
  const facts = file === undefined ? null : openFacts(file);
  const progress = openProgress(parts.length, options.progress ?? true);
  const batches = new Map<string, Batch>();
  for (const [i, part] of parts.entries()) {
    signal?.throwIfAborted();
    const known = facts?.found.get(part.key) ?? batches.get(part.key);
    batches.set(part.key, known ?? (await play(part, facts, signal)));
    const what = `${part.name}, ${part.split}`;
    progress.show(i + 1, what, known !== undefined);
    onProgress?.(i + 1, parts.length, what);
  }
  const lives: { [split: string]: { [name: string]: { lives: LifeFacts[][]; seconds: number } } } = {};
  for (const { split, name, run, key } of parts) {
    lives[split] ??= {};
    lives[split][name] ??= { lives: [], seconds: 0 };
    const own = lives[split][name];
    own.lives[run] ??= [];
    own.lives[run].push(...batches.get(key)!.lives);
    own.seconds += batches.get(key)!.seconds;
  }
  return evaluationOf(lives, { reference, control, seed });
}

/** Batches in the order of play: every policy gets its turn before any gets the next, so that a stop leaves them even. */
async function plan(
  contestants: Contestants,
  envs: { readonly [split: string]: Environment },
  { episodes, seed, batch }: { episodes: number; seed: number; batch: number },
): Promise<Part[]> {
  const runs = await Promise.all(
    Object.entries(contestants).flatMap(([name, given]) =>
      ([given].flat() as GivenPolicy[])
        .map((one) => policyOf(one))
        .map(async (policy, run) => ({
          name,
          run,
          policy: isTrainable(policy) ? policy.frozen() : policy,
          mark: await markOf(policy, `${name} ${run}`),
        })),
    ),
  );
  const parts: Part[] = [];
  for (let from = 0, chunk = 0; from < episodes; from += batch, chunk++)
    for (const [split, env] of Object.entries(envs))
      for (const { name, run, policy, mark } of runs) {
        const some = Math.min(batch, episodes - from);
        const own = createRandom(seed, "evaluate", chunk).integer(2 ** 31);
        const key = digest([mark, settingsOf(env), String(some), String(own)]);
        parts.push({ name, run, split, env, policy, key, episodes: some, seed: own });
      }
  return parts;
}

async function play(
  { env, policy, episodes, seed, key }: Part,
  facts: FactsFile | null,
  signal: AbortSignal | undefined,
): Promise<Batch> {
  const began = performance.now();
  const played = await collect(env, policy, { episodes, seed, ...(signal && { signal }) });
  const batch = { key, seconds: (performance.now() - began) / 1000, lives: played.map(factsOf) };
  facts?.append(batch);
  return batch;
}

async function environmentsOf(given: EvaluateOptions["env"]): Promise<{ readonly [split: string]: Environment }> {
  if (given !== undefined) return isEnvironment(given) ? { lives: given } : given;
  const of = async (split: "training" | "held-out") =>
    new SurvivalEnv({ tasks: await microTasks({ split }), maxSteps: 4 });
  return { training: await of("training"), "held-out": await of("held-out") };
}

function isEnvironment(value: object): value is Environment {
  return typeof (value as Partial<Environment>).step === "function";
}

function isTrainable(policy: Policy): policy is TrainablePolicy {
  return "variables" in policy && "frozen" in policy;
}

/** What tells a policy from another of the same name: its weights, its fingerprint, else the place that it was given in. */
async function markOf(policy: Policy, place: string): Promise<string> {
  const { name, fingerprint } = policy as Policy & { fingerprint?: string };
  if (!isTrainable(policy)) return digest([name, fingerprint ?? `at ${place}`]);
  const weights = await Promise.all(policy.variables.map(async (variable) => String(await variable.data())));
  return digest([name, fingerprint ?? "", ...weights]);
}

/** An environment's settings as text; functions by their source, the sandbox left out. */
function settingsOf(env: Environment): string {
  const { options } = env as { options?: object };
  return JSON.stringify(options ?? env.constructor.name, (key, value: unknown) =>
    key === "sandbox" ? undefined : typeof value === "function" ? String(value) : value,
  );
}

function digest(texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 24);
}

const optionsSchema = only<EvaluateOptions>({
  env: optional(
    like<NonNullable<EvaluateOptions["env"]>>(areEnvironments, "an environment, or an object of one a split"),
  ),
  episodes: optional(positiveInteger),
  seed: optional(integer),
  reference: optional(text),
  control: optional(text),
  file: optional(text),
  batch: optional(positiveInteger),
  progress: optional(flag),
  signal: optional(abortSignal),
  onProgress: optional(callable("a function of the progress")),
});

function areEnvironments(value: unknown): boolean {
  const is = (one: unknown): boolean => faultOf(environmentSchema, one, "env") === null;
  return (
    is(value) ||
    (typeof value === "object" && value !== null && Object.keys(value).length > 0 && Object.values(value).every(is))
  );
}

function checkContestants(contestants: Contestants): void {
  if (Object.keys(contestants).length === 0)
    throw new TypeError("Expected at least one policy to evaluate, by name: evaluate({ pretrained, trained })");
  for (const [name, given] of Object.entries(contestants)) {
    const runs = [given].flat() as unknown[];
    const wrong = runs.find((policy) => faultOf(policySchema, policy, name) !== null);
    if (runs.length === 0 || wrong !== undefined)
      throw new TypeError(`Expected "${name}" to be a policy, or a list of its runs, got ${describe(given)}`);
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list with something else in it";
  return typeof value === "object" && value !== null ? "an object without `act`" : String(value);
}
