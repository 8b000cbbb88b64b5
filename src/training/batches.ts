/**
 * The batches of a training, one an update. Usually each is played with the weights of its update. With `stale: 1` it is played while
 * the update before is learned from, with the weights that that one began with: workers never wait for an update, and what was
 * drawn is one update old, the first batch but for. Which weights draw which batch follows from its number alone, so a run that goes on plays again
 * what was in flight. In this process, where nothing can be played meanwhile, the same is done in turn.
 */

import { OptionFailure } from "../data/check.ts";
import type { TrainablePolicy } from "../policy/index.ts";
import type { Settings } from "./options.ts";
import { putWeights, saveWeights } from "./saved.ts";
import type { SavedTensor } from "./types.ts";

/** Plays the batch of an update with a policy. */
export type PlayBatch<Played> = (update: number, policy: TrainablePolicy, signal: AbortSignal) => Promise<Played>;

/** Batches, each asked for once, in order. */
export interface Batches<Played> {
  /** What an update learns from, and whether weights of before have drawn it. */
  next(update: number): Promise<{ played: Played; isStale: boolean }>;
  /** The weights that draw the batch after the one that was asked for last; absent where those of its own update do. */
  drawing(): SavedTensor[] | undefined;
  /** Leaves what is in flight. */
  close(): Promise<void>;
}

/** A batch that is played; settled where that could not be done beside an update. */
interface Flying<Played> {
  played: Promise<Played>;
  isStale: boolean;
}

/** Opens the batches that the settings ask for. `play` hears of the end by its signal. */
export async function openBatches<Played>(settings: Settings, play: PlayBatch<Played>): Promise<Batches<Played>> {
  const { policy, stale, updates, resume, signal } = settings;
  const left = new AbortController();
  const ends = AbortSignal.any([left.signal, ...(signal ? [signal] : [])]);
  let flying: Flying<Played> | null = null;
  let drawing: SavedTensor[] | undefined;
  const start = async (update: number, isStale: boolean): Promise<Flying<Played>> => {
    const played = play(update, settings.on ? await asItIs(policy) : policy, ends);
    played.catch(() => {}); // whoever takes it hears of it
    if (!settings.on) await Promise.allSettled([played]);
    return { played, isStale };
  };
  const before = stale === 1 ? resume?.drawing : undefined;
  if (before !== undefined && resume!.update < updates) {
    const now = await saveWeights(policy);
    putWeights(policy, before);
    flying = await start(resume!.update, true);
    putWeights(policy, now);
  }
  return {
    async next(update) {
      const own: Flying<Played> = flying ?? (await start(update, false));
      flying = null;
      if (stale === 1) {
        drawing = await saveWeights(policy);
        if (update + 1 < updates) flying = await start(update + 1, true);
      }
      return { played: await own.played, isStale: own.isStale };
    },
    drawing: () => drawing,
    async close() {
      left.abort(new Error("The training was left"));
      await Promise.allSettled([flying?.played]);
    },
  };
}

/** The policy with the weights that it has now, for who plays elsewhere: it may learn meanwhile. */
async function asItIs(policy: TrainablePolicy): Promise<TrainablePolicy> {
  const plan = await policy.plan?.();
  return plan === undefined ? policy : { ...policy, plan: async () => plan };
}

/** Throws an OptionFailure where batches cannot be one update old. */
export function checkStale({ stale, policy, on, gradients }: Pick<Settings, "stale" | "policy" | "on" | "gradients">) {
  if (stale === 0) return;
  const refuse = (expected: string) => new OptionFailure({ kind: "option", name: "stale", expected, value: stale });
  if (gradients !== "whole batch")
    throw refuse("0 with `gradients` of parts, which are taken by the weights that drew, not by those that learn");
  if (policy.isEvaluatedAsDrawn)
    throw refuse(
      "0 for a policy that knows its programs' odds by the weights alone that drew them, as `policies.temperature` does",
    );
  if (on !== undefined && policy.isWrittenElsewhere)
    throw refuse("0 for a policy that a server writes for: that has one set of weights at a time");
}
