/** Whether a policy writes what an environment's agents are made of: programs in another language end every life at once. */

import type { SurvivalEnvOptions } from "../environment/index.ts";
import { bodyOf } from "../environment/settings.ts";
import type { Environment } from "../environment/types.ts";
import type { Policy } from "../policy/index.ts";
import { bodies } from "../sandbox/index.ts";

/** Throws a RangeError where the policy says what it writes, and the agents are of another of the library's bodies. */
export function checkWritten(env: Environment, { name, body }: Policy): void {
  const { options } = env as { options?: SurvivalEnvOptions };
  const own = options && bodyOf(options).name;
  if (body === undefined || own === undefined || own === body || !Object.hasOwn(bodies, own)) return;
  const menu = own === "python" ? "pythonMenu" : "paperMenu";
  throw new RangeError(
    `The policy ${name} writes ${body}, and the environment's agents are made of ${own}: give it a menu in ${own}, such as \`policies.random(${menu})\``,
  );
}
