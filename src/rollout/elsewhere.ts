/**
 * Episodes that are played elsewhere: a batch goes out in parts, and its parts come back in order, whoever was first. What an
 * episode is follows from its seed and number alone, so whoever hears of episodes hears the same as of those played here.
 * Not here: who plays them (`workers/`).
 */

import type { Environment } from "../environment/index.ts";
import type { BeginOptions, Episode, EpisodeJob, EpisodeListener } from "../episode/index.ts";
import type { Action, Policy } from "../policy/index.ts";

/** Consecutive episodes of one seed, as plain data: a batch, or a part of one. */
export interface EpisodeRange {
  seed: number;
  /** The number of the first. */
  first: number;
  episodes: number;
  /** So many in a row are reset with the same seed. */
  group: number;
  /** What `reset` is given besides, by the number of the group. */
  begin?: readonly BeginOptions[];
}

/** An episode of a batch as a job of its own. */
export function jobOf(
  { seed, group, begin }: Pick<EpisodeRange, "seed" | "group" | "begin">,
  index: number,
): EpisodeJob {
  const own = begin?.[Math.floor(index / group)];
  return { seed, index, group, ...(own && { begin: own }) };
}

/** What came of a part: its episodes in order, each behind the one that the sandbox had spoiled in its stead. */
export interface PlayedPart {
  plays: readonly {
    episode: Episode;
    /** The policy's own, one a step, with what it keeps for its update where that was asked for. */
    actions: readonly Action[];
    /** True for one that was played again. */
    spoiled: boolean;
  }[];
  /** Where they were asked for. */
  sums?: PartSums;
}

/** What a trainer makes of a part in place of what the policy keeps of it: figures, and lists of numbers by the policy's variables. */
export interface PartSums {
  numbers: { readonly [name: string]: number };
  lists: { readonly [name: string]: readonly Float32Array[] };
}

/** Sums that are asked for: of so many episodes each, by settings that a trainer reads, which are plain data. */
export interface SumsAsk {
  part: number;
  by: { readonly [name: string]: unknown };
}

/** What is given back besides episodes. */
export interface GivenBack {
  /** What the policy keeps for its update. */
  traces: boolean;
  /** Sums of each part. */
  sums?: SumsAsk | undefined;
}

/** Who plays episodes in other processes, here or on other machines: `workers.redis(url)`, `workers.folder(path)`. */
export interface Elsewhere {
  /**
   * Plays a batch, and gives its parts in order. Rejects with the signal's reason when it is aborted.
   * @param how what it gives back besides episodes; with `sums` its parts are of the size that is asked for
   */
  play(
    env: Environment,
    policy: Policy,
    batch: EpisodeRange,
    how: GivenBack & { signal?: AbortSignal | undefined },
  ): AsyncIterable<PlayedPart>;
}

/** Who hears of the episodes: see `CollectOptions`. */
interface Hearing {
  signal?: AbortSignal | undefined;
  listen?: ((index: number) => EpisodeListener) | undefined;
  onEpisode?: ((episode: Episode, done: number) => void) | undefined;
  onSpoiled?: ((episode: Episode) => void) | undefined;
  traces?: boolean;
  sums?: SumsAsk | undefined;
  onPart?: ((sums: PartSums | undefined) => void) | undefined;
}

/** Collects a batch that somebody else plays: each episode is told of as if it had been played here, one after the other. */
export async function collectFrom(
  on: Elsewhere,
  env: Environment,
  policy: Policy,
  batch: EpisodeRange,
  { signal, listen, onEpisode, onSpoiled, traces = false, sums, onPart }: Hearing,
): Promise<Episode[]> {
  const result: Episode[] = [];
  for await (const { plays, sums: taken } of on.play(env, policy, batch, { traces, ...(sums && { sums }), signal })) {
    onPart?.(taken);
    for (const { episode: played, actions, spoiled } of plays) {
      const job = jobOf(batch, played.index);
      const listener = listen?.(played.index);
      const episode = { ...played, id: listener?.onStart?.(played.start, job) ?? null };
      for (const step of episode.steps) listener?.onStep?.(step);
      listener?.onEnd?.(episode, actions);
      if (spoiled) {
        onSpoiled?.(episode);
        continue;
      }
      result.push(episode);
      onEpisode?.(episode, result.length);
    }
  }
  return result;
}
