/** One batch of an evaluation: what names it, and who plays it. */

import type { Environment } from "../environment/index.ts";
import type { Policy } from "../policy/index.ts";
import { collect, type Elsewhere } from "../rollout/index.ts";
import type { Batch, FactsFile } from "./facts.ts";

/** A batch that is to be played. */
export interface Part {
  env: Environment;
  policy: Policy;
  /** What tells it from others: see `Batch`. */
  key: string;
  episodes: number;
  seed: number;
}

/** Plays a batch, and keeps it. */
export async function playBatch(
  { env, policy, episodes, seed, key }: Part,
  facts: FactsFile | null,
  {
    signal,
    on,
    seconds = stopwatch(),
  }: { signal: AbortSignal | undefined; on?: Elsewhere | undefined; seconds?: () => number },
): Promise<Batch> {
  const played = await collect(env, policy, { episodes, seed, ...(signal && { signal }), ...(on && { on }) });
  const batch = { key, seconds: seconds(), episodes: played };
  facts?.append(batch);
  return batch;
}

/** Seconds since it was made, or was read before. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const before = last;
    last = performance.now();
    return (last - before) / 1000;
  };
}

/**
 * Who plays the batches of an evaluation: here one after the other, as they are asked for; elsewhere all that are not known yet
 * are begun at once, so that no worker waits for the last of a batch: the seconds of one are then those since another ended, so that all
 * together are what it took. `stop` ends those that nobody asks for any more.
 */
export function batchPlayer(
  parts: readonly Part[],
  facts: FactsFile | null,
  { signal, on }: { signal: AbortSignal | undefined; on: Elsewhere | undefined },
): { play(part: Part): Promise<Batch>; stop(): void } {
  if (on === undefined) return { play: (part) => playBatch(part, facts, { signal }), stop() {} };
  const own = new AbortController();
  const either = AbortSignal.any([own.signal, ...(signal ? [signal] : [])]);
  const going = new Map<string, Promise<Batch>>();
  const seconds = stopwatch();
  for (const part of parts.filter(({ key }) => facts?.found.has(key) !== true)) {
    if (going.has(part.key)) continue;
    const batch = playBatch(part, facts, { signal: either, on, seconds });
    batch.catch(() => {}); // whoever asks for it hears of it
    going.set(part.key, batch);
  }
  return { play: ({ key }) => going.get(key)!, stop: () => own.abort() };
}
