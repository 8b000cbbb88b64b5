/**
 * Episodes: a policy acting in an environment. Every draw comes from a stream named by (seed, episode, step), so the
 * result is the same for any concurrency. An episode that the sandbox itself spoiled is played again once, then kept as
 * a fault: it is counted, and never taken for a verdict on the agent.
 */

import type { Environment, Transition } from "../environment/index.ts";
import type { Action, Policy } from "../policy/index.ts";
import { createRandom } from "../random/index.ts";
import type { Effect, Verdict } from "../sandbox/index.ts";

/** One step of an episode. */
export interface EpisodeStep {
  action: Action;
  reward: number;
  rewards: { [name: string]: number };
  /** The sandbox's verdict; `survived` in environments that have none and go on. */
  verdict: Verdict;
  cause: string;
  effects: Effect[];
}

/** One life. */
export interface Episode {
  /** Its number in the batch, from 0, and the seed it was reset with. */
  index: number;
  seed: number;
  steps: EpisodeStep[];
  /** Steps survived: all but the one that ended it. */
  survival: number;
  /** Why it ended; `survived` if the time limit cut it. */
  verdict: Verdict;
  /** Undiscounted sum of rewards. */
  return: number;
  terminated: boolean;
  truncated: boolean;
  /** True if the sandbox failed twice: nothing in this episode says anything about the policy. */
  fault: boolean;
}

/** How episodes are collected. */
export interface CollectOptions {
  episodes: number;
  /** Names every draw. @default 0 */
  seed?: number;
  /** Episodes played at once. @default 8 */
  concurrency?: number;
  signal?: AbortSignal;
  /** Called after each episode. */
  onEpisode?: (episode: Episode, done: number) => void;
}

/** Most steps drawn ahead for a policy that does not look at observations. */
const drawnAhead = 64;

/** Plays episodes and returns them in order. Rejects with the signal's reason when it is aborted. */
export async function collect(env: Environment, policy: Policy, options: CollectOptions): Promise<Episode[]> {
  const { episodes, seed = 0, concurrency = 8, signal, onEpisode } = options;
  if (!Number.isSafeInteger(episodes) || episodes < 1)
    throw new RangeError(`Expected \`episodes\` to be a positive integer, got ${episodes}`);
  const result = new Array<Episode>(episodes);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    const own = env.clone();
    try {
      while (next < episodes) {
        signal?.throwIfAborted();
        const index = next++;
        const first = await play(own, policy, seed, index, signal);
        const episode = first.fault ? await play(own, policy, seed, index, signal) : first;
        result[index] = episode;
        onEpisode?.(episode, ++done);
      }
    } finally {
      await own.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, episodes) }, work));
  return result;
}

async function play(
  env: Environment,
  policy: Policy,
  seed: number,
  index: number,
  signal?: AbortSignal,
): Promise<Episode> {
  const random = createRandom(seed, "episode", index);
  const lifeSeed = random.child("life").integer(2 ** 31);
  let [observation] = await env.reset({ seed: lifeSeed });
  const steps: EpisodeStep[] = [];
  let last: Transition<unknown> | null = null;
  while (last === null || !(last.terminated || last.truncated)) {
    signal?.throwIfAborted();
    const ahead = policy.openLoop && env.stepMany ? drawnAhead : 1;
    const streams = Array.from({ length: ahead }, (_, i) => random.child("step", steps.length + i));
    const actions = await policy.act(new Array<unknown>(ahead).fill(observation), streams);
    const programs = actions.map(({ program }) => program);
    const transitions = ahead > 1 ? await env.stepMany!(programs) : [await env.step(programs[0]!)];
    for (const [i, transition] of transitions.entries()) steps.push(stepOf(actions[i]!, transition));
    last = transitions.at(-1)!;
    observation = last.observation;
  }
  const verdict = steps.at(-1)!.verdict;
  return {
    index,
    seed: lifeSeed,
    steps,
    survival: last.terminated ? steps.length - 1 : steps.length,
    verdict,
    return: steps.reduce((sum, step) => sum + step.reward, 0),
    terminated: last.terminated,
    truncated: last.truncated,
    fault: verdict === "crash",
  };
}

function stepOf(action: Action, { reward, info }: Transition<unknown>): EpisodeStep {
  const { report, rewards } = info;
  return {
    action,
    reward,
    rewards,
    verdict: report?.verdict ?? "survived",
    cause: report?.cause ?? "",
    effects: report?.effects ?? [],
  };
}
