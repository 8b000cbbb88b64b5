/** An agent in a notebook: what its model writes, as it writes it, in a line that is updated in place; and its first query, asked for. */

import { displaySymbol, notebookPlace, visible } from "../display/index.ts";
import { AgentFailure } from "./failure.ts";
import type { AgentOptions } from "./types.ts";

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

/** Asks a person for the first query. Throws an AgentFailure where nobody can be asked. */
export async function askPerson(input: AgentOptions["input"]): Promise<string> {
  const ask = input ?? (globalThis as { input?: (question: string) => Promise<string> }).input;
  if (typeof ask !== "function")
    throw new AgentFailure("The agent needs a first query: give `query`, or run it in a notebook, which asks for one.");
  return ask("What shall the agent be told first?");
}
