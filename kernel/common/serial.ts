/**
 * Work that must not overlap, done one after the other in the order in which it was asked for. The library has the same file
 * (`src/data/serial.ts`), since neither half imports the other; a test holds the two alike.
 */

/** A queue of work that runs one piece at a time. */
export interface Serial {
  /** How many pieces wait or run. */
  readonly pending: number;
  /** Runs `work` when all that was asked for before it has ended, well or badly. Settles as the work does; the others go on. */
  run<T>(work: () => T | Promise<T>): Promise<T>;
  /** Resolves when all that has been asked for until now has ended. Never rejects. */
  idle(): Promise<void>;
}

/** Makes an empty queue. */
export function serial(): Serial {
  let last: Promise<void> = Promise.resolve();
  let pending = 0;
  return {
    get pending() {
      return pending;
    },
    // An async function: its promise has no listener but the caller's, so that an error which nobody awaits is heard of.
    async run(work) {
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = promise;
      pending++;
      await before;
      try {
        return await work();
      } finally {
        pending--;
        resolve();
      }
    },
    idle: () => last,
  };
}
