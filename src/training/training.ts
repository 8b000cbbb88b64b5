/**
 * A training as a value. It is a generator: nothing runs before somebody asks for its updates, and whoever awaits or shows
 * it instead is told so. Not here: what an update does (`reinforce.ts`).
 */

import { inspect } from "node:util";
import { displaySymbol, escapeHtml, type MimeBundle } from "../display/index.ts";

/** A training that runs as far as its updates are asked for. */
export interface Training<Update> extends AsyncGenerator<Update, void, void> {
  /** Runs all updates that are left and gives the last one; null if none was left, or it was stopped before one. */
  run(): Promise<Update | null>;
  [displaySymbol](): MimeBundle;
}

const cure =
  "`for await (const update of train({ ... }))` runs it and gives each update, `await train({ ... }).run()` runs it and gives the last one";

/** The generator with what makes a training of it. */
export function asTraining<Update>(updates: AsyncGenerator<Update, void, void>): Training<Update> {
  let begun = false;
  const next = updates.next.bind(updates);
  const told = (): string => (begun ? "This training has begun" : "Nothing has run yet");
  const own = {
    next: () => {
      begun = true;
      return next();
    },
    run: async (): Promise<Update | null> => {
      let last: Update | null = null;
      for await (const update of training) last = update;
      return last;
    },
    // `await train(...)` looks for this: without it, it would go on as if there had been a training.
    // biome-ignore lint/suspicious/noThenProperty: to be awaited is the mistake that it answers
    then: (_: unknown, reject?: (error: Error) => void): void => {
      reject?.(new Error(`Nothing has run: a training is not awaited itself. ${cure}`));
    },
    [displaySymbol]: (): MimeBundle => ({
      "text/html": `<p>${escapeHtml(`${told()}: ${cure}`)}</p>`,
      "text/plain": `${told()}: ${cure}`,
    }),
    [inspect.custom]: (): string => `${told()}: ${cure}`,
  };
  const training = Object.assign(updates, own) as Training<Update>;
  return training;
}
