/** The options of whoever plays episodes, and what they may be. */

import {
  abortSignal,
  anything,
  callable,
  flag,
  having,
  integer,
  integerFrom,
  like,
  listOf,
  optional,
  positiveInteger,
} from "../data/check.ts";
import type { BeginOptions, Episode, EpisodeListener } from "../episode/index.ts";
import type { Elsewhere, PartSums, SumsAsk } from "./elsewhere.ts";
import type { Runner } from "./runner.ts";

/** How episodes are collected. */
export interface CollectOptions {
  episodes: number;
  /** The number of the first: with it a batch is played in parts, here and elsewhere. @default 0 */
  first?: number;
  /** Names every draw. @default 0 */
  seed?: number;
  /** Episodes played at once, as far as the runner has places. @default 8, or the policy's batch if that is more */
  concurrency?: number;
  /** So many episodes in a row are reset with the same seed, and differ only in what the policy draws. @default 1 */
  group?: number;
  /** What the environment's `reset` is given besides the seed, by the number of the group: `[{ tasks: ["a"] }, { tasks: ["b"] }]`. */
  begin?: readonly BeginOptions[];
  /** Ends playing at once. @default a notebook's stop button */
  signal?: AbortSignal;
  /** Who hears of an episode while it is played, by its number; asked anew where it is played again. */
  listen?: (index: number) => EpisodeListener;
  /** Called after each episode. */
  onEpisode?: (episode: Episode, done: number) => void;
  /** Called with an episode that the sandbox spoiled and that is played again. */
  onSpoiled?: (episode: Episode) => void;
  /** Who plays them. @default this process */
  runner?: Runner;
  /** Workers that play them, in parts: `workers.redis(url)`, `workers.folder(path)`. The episodes are the same. @default this process */
  on?: Elsewhere;
  /** With `on`: whether what the policy keeps for its update comes back, for `onEnd`. Here it is always there. @default false */
  traces?: boolean;
  /** With `on`: sums of each part that a trainer asks for in place of that. */
  sums?: SumsAsk;
  /** With `on`: called with the sums of each part, in order, before its episodes are told of. */
  onPart?: (sums: PartSums | undefined) => void;
}

/** One schema an option. */
export const collectEntries = {
  episodes: positiveInteger,
  seed: optional(integer),
  concurrency: optional(positiveInteger),
  group: optional(positiveInteger),
  begin: optional(
    listOf(like<BeginOptions>(isPlainObject, "an object"), "a list of what `reset` is given, one a group"),
  ),
  signal: optional(abortSignal),
  first: optional(integerFrom(0, Number.MAX_SAFE_INTEGER, "a whole number from 0")),
  listen: optional(callable<NonNullable<CollectOptions["listen"]>>("a function that gives who hears of an episode")),
  onSpoiled: optional(callable("a function of each episode that is played again")),
  on: optional(having<Elsewhere>(["play"], "workers, as `workers.redis(url)` or `workers.folder(path)` gives")),
  traces: optional(flag),
  sums: anything<SumsAsk>(),
  onPart: optional(callable("a function of the sums of each part")),
  runner: optional(having<Runner>(["places", "play", "close"], "a runner, with places(), play() and close()")),
  onEpisode: optional(callable("a function of each episode")),
};

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
