/**
 * One episode, from its seed to its end: the loop of a policy and an environment, which gives each step as a value as soon
 * as it is there. Every draw comes from a stream named by the batch's seed, the episode and the step, so an episode is the
 * same wherever and beside whatever it is played. Not here: who plays which episodes (`rollout/`), where they are written
 * down (`record/`).
 */

import { show } from "../data/check.ts";
import type { Environment, Transition } from "../environment/types.ts";
import type { Action, Policy } from "../policy/types.ts";
import { createRandom } from "../random/index.ts";
import { figuresOf } from "./figures.ts";
import { type Episode, type EpisodeStart, episodeVersion, type Step } from "./types.ts";

/** An episode that is to be played, as plain data: whoever has the environment and the policy can play it. */
export interface EpisodeJob {
  /** The batch's seed: names every draw. @default 0 */
  seed?: number;
  /** The episode's number in the batch, from 0. */
  index: number;
  /** So many episodes in a row are reset with the same seed. @default 1 */
  group?: number;
  /** What the environment's reset is given besides the seed, as plain data. */
  begin?: BeginOptions;
}

/** Options of an environment's `reset`, as plain data. */
export interface BeginOptions {
  readonly [name: string]: unknown;
}

/** Who hears of an episode while it is played. */
export interface EpisodeListener {
  /** It has begun. What is given back is its id. */
  onStart?(start: EpisodeStart, job: EpisodeJob): number | null;
  /** A step is over; the next begins when this returns. */
  onStep?(step: Step): void;
  /** It is over. `actions`: the policy's own, one a step, with what it keeps for its update. */
  onEnd?(episode: Episode, actions: readonly Action[]): void;
}

/** How an episode is played. */
export interface RunEpisodeOptions extends EpisodeListener {
  /** Steps drawn and run at once, for a policy that does not look at observations. @default 1 */
  ahead?: number;
  /** Ends it between two steps, by a rejection with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Plays one episode. The environment is reset, and stays open. It ends with the environment, or where `act` gives no action
 * any more: then it is neither terminated nor truncated.
 */
export async function runEpisode(
  env: Pick<Environment, "reset" | "step" | "stepMany">,
  act: Policy["act"],
  job: EpisodeJob,
  { ahead = 1, signal, onStart, onStep, onEnd }: RunEpisodeOptions = {},
): Promise<Episode> {
  const { seed, random, group } = drawsOf(job);
  const { index, begin } = job;
  let [observation, info] = await env.reset({ seed, ...(begin && { options: begin }) });
  const start = info.start ?? { seed };
  const id = onStart?.(start, job) ?? null;
  const steps: Step[] = [];
  const drawn: Action[] = [];
  let last: Transition<unknown> | null = null;
  while (last === null || !(last.terminated || last.truncated)) {
    signal?.throwIfAborted();
    const streams = Array.from({ length: ahead }, (_, i) => random.child("step", steps.length + i));
    const actions = await act(new Array<unknown>(ahead).fill(observation), streams);
    signal?.throwIfAborted();
    if (actions.length === 0) break;
    const programs = actions.map(({ program }) => program);
    const transitions = ahead > 1 ? await env.stepMany!(programs) : [await env.step(programs[0]!)];
    if (transitions.length === 0 || transitions.length > programs.length)
      throw new RangeError(
        `stepMany() gave ${transitions.length} transitions for ${programs.length} programs: let it give one for each, until the episode ends`,
      );
    for (const [i, transition] of transitions.entries()) {
      checkReward(transition.reward, { index, step: steps.length });
      const step = stepOf(actions[i]!, transition, steps.at(-1) ?? start);
      steps.push(step);
      drawn.push(actions[i]!);
      onStep?.(step);
      last = transition;
    }
    observation = last!.observation;
  }
  const { terminated = false, truncated = false } = last ?? {};
  const how = {
    version: episodeVersion,
    id,
    seed: start.seed ?? seed,
    index,
    group,
    start,
    steps,
    terminated,
    truncated,
  } as const;
  const episode: Episode = { ...how, ...figuresOf({ steps, terminated }) };
  onEnd?.(episode, drawn);
  return episode;
}

/** The seed that an episode is reset with, its group's number, and the stream that its steps' streams come from. */
function drawsOf({ seed = 0, index, group = 1 }: EpisodeJob) {
  const first = createRandom(seed, "episode", index - (index % group));
  return {
    seed: first.child("life").integer(2 ** 31),
    group: Math.floor(index / group),
    random: createRandom(seed, "episode", index),
  };
}

/** A step as a value. `before`: the step before it, or the start; members that it has in common are kept once. */
export function stepOf(action: Action, { reward, info }: Transition<unknown>, before: Step | EpisodeStart): Step {
  const { program, features: _features, trace: _trace, ...told } = action;
  const { rewards, solved, changed, task, score, evidence } = info;
  const { report = info.report, setup, budget, calls = [] } = evidence ?? {};
  return {
    program,
    ...(setup !== undefined && { setup }),
    ...(budget !== undefined && { budget }),
    calls,
    report: report === null ? null : shareMembers(report, before),
    action: told,
    verdict: info.report?.verdict ?? "survived",
    cause: info.report?.cause ?? "",
    effects: info.report?.effects ?? [],
    rewards,
    reward,
    ...(task !== undefined && { task, score: score ?? null }),
    ...(solved !== undefined && { solved }),
    ...(changed !== undefined && { changed }),
  };
}

/** A life's members are much the same from step to step: those that are equal are one object, so that many episodes fit in memory. */
function shareMembers<R extends NonNullable<Step["report"]>>(report: R, before: Step | EpisodeStart): R {
  const known = "program" in before ? before.report?.genome : (before.genome ?? before.born);
  if (known === undefined) return report;
  const byName = new Map(known.map((member) => [member.name, member]));
  const genome = report.genome.map((member) => {
    const old = byName.get(member.name);
    return old !== undefined && old.source === member.source && old.kind === member.kind ? old : member;
  });
  return { ...report, genome };
}

/** A reward of another type would be joined to the return as a text, or fail far from where it was given. */
function checkReward(reward: unknown, { index, step }: { index: number; step: number }): void {
  if (typeof reward === "number") return;
  throw new TypeError(
    `Step ${step} of episode ${index} earned ${show(reward)}: a reward must be a number. Let the environment's step() give one, by Number(...) say, or NaN where the step cannot be scored`,
  );
}
