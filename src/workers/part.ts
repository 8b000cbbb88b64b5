/**
 * A part of a batch, played: the same function in this process and in a worker. What comes of it follows from the spec, the
 * weights and the part's own numbers, whoever plays it and however often.
 */

import type { Environment } from "../environment/index.ts";
import type { Episode } from "../episode/index.ts";
import type { Action, Policy } from "../policy/index.ts";
import { collect, type EpisodeRange, type PlayedPart } from "../rollout/index.ts";

/** Plays a part. Rejects with the signal's reason when it is aborted. */
export async function playPart(
  { env, policy }: { env: Environment; policy: Policy },
  { seed, first, episodes, group }: EpisodeRange,
  { signal }: { signal?: AbortSignal } = {},
): Promise<PlayedPart> {
  const heard = new Map<number, { episode: Episode; actions: readonly Action[] }[]>();
  await collect(env, policy, {
    ...{ seed, first, episodes, group },
    listen: (index) => ({
      onEnd(episode, actions) {
        heard.set(index, [...(heard.get(index) ?? []), { episode, actions }]);
      },
    }),
    ...(signal && { signal }),
  });
  const order = [...heard].sort(([a], [b]) => a - b);
  return {
    // Whoever was played twice was spoiled the first time.
    plays: order.flatMap(([, own]) => own.map((one, i) => ({ ...one, spoiled: i < own.length - 1 }))),
  };
}

/** A batch in parts of whole groups, about so many episodes each; where it begins within a group, so does its first part. */
export function partsOf({ seed, first, episodes, group }: EpisodeRange, size: number): EpisodeRange[] {
  const step = Math.max(1, Math.ceil(size / group)) * group;
  const parts: EpisodeRange[] = [];
  for (let from = first; from < first + episodes; ) {
    const to = Math.min(first + episodes, (Math.floor(from / step) + 1) * step);
    parts.push({ seed, first: from, episodes: to - from, group });
    from = to;
  }
  return parts;
}
