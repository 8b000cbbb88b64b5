/** What a model said in an episode, said again when the episode is lived again. */

import type { LifeOptions } from "../sandbox/types.ts";
import type { ModelCall, Step } from "./types.ts";

/** Answers out of an episode's steps. */
export interface Answers {
  callModel: NonNullable<LifeOptions["callModel"]>;
  /** The step that comes next: it gets its own answers, in order; one that asks for something else gets none. */
  expect(step: Step): void;
  /** From here on any of these calls answers an equal query, once. */
  expectAny(calls: readonly ModelCall[]): void;
}

/** `callModel` is asked after `expectAny` for what is not known. */
export function createAnswers(callModel?: (query: string) => Promise<string>): Answers {
  let left: ModelCall[] = [];
  let strict = true;
  const take = (query: string): ModelCall | undefined => {
    const found = strict ? Number(left[0]?.query === query) - 1 : left.findIndex((call) => call.query === query);
    return found < 0 ? undefined : left.splice(found, 1)[0];
  };
  return {
    expect({ calls }) {
      left = [...calls];
    },
    expectAny(calls) {
      left = [...calls];
      strict = false;
    },
    async callModel(query) {
      const known = take(query);
      if (known?.answer !== undefined) return known.answer;
      if (known !== undefined) throw new Error(known.error);
      if (!strict && callModel) return callModel(query);
      throw new Error("the record has no answer to this query");
    },
  };
}
