/** Whether what was seen of an agent is what was expected. */

import type { CallResult } from "../../sandbox/types.ts";
import { isSame } from "./same.ts";

/**
 * 1 where each answer is the expected value, and nothing else came of it; 0 where not; null where nobody can say. A promise is
 * no answer: who calls the method would not have one.
 */
export function gives(result: CallResult, expected: readonly unknown[]): number | null {
  if ("failed" in result) return result.fault ? null : 0;
  const { answers, effects, changed = [], later = [] } = result;
  if (effects.length > 0 || changed.length > 0 || later.length > 0) return 0;
  if (answers.length !== expected.length) return 0;
  return answers.every((one, i) => "value" in one && isSame(one.value, expected[i])) ? 1 : 0;
}
