/**
 * Questions to a process that may end before it answers. A race with the promise of its end would do, but such a promise
 * keeps every answer that was ever raced with it for as long as the process lives.
 */

/** The questions that wait for an answer. */
export interface Pending {
  readonly size: number;
  /** The answer; rejects with what `end` is given, if that comes first or came before. */
  ask<T>(question: Promise<T>): Promise<T>;
  end(error: Error): void;
}

/** Makes an empty list. */
export function createPending(): Pending {
  const waiting = new Set<(error: Error) => void>();
  let ended: Error | null = null;
  return {
    get size() {
      return waiting.size;
    },
    ask: (question) =>
      new Promise((resolve, reject) => {
        if (ended !== null) {
          question.catch(() => {}); // what it says later is nobody's: unheard, it would end this process
          return reject(ended);
        }
        waiting.add(reject);
        question.then(resolve, reject).finally(() => waiting.delete(reject));
      }),
    end(error) {
      ended ??= error;
      for (const reject of waiting) reject(ended);
      waiting.clear();
    },
  };
}
