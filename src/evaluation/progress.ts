/** A line that says how far an evaluation is, in place where a notebook's `display` can be updated; nothing elsewhere. */

import { displaySymbol, notebookPlace } from "../display/index.ts";

/** An open line. */
export interface ProgressLine {
  /** `known`: it was played before, and took no time now. */
  show(done: number, what: string, known: boolean): void;
}

/** Opens the line. */
export function openProgress(total: number, wanted: boolean): ProgressLine {
  const place = wanted ? notebookPlace() : null;
  if (place === null) return { show: () => {} };
  const began = performance.now();
  let played = 0;
  const write = (text: string): void => void place({ [displaySymbol]: () => ({ "text/plain": text }) });
  const spent = () => `${((performance.now() - began) / 1000).toFixed(0)} s`;
  return {
    show(done, what, known) {
      if (!known) played++;
      const each = (performance.now() - began) / 1000 / Math.max(1, played);
      const left = Math.ceil(each * (total - done));
      if (done < total) write(`Evaluated ${done} of ${total} batches (${what}), ${spent()}, about ${left} s left`);
      else write(`Evaluated ${total} batches in ${spent()}${played < total ? `; ${total - played} were known` : ""}`);
    },
  };
}
