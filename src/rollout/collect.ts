/**
 * Episodes: a policy acting in an environment, a batch of them or any part of one. Every draw comes from a stream named by
 * (seed, episode, step), so the result is the same for any concurrency, and parts make up the whole. An episode that the
 * sandbox itself spoiled is played again once, then kept as a fault: it is counted, and never taken for a verdict on the agent.
 */

import { checkOptions, only } from "../data/check.ts";
import { stopSignal } from "../display/index.ts";
import { checkEnvironment } from "../environment/given.ts";
import type { Environment } from "../environment/index.ts";
import type { Episode } from "../episode/index.ts";
import { type GivenPolicy, policyOf } from "../policy/given.ts";
import type { Policy } from "../policy/index.ts";
import { collectFrom, jobOf } from "./elsewhere.ts";
import { type CollectOptions, collectEntries } from "./given.ts";
import { localRunner } from "./runner.ts";
import { checkWritten } from "./written.ts";

const collectSchema = only<CollectOptions>(collectEntries);

/** Plays episodes and returns them in order. Rejects with the signal's reason when it is aborted. */
export async function collect<Observation>(
  env: Environment<Observation>,
  given: GivenPolicy<NoInfer<Observation>>,
  options: CollectOptions,
): Promise<Episode[]> {
  checkEnvironment(env);
  checkOptions(collectSchema, options, "the options of a rollout");
  const policy = policyOf(given) as Policy;
  checkWritten(env, policy);
  const { episodes, first = 0, seed = 0, group = 1, begin, signal = stopSignal() } = options;
  if (options.on) {
    const batch = { seed, first, episodes, group, ...(begin && { begin }) };
    return collectFrom(options.on, env, policy, batch, { ...options, ...(signal && { signal }) });
  }
  const { concurrency = Math.max(8, policy.batch ?? 1), listen, onEpisode, onSpoiled } = options;
  const runner = options.runner ?? localRunner(env, policy);
  const failed = new AbortController();
  const ends = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
  const result = new Array<Episode>(episodes);
  let next = 0;
  let done = 0;
  const playOne = async (at: number): Promise<void> => {
    const job = jobOf({ seed, group, ...(begin && { begin }) }, first + at);
    const play = () => runner.play(job, { listener: listen?.(job.index), signal: ends });
    let episode = await play();
    if (episode.fault) {
      onSpoiled?.(episode);
      episode = await play();
    }
    result[at] = episode;
    onEpisode?.(episode, ++done);
  };
  const playOn = async (): Promise<void> => {
    try {
      while (next < episodes) await playOne(next++);
    } catch (error) {
      next = episodes; // what failed for one is begun by no other, and goes on in none
      failed.abort(error);
      throw error;
    }
  };
  try {
    const places = await runner.places();
    if (!(places >= 1))
      throw new RangeError(`The environment has room for ${places} episodes at once: let its places() give 1 at least`);
    const atOnce = Math.min(concurrency, places, episodes);
    await Promise.all(Array.from({ length: atOnce }, playOn));
  } finally {
    if (options.runner === undefined) await runner.close();
  }
  return result;
}
