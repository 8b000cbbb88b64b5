/**
 * A part of a batch, played: the same function in this process and in a worker. What comes of it follows from the spec, the
 * weights and the part's own numbers, whoever plays it and however often. `sum` makes of it what a trainer asks for.
 */

import type { Environment } from "../environment/index.ts";
import type { Episode } from "../episode/index.ts";
import type { Action, Policy } from "../policy/index.ts";
import { collect, type EpisodeRange, type PartSums, type PlayedPart } from "../rollout/index.ts";

/** Plays a part. Rejects with the signal's reason when it is aborted. */
export async function playPart(
  { env, policy }: { env: Environment; policy: Policy },
  range: EpisodeRange,
  { signal, sum }: { signal?: AbortSignal; sum?: ((plays: PlayedPart["plays"]) => Promise<PartSums>) | undefined } = {},
): Promise<PlayedPart> {
  const heard = new Map<number, { episode: Episode; actions: readonly Action[] }[]>();
  await collect(env, policy, {
    ...range,
    listen: (index) => ({
      onEnd(episode, actions) {
        heard.set(index, [...(heard.get(index) ?? []), { episode, actions }]);
      },
    }),
    ...(signal && { signal }),
  });
  const order = [...heard].sort(([a], [b]) => a - b);
  // Whoever was played twice was spoiled the first time.
  const plays = order.flatMap(([, own]) => own.map((one, i) => ({ ...one, spoiled: i < own.length - 1 })));
  return { plays, ...(sum && { sums: await sum(plays) }) };
}

/**
 * Episodes a part where nobody says how many. What goes to a worker and back costs some 5 ms of processor a part, which many
 * episodes share; but a batch of few parts keeps few workers busy. So 8, and 16 or 32 where that leaves 24 parts and more.
 */
export function partSize(episodes: number): number {
  const most = 32;
  const parts = 24;
  let size = 8;
  while (size < most && episodes >= 2 * size * parts) size *= 2;
  return size;
}

/**
 * A batch in parts of so many episodes, which end where the numbers are multiples of that: so a batch that begins elsewhere
 * has the same parts from there on. Parts may cut through groups, whose episodes begin alike by their numbers alone.
 */
export function partsOf({ seed, first, episodes, group, begin }: EpisodeRange, size: number): EpisodeRange[] {
  const parts: EpisodeRange[] = [];
  for (let from = first; from < first + episodes; ) {
    const to = Math.min(first + episodes, (Math.floor(from / size) + 1) * size);
    parts.push({ seed, first: from, episodes: to - from, group, ...(begin && { begin }) });
    from = to;
  }
  return parts;
}
