/** How a life begins, as plain data: what a record needs to begin it again. */

import { type LifeOptions, type Sandbox, verdictVersion } from "../sandbox/index.ts";
import type { Info } from "./types.ts";

/** How a life that is opened so begins, in a sandbox with this body, and with these limits and rules of harm of its own. */
export function startOf(
  { past, callModel, rules = 2, ...options }: LifeOptions,
  { body, ...sandbox }: Pick<Sandbox, "body" | "harm" | "limits">,
): NonNullable<Info["start"]> {
  const { genome, seed = 0, query = "" } = past ?? options;
  const harm = { ...sandbox.harm, ...options.harm };
  const limits = { ...sandbox.limits, ...options.limits };
  return {
    ...{ seed, query, limits, rules, body: { name: body.name, hash: body.hash }, verdicts: verdictVersion },
    asks: callModel !== undefined,
    born: options.genome ?? body.newborn,
    ...(genome && { genome }),
    ...(past && { past: past.steps }),
    ...(Object.values(harm).includes("allow") && { harm }),
  };
}
