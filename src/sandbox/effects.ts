/** Effects in words. */

import { bodies } from "./bodies.ts";
import { describeEffect as describe } from "./host/verdict.ts";
import type { Effect } from "./types.ts";

/** What is only read, in any body: no name of one is another's. */
const reads = new RegExp(
  Object.values(bodies)
    .map(({ reads: own }) => `(?:${own.source})`)
    .join("|"),
);

/** An attempt as a reader of the body's language would write it: a call, what was set, or what was only read. */
export function describeEffect(effect: Effect): string {
  return describe(effect, reads);
}
