/**
 * The paper's comparison: random, pretrained, sharpened and trained policies, living on the same seeds and tasks, side by
 * side. `await evaluate({ random, pretrained, sharpened, trained })`. Not here: what is measured (`measure.ts`), how it is
 * shown (`show.ts`), the sharpened policy (`sharpen.ts`).
 */

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
import { digest } from "../data/digest.ts";
import { stopSignal } from "../display/index.ts";
import { environmentSchema } from "../environment/given.ts";
import { type Environment, SurvivalEnv, type SurvivalEnvOptions, textOfEnvironment } from "../environment/index.ts";
import { bodyOf } from "../environment/settings.ts";
import { policySchema } from "../policy/given.ts";
import { createRandom } from "../random/index.ts";
import { collectEntries } from "../rollout/given.ts";
import type { Elsewhere } from "../rollout/index.ts";
import { checkWritten } from "../rollout/written.ts";
import { tasksOf } from "../tasks/given.ts";
import { microTasks, type Task, taskSplits } from "../tasks/index.ts";
import type { Played } from "./claimed.ts";
import { type Batch, openFacts } from "./facts.ts";
import { clustersOf } from "./measure.ts";
import { batchPlayer, type Part } from "./play.ts";
import { openProgress } from "./progress.ts";
import { type Contestants, placesOf, type Run, runsOf, searchesOf, sharpenTrained } from "./runs.ts";
import { type Evaluation, evaluationOf } from "./show.ts";

/** How policies are compared. */
export interface EvaluateOptions {
  /**
   * Where they live: one environment, or one a split. Where each split has agents of another body, and nothing else differs, the
   * bodies are compared, too: `{ javascript: env, python: other }`. @default the micro-tasks, a split each part, episodes of 4 steps
   */
  env?: Environment | { readonly [split: string]: Environment };
  /** Episodes of each run on each split. @default 64 */
  episodes?: number;
  /** Names every draw; every policy gets the same seeds and tasks. @default 0 */
  seed?: number;
  /** Whom the others are compared with. @default "pretrained", else the first */
  reference?: string;
  /** Who only sharpens: what does not beat it has learned no more. @default "sharpened", where there is one */
  control?: string;
  /**
   * Whether a trained token policy plays at the temperature that is best for it, found as the control's was, where `sharpen`
   * made that one: so neither has a freedom that the other lacks. `false`: at the temperature it was trained at. @default true
   */
  sharpenTrained?: boolean;
  /**
   * A file that keeps what was played; a call with the same file and settings goes on from it. A policy of your own is known
   * again by its `fingerprint`: one without is played anew, as a bare function is.
   */
  file?: string;
  /** Episodes played together, and lost at most when it is stopped. @default 32 */
  batch?: number;
  /** Workers that play the episodes: `workers.redis(url)`, `workers.folder(path)`. The episodes are the same. @default this process */
  on?: Elsewhere;
  /** Ends it at once. @default a notebook's stop button */
  signal?: AbortSignal;
  /** Called after each batch. */
  onProgress?: (done: number, total: number, what: string) => void;
  /** A line in the notebook that says how far it is. @default true */
  progress?: boolean;
}

/**
 * Compares policies. Rejects with the signal's reason when it is stopped; with `file`, what was played is kept.
 * Throws a TypeError or RangeError for options that have no meaning.
 */
export async function evaluate(contestants: Contestants, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { episodes = 64, seed = 0, batch = 32, signal = stopSignal(), file, on, onProgress } = options;
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
  checkPlaces(contestants, Object.keys(envs));
  const facts = file === undefined ? null : openFacts(file);
  const runs = await runsOf(contestants);
  const searches = control === null || options.sharpenTrained === false ? new Map() : searchesOf(contestants[control]!);
  const sharpened = await sharpenTrained(runs, searches, { facts, signal, on });
  const parts = plan(runs, envs, { episodes, seed, batch });
  const progress = openProgress(parts.length, options.progress ?? true);
  // A copy: what workers play while this waits for another batch was not known before.
  const kept = new Map(facts?.found);
  const batches = new Map<string, Batch>();
  const player = batchPlayer(parts, facts, { signal, on });
  try {
    for (const [i, part] of parts.entries()) {
      signal?.throwIfAborted();
      const known = kept.get(part.key) ?? batches.get(part.key);
      batches.set(part.key, known ?? (await player.play(part)));
      const what = `${part.name}, ${part.split}`;
      progress.show(i + 1, what, known !== undefined);
      onProgress?.(i + 1, parts.length, what);
    }
  } finally {
    player.stop();
  }
  const played: Played = {};
  for (const { split, name, run, key } of parts) {
    played[split] ??= {};
    played[split][name] ??= { runs: [], seconds: 0 };
    const own = played[split][name];
    own.runs[run] ??= [];
    own.runs[run].push(...batches.get(key)!.episodes);
    own.seconds += batches.get(key)!.seconds;
  }
  const tasks = Object.fromEntries(Object.entries(envs).map(([split, env]) => [split, tasksIn(env)]));
  const clusters = Object.fromEntries(Object.entries(tasks).map(([split, own]) => [split, clustersOf(own)]));
  return evaluationOf(played, { reference, control, seed, clusters, tasks, sharpened, bodies: bodiesIn(envs) });
}

/** A batch, and whose it is. */
interface OwnPart extends Part {
  name: string;
  run: number;
  split: string;
}

/** Batches in the order of play: every policy gets its turn before any gets the next, so that a stop leaves them even. */
function plan(
  runs: readonly Run[],
  envs: { readonly [split: string]: Environment },
  { episodes, seed, batch }: { episodes: number; seed: number; batch: number },
): OwnPart[] {
  const parts: OwnPart[] = [];
  const settled = Object.entries(envs).map(([split, env]) => ({ split, env, settings: textOfEnvironment(env) }));
  for (let from = 0, chunk = 0; from < episodes; from += batch, chunk++)
    for (const { split, env, settings } of settled)
      for (const { name, run, policy, mark } of runs.filter((one) => one.split === null || one.split === split)) {
        checkWritten(env, policy);
        const some = Math.min(batch, episodes - from);
        const own = createRandom(seed, "evaluate", chunk).integer(2 ** 31);
        const key = digest([mark, settings, String(some), String(own)]);
        parts.push({ name, run, split, env, policy, key, episodes: some, seed: own });
      }
  return parts;
}

async function environmentsOf(given: EvaluateOptions["env"]): Promise<{ readonly [split: string]: Environment }> {
  if (given !== undefined) return isEnvironment(given) ? { episodes: given } : given;
  const tasks = await microTasks();
  const splits = taskSplits.map((split) => ({ split, own: tasks.filter((task) => task.split === split) }));
  return Object.fromEntries(
    splits
      .filter(({ own }) => own.length > 0)
      .map(({ split, own }) => [split, new SurvivalEnv({ tasks: own, maxSteps: 4 })]),
  );
}

/** What is asked in an environment. */
function tasksIn(env: Environment): Task[] {
  const { options } = env as { options?: { tasks?: SurvivalEnvOptions["tasks"] } };
  return options?.tasks === undefined ? [] : tasksOf(options.tasks);
}

/** The bodies of the environments, by split; null unless each has another one, and that is all in which they differ. */
function bodiesIn(envs: { readonly [split: string]: Environment }): { readonly [split: string]: string } | null {
  const found = Object.entries(envs).flatMap(([split, env]) =>
    env instanceof SurvivalEnv ? [{ split, body: bodyOf(env.options).name, rest: restOf(env) }] : [],
  );
  const [names, rests] = [new Set(found.map(({ body }) => body)), new Set(found.map(({ rest }) => rest))];
  if (found.length < Object.keys(envs).length || names.size < found.length || rests.size > 1) return null;
  return Object.fromEntries(found.map(({ split, body }) => [split, body]));
}

/** All by which an environment may differ from another but for what its agents are made of, and begin with in their language. */
function restOf(env: SurvivalEnv): string {
  const { sandbox, limits, harm, ...others } = env.options;
  const judged = { limits: { ...sandbox?.limits, ...limits }, harm: { ...sandbox?.harm, ...harm } };
  const all = { ...others, ...judged, maxSteps: env.maxSteps, tasks: env.tasks.map(({ id }) => id) };
  const rest = Object.entries(all).filter(([name]) => !["body", "genome", "kickstart"].includes(name));
  return JSON.stringify([env.constructor, ...rest.sort()], (_, one: unknown) =>
    typeof one === "function" ? String(one) : one,
  );
}

function isEnvironment(value: object): value is Environment {
  return typeof (value as Partial<Environment>).step === "function";
}

const optionsSchema = only<EvaluateOptions>({
  env: optional(
    like<NonNullable<EvaluateOptions["env"]>>(areEnvironments, "an environment, or an object of one a split"),
  ),
  episodes: optional(positiveInteger),
  seed: optional(integer),
  reference: optional(text),
  control: optional(text),
  sharpenTrained: optional(flag),
  file: optional(text),
  batch: optional(positiveInteger),
  progress: optional(flag),
  on: collectEntries.on,
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
    const places = placesOf(given).map(([, one]) => [one].flat() as unknown[]);
    const isWrong = (policy: unknown): boolean => faultOf(policySchema, policy, name) !== null;
    if (places.length === 0 || places.some((runs) => runs.length === 0 || runs.some(isWrong)))
      throw new TypeError(`Expected "${name}" to be a policy, or a list of its runs, got ${describe(given)}`);
  }
}

/** A policy that is given by its places plays in all of them. */
function checkPlaces(contestants: Contestants, splits: readonly string[]): void {
  for (const [name, given] of Object.entries(contestants)) {
    const own = placesOf(given).map(([split]) => split);
    if (own[0] === null || (own.length === splits.length && splits.every((split) => own.includes(split)))) continue;
    throw new TypeError(`Expected "${name}" to have a policy for each of ${splits.join(", ")}, got ${own.join(", ")}`);
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list with something else in it";
  return typeof value === "object" && value !== null ? "an object without `act`" : String(value);
}
