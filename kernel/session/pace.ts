/**
 * The pace of updates on their way to the front ends. A cell that prints between two updates of a place sends both at once,
 * so that order is kept; here an update that comes too soon holds back what follows it, and is left out if a newer one
 * for its place has come by then. So a fast loop costs ten updates a second, and nothing is ever overtaken.
 */

import { setTimeout as sleep } from "node:timers/promises";

/** The pace of a session's updates. */
export interface Pace {
  /** An update has come: it is now the newest of its place. */
  note(place: string, update: object): void;
  /** Waits until an update may go out; false if it is not to, a newer one having come. */
  isDue(place: string, update: object): Promise<boolean>;
  /** Nothing that has come so far waits any longer: a cell has ended, or somebody is asked. */
  hurry(): void;
}

/** Least time between two updates of one place. */
const updateEveryMs = 100;

/** Makes the pace of a session. */
export function createPace(): Pace {
  const newest = new Map<string, object>();
  const sentAt = new Map<string, number>();
  /** Those that were there when nothing was to wait any longer. */
  const hurried = new WeakSet<object>();
  let stopWaiting: AbortController | null = null;

  const wait = async (ms: number): Promise<void> => {
    stopWaiting = new AbortController();
    await sleep(ms, undefined, { signal: stopWaiting.signal }).catch(() => {});
    stopWaiting = null;
  };
  return {
    note: (place, update) => void newest.set(place, update),
    async isDue(place, update) {
      const left = (sentAt.get(place) ?? Number.NEGATIVE_INFINITY) + updateEveryMs - performance.now();
      if (left > 0 && newest.get(place) === update && !hurried.has(update)) await wait(left);
      if (newest.get(place) !== update) return false;
      newest.delete(place);
      for (const [other, time] of sentAt) if (time + updateEveryMs < performance.now()) sentAt.delete(other);
      sentAt.set(place, performance.now());
      return true;
    },
    hurry() {
      for (const update of newest.values()) hurried.add(update);
      stopWaiting?.abort();
    },
  };
}
