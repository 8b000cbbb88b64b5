/**
 * Episodes: a policy acting in an environment. Every draw comes from a stream named by (seed, episode, step), so the
 * result is the same for any concurrency. An episode that the sandbox itself spoiled is played again once, then kept as
 * a fault: it is counted, and never taken for a verdict on the agent.
 */

import { checkOptions, only } from "../data/check.ts";
import { stopSignal } from "../display/index.ts";
import { checkEnvironment } from "../environment/given.ts";
import type { Environment, Transition } from "../environment/index.ts";
import { type GivenPolicy, policyOf } from "../policy/given.ts";
import type { Action, Policy } from "../policy/index.ts";
import { watched } from "../policy/watch.ts";
import { createRandom, type Random } from "../random/index.ts";
import { type Effect, type Gene, newbornGenome, type StepReport, type Verdict } from "../sandbox/index.ts";
import { collectEntries } from "./given.ts";

/** One step of an episode. */
export interface EpisodeStep {
  program: string;
  /** What the sandbox saw; null in environments without one. */
  report: StepReport | null;
  action: Action;
  reward: number;
  rewards: { [name: string]: number };
  /** The sandbox's verdict; `survived` in environments that have none and go on. */
  verdict: Verdict;
  cause: string;
  effects: Effect[];
  /** Whether it solved its task, and whether it changed the agent; absent where the environment does not tell. */
  solved?: boolean;
  changed?: boolean;
  /** The id of the task that it was given; absent where there are none. */
  task?: string;
}

/** One life. */
export interface Episode {
  /** Its number in the batch, from 0, and the seed it was reset with. */
  index: number;
  seed: number;
  /** Its group's number, from 0: episodes of one group were reset with the same seed. */
  group: number;
  steps: EpisodeStep[];
  /** Steps survived: all but the one that ended it. */
  survival: number;
  /** Why it ended; `survived` if the time limit cut it. */
  verdict: Verdict;
  /** Undiscounted sum of rewards. */
  return: number;
  terminated: boolean;
  truncated: boolean;
  /** The agent before the last step and after it; absent in environments without one. */
  ending?: { before: readonly Gene[]; after: readonly Gene[] };
  /** Its id in the record, where it was recorded. */
  recorded?: number;
  /** True if the sandbox failed twice: nothing in this episode says anything about the policy. */
  fault: boolean;
}

/** How episodes are collected. */
export interface CollectOptions {
  episodes: number;
  /** Names every draw. @default 0 */
  seed?: number;
  /** Episodes played at once, as far as the sandbox has places. @default 8, or the policy's batch if that is more */
  concurrency?: number;
  /** So many episodes in a row are reset with the same seed, and differ only in what the policy draws. @default 1 */
  group?: number;
  /** Ends playing at once. @default a notebook's stop button */
  signal?: AbortSignal;
  /** Where a report was recorded. */
  where?: (report: StepReport) => { episode: number } | null;
  /** Called with each step that was drawn for and reported. */
  onStep?: (report: StepReport, action: Action) => void;
  /** Called after each episode. */
  onEpisode?: (episode: Episode, done: number) => void;
}

const collectSchema = only<CollectOptions>(collectEntries);

/** Most steps drawn ahead for a policy that does not look at observations. */
const drawnAhead = 64;

/**
 * Plays episodes and returns them in order. Rejects with the signal's reason when it is aborted, and where the policy's weights
 * are changed meanwhile: the episodes would be of no policy that there was.
 */
export async function collect<Observation>(
  env: Environment<Observation>,
  given: GivenPolicy<NoInfer<Observation>>,
  options: CollectOptions,
): Promise<Episode[]> {
  checkEnvironment(env);
  checkOptions(collectSchema, options, "the options of a rollout");
  const policy = watched(policyOf(given) as Policy);
  const { episodes, seed = 0, group = 1, signal = stopSignal(), onEpisode } = options;
  const { concurrency = Math.max(8, policy.batch ?? 1) } = options;
  const result = new Array<Episode>(episodes);
  let done = 0;
  const { where = () => null, onStep } = options;
  const source: Source = { env, seed, group, next: 0, episodes, signal, where, onStep };
  const onEnd = (episode: Episode): void => {
    result[episode.index] = episode;
    onEpisode?.(episode, ++done);
  };
  // A life without a place of its own would be lived again from its birth at each of its steps.
  const atOnce = Math.min(concurrency, (await env.sandbox?.())?.places ?? concurrency);
  if ((policy.batch ?? 1) > 1) await playInStep(source, policy, atOnce, onEnd);
  else await Promise.all(Array.from({ length: Math.min(atOnce, episodes) }, () => playAlone(source, policy, onEnd)));
  return result;
}

/** What the players take their episodes from. */
interface Source {
  env: Environment;
  seed: number;
  group: number;
  next: number;
  episodes: number;
  signal: AbortSignal | undefined;
  where: NonNullable<CollectOptions["where"]>;
  onStep: CollectOptions["onStep"];
}

/** An episode in play. */
interface Play {
  env: Environment;
  index: number;
  random: Random;
  seed: number;
  observation: unknown;
  steps: EpisodeStep[];
  last: Transition<unknown> | null;
  /** The reports of the last two steps, older first. */
  reports: (StepReport | null)[];
  /** True if it is played for the second time. */
  again: boolean;
}

/** One episode after the other, each with calls of its own to the policy. */
async function playAlone(source: Source, policy: Policy, onEnd: (episode: Episode) => void): Promise<void> {
  const env = source.env.clone();
  try {
    while (source.next < source.episodes) {
      const index = source.next++;
      for (let again = false; ; again = true) {
        const play = await begin(source, env, index, again);
        while (!isOver(play)) await playOn(source, play, policy);
        const episode = episodeOf(play, source);
        if (episode.fault && !again) continue;
        onEnd(episode);
        break;
      }
    }
  } finally {
    await env.close();
  }
}

async function playOn(source: Source, play: Play, policy: Policy): Promise<void> {
  source.signal?.throwIfAborted();
  const { env, random, steps, observation } = play;
  const ahead = policy.openLoop && env.stepMany ? drawnAhead : 1;
  const streams = Array.from({ length: ahead }, (_, i) => random.child("step", steps.length + i));
  const actions = await policy.act(new Array<unknown>(ahead).fill(observation), streams);
  const programs = actions.map(({ program }) => program);
  take(source, play, actions, ahead > 1 ? await env.stepMany!(programs) : [await env.step(programs[0]!)]);
}

/** Many episodes side by side: one call to the policy for a step of them all. Who ends makes room for the next. */
async function playInStep(
  source: Source,
  policy: Policy,
  concurrency: number,
  onEnd: (episode: Episode) => void,
): Promise<void> {
  const envs = Array.from({ length: Math.min(concurrency, source.episodes) }, () => source.env.clone());
  const idle = [...envs];
  let running: Play[] = [];
  try {
    for (;;) {
      source.signal?.throwIfAborted();
      const fresh: Promise<Play>[] = [];
      while (source.next < source.episodes && idle.length > 0)
        fresh.push(begin(source, idle.pop()!, source.next++, false));
      running.push(...(await Promise.all(fresh)));
      if (running.length === 0) return;
      const streams = running.map(({ random, steps }) => random.child("step", steps.length));
      const actions = await policy.act(
        running.map(({ observation }) => observation),
        streams,
      );
      source.signal?.throwIfAborted();
      await Promise.all(
        running.map(async (play, i) => take(source, play, [actions[i]!], [await play.env.step(actions[i]!.program)])),
      );
      const still = running.filter((play) => !isOver(play));
      for (const play of running.filter(isOver)) {
        const episode = episodeOf(play, source);
        if (episode.fault && !play.again) still.push(await begin(source, play.env, play.index, true));
        else {
          onEnd(episode);
          idle.push(play.env);
        }
      }
      running = still;
    }
  } finally {
    await Promise.all(envs.map((env) => env.close()));
  }
}

async function begin({ seed, group }: Source, env: Environment, index: number, again: boolean): Promise<Play> {
  const random = createRandom(seed, "episode", index);
  const shared = createRandom(seed, "episode", index - (index % group));
  const lifeSeed = shared.child("life").integer(2 ** 31);
  const [observation] = await env.reset({ seed: lifeSeed });
  return { env, index, random, seed: lifeSeed, observation, steps: [], last: null, reports: [], again };
}

function take(
  { onStep }: Source,
  play: Play,
  actions: readonly Action[],
  transitions: readonly Transition<unknown>[],
): void {
  for (const [i, transition] of transitions.entries()) {
    checkReward(transition.reward, play);
    play.steps.push(stepOf(actions[i]!, transition));
    if (transition.info.report !== null) onStep?.(transition.info.report, actions[i]!);
  }
  play.last = transitions.at(-1)!;
  play.reports = [...play.reports, ...transitions.map(({ info }) => info.report)].slice(-2);
  play.observation = play.last.observation;
}

/** A reward of another type would be joined to the return as a text, or fail far from where it was given. */
function checkReward(reward: unknown, { index, steps }: Play): void {
  if (typeof reward === "number") return;
  const told = typeof reward === "string" ? JSON.stringify(reward) : String(reward);
  const type = reward === null || reward === undefined ? "" : ` (${typeof reward})`;
  throw new TypeError(
    `Step ${steps.length} of episode ${index} earned ${told}${type}: a reward must be a number. Let the environment's step() give one, by Number(...) say, or NaN where the step cannot be scored`,
  );
}

function isOver({ last }: Play): boolean {
  return last !== null && (last.terminated || last.truncated);
}

function episodeOf({ index, seed, steps, last, reports }: Play, { group, where }: Source): Episode {
  const { verdict } = steps.at(-1)!;
  const { terminated, truncated } = last!;
  const report = reports.at(-1) ?? null;
  const place = report === null ? null : where(report);
  const before = reports.at(-2)?.genome ?? newbornGenome;
  return {
    ...(report !== null && { ending: { before, after: report.genome } }),
    ...(place !== null && { recorded: place.episode }),
    index,
    seed,
    group: Math.floor(index / group),
    steps,
    survival: terminated ? steps.length - 1 : steps.length,
    verdict,
    return: steps.reduce((sum, step) => sum + step.reward, 0),
    terminated,
    truncated,
    fault: verdict === "crash",
  };
}

/** A step as it is kept. */
export function stepOf(action: Action, { reward, info }: Transition<unknown>): EpisodeStep {
  const { report, rewards, solved, changed, task } = info;
  return {
    program: action.program,
    report,
    action,
    reward,
    rewards,
    verdict: report?.verdict ?? "survived",
    cause: report?.cause ?? "",
    effects: report?.effects ?? [],
    ...(solved !== undefined && { solved }),
    ...(changed !== undefined && { changed }),
    ...(task !== undefined && { task }),
  };
}
