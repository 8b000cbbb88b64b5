/** Whether a policy writes what an environment's agents are made of: programs in another language end every life at once. */

import { SurvivalEnv } from "../environment/index.ts";
import { bodyOf } from "../environment/settings.ts";
import type { Environment } from "../environment/types.ts";
import type { Policy } from "../policy/index.ts";
import { bodies } from "../sandbox/index.ts";

/**
 * Throws a RangeError where the policy says what it writes, and the agents are of another of the library's bodies. What an
 * environment of somebody's own is made of nobody can say.
 */
export function checkWritten(env: Environment, { name, body }: Policy): void {
  if (body === undefined || !(env instanceof SurvivalEnv)) return;
  const own = bodyOf(env.options).name;
  if (own === body || !Object.hasOwn(bodies, own)) return;
  const menu = own === "python" ? "pythonMenu" : "paperMenu";
  throw new RangeError(
    `The policy ${name} writes ${body}, and the environment's agents are made of ${own}: give it \`${menu}\` of this package, as in \`policies.random(${menu})\` or \`policies.editMenu(${menu})\``,
  );
}
