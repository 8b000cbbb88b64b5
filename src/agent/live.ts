/** What an agent's model writes, as it writes it: a line in a notebook that is updated in place; nothing elsewhere. */

import { displaySymbol, notebookPlace, visible } from "../display/index.ts";

/** An open line. */
export interface LiveView {
  /** The model begins to write the program of a step: the how many-th of this run, as progress is counted. */
  begin(step: number, query: string): void;
  text(piece: string): void;
  /** What came of the step. */
  end(outcome: string): void;
}

/** Most redraws a second. */
const rate = 10;

/** Opens the line, where there is a notebook whose displays can be updated. */
export function openLive(steps: number, wanted: boolean): LiveView | null {
  const place = wanted ? notebookPlace() : null;
  if (place === null) return null;
  let head = "";
  let written = "";
  let drawn = 0;
  const view = () => {
    const plain = visible(`${head}\n${written}`.trimEnd());
    return { [displaySymbol]: () => ({ "text/plain": plain }) };
  };
  const draw = (now: boolean): void => {
    if (!now && performance.now() - drawn < 1000 / rate) return;
    drawn = performance.now();
    void place(view());
  };
  return {
    begin(step, query) {
      head = `Step ${step} of ${steps}, asked: ${query.replace(/\s+/g, " ").slice(0, 80)}`;
      written = "";
      draw(true);
    },
    text(piece) {
      written += piece;
      draw(false);
    },
    end(outcome) {
      head = `${head.split(",")[0]}: ${outcome}`;
      draw(true);
    },
  };
}
