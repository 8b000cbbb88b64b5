/** What a driver waits for: what a part's result is read by, and what is said of one that failed. The same for a queue and a folder. */

import type { EpisodeRange, PlayedPart } from "../rollout/index.ts";
import { WorkersFailure } from "./error.ts";
import { unpackPart } from "./lives.ts";
import { type Packed, pack, unpack } from "./pack.ts";

/** A part that is waited for. */
export interface Wanted<T> {
  /** Lives in it. */
  lives: number;
  /** Reads a result; `name`: where it was found. Throws a WorkersFailure for that of another part. */
  read(bytes: Uint8Array, name: string): T;
  failure(told: { part: number; worker: string; why: string }): WorkersFailure;
}

/** A part of a batch of episodes. A result is of the episodes that were asked for, or it is none. */
export function wantedLives({ first, episodes }: EpisodeRange): Wanted<PlayedPart> {
  return {
    lives: episodes,
    read(bytes, name) {
      const part = unpackPart(bytes);
      const counted = part.plays.filter(({ spoiled }) => !spoiled).map(({ episode }) => episode.index);
      if (counted.length !== episodes || counted[0] !== first)
        throw new WorkersFailure({ kind: "content", name, found: `episodes ${counted[0]} to ${counted.at(-1)}` });
      return part;
    },
    failure: (told) => new WorkersFailure({ kind: "part", ...told, first, last: first + episodes - 1 }),
  };
}

/** A part of other work, which gives a list of so many things. */
export function wantedWork({ what, count }: { what: string; count: number }): Wanted<DoneWork> {
  return {
    lives: 0,
    read(bytes, name) {
      const { value, beside } = unpack(bytes);
      const found = Array.isArray(value) ? value.length : 0;
      if (found !== count) throw new WorkersFailure({ kind: "content", name, found: `${found} of ${count} ${what}` });
      return { values: value as unknown[], seconds: (beside as { seconds: number }).seconds };
    },
    failure: (told) => new WorkersFailure({ kind: "work", ...told, what: `${count} ${what}` }),
  };
}

/** A result of such a part, packed; its name is that of what it gives alone. */
export function packWork(values: readonly unknown[], by: { worker: string; seconds: number }): Packed {
  return pack(values, { name: "work", beside: by });
}

/** What came of it, and how long that took where it was done. */
export interface DoneWork {
  values: unknown[];
  seconds: number;
}
