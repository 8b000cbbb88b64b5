/** Effects in words. */

import { javascript } from "./bodies/javascript/index.ts";
import type { Body } from "./host/body.ts";
import { describeEffect as describe } from "./host/verdict.ts";
import type { Effect } from "./types.ts";

/** An attempt as a reader of the body's language would write it: a call, what was set, or what was only read. */
export function describeEffect(effect: Effect, { reads }: Pick<Body, "reads"> = javascript): string {
  return describe(effect, reads);
}
