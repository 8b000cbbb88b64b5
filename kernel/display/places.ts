/**
 * Places that are shown anew: states of one place go out in the order in which they were given, ten a second at most, the
 * last one always. What waits is sent before anything that comes after it. Not here: what a state is made of (`bundle.ts`).
 */

import type { Shown } from "./bundle.ts";

/** The places of a session, by their display id. */
export interface Places {
  /** Does the work with a state when those given before for the place are done with: an older one may take longer to make. */
  inTurn(id: string, state: Promise<Shown>, work: (state: Shown) => void): Promise<void>;
  /** Updates a place: at once, or when its turn comes. */
  put(id: string, state: Shown): void;
  /** Sends what waits. */
  settle(): void;
}

/** Least time between two updates of one place. */
const updateEveryMs = 100;

interface Place {
  sentAt: number;
  /** What waits, and the run that gave it. */
  waiting: { state: Shown; run: number | null } | null;
  timer: NodeJS.Timeout | undefined;
}

/** Makes the register of a session; `send` gets the content of an update and the run that it belongs to. */
export function createPlaces(send: (content: object, run: number | null) => void, runNow: () => number | null): Places {
  const places = new Map<string, Place>();
  const turns = new Map<string, Promise<void>>();

  const flush = (id: string, place: Place): void => {
    clearTimeout(place.timer);
    place.timer = undefined;
    const { waiting } = place;
    place.waiting = null;
    if (waiting === null) {
      places.delete(id); // nothing came for a while: a long session must not keep all its places
      return;
    }
    place.sentAt = performance.now();
    place.timer = setTimeout(flush, updateEveryMs, id, place).unref();
    send({ ...waiting.state, transient: { display_id: id } }, waiting.run);
  };

  return {
    async inTurn(id, state, work) {
      const before = turns.get(id);
      const turn = (async () => {
        const [made] = await Promise.all([state, before]);
        work(made);
      })();
      const after = turn.catch(() => {});
      turns.set(id, after);
      await turn.finally(() => {
        if (turns.get(id) === after) turns.delete(id);
      });
    },
    put(id, state) {
      const place = places.get(id) ?? { sentAt: Number.NEGATIVE_INFINITY, waiting: null, timer: undefined };
      places.set(id, place);
      place.waiting = { state, run: runNow() };
      const wait = place.sentAt + updateEveryMs - performance.now();
      if (wait <= 0) flush(id, place);
      else place.timer ??= setTimeout(flush, wait, id, place).unref();
    },
    settle() {
      for (const [id, place] of [...places]) if (place.waiting !== null) flush(id, place);
    },
  };
}
