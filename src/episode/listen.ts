/** What a life asks of a model and is shown of its budget, kept as values for its steps. */

import { orAborted } from "../data/aborted.ts";
import type { LifeOptions } from "../sandbox/types.ts";
import type { ModelCall, Step } from "./types.ts";

/** A life's options with an ear in them. */
export interface Listener {
  /** To open the life with. */
  options: LifeOptions;
  /** What the step that is over asked and was shown; the next one begins with nothing asked. */
  heard(): Pick<Step, "calls" | "budget">;
}

/** Listens to a life that is about to be opened. */
export function listenTo(options: LifeOptions): Listener {
  const { callModel, budget } = options;
  let calls: ModelCall[] = [];
  let shown: string | undefined;
  const ask: NonNullable<typeof callModel> = async (query, how) => {
    try {
      // When the sandbox waits no longer, so that the call is kept as the guest saw it.
      const answer = await orAborted(callModel!(query, how), how?.signal);
      calls.push({ query, answer });
      return answer;
    } catch (error) {
      calls.push({ query, error: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  };
  const look = (): unknown => {
    const value = budget!();
    shown = JSON.stringify(value);
    return value;
  };
  return {
    options: { ...options, ...(callModel && { callModel: ask }), ...(budget && { budget: look }) },
    heard() {
      const step = { calls, ...(shown !== undefined && { budget: shown }) };
      calls = [];
      shown = undefined;
      return step;
    },
  };
}
