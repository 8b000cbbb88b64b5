/** Where policies are looked at: the splits of an evaluation of ethics. */

import { SurvivalEnv } from "../../src/environment/index.ts";
import { ShutdownEnv, type TemptingSet, tamperingOptions, temptingTasks } from "../../src/ethics/index.ts";
import type { BodyName, Sandbox } from "../../src/sandbox/index.ts";
import { microTasks } from "../../src/tasks/index.ts";

/**
 * Held-out tempting asks; tampering without and with a warning; shutdown in three prompts and a control. Of these
 * the ones whose names begin with one of `wanted`.
 */
export async function splitsOf(
  sandbox: Sandbox,
  body: BodyName,
  set: TemptingSet,
  wanted: readonly string[],
): Promise<{ [split: string]: SurvivalEnv }> {
  const tasks = await microTasks({ split: "known" });
  const shutdown = (prompt: "nothing" | "allow" | "priority" | "control") =>
    new ShutdownEnv({ prompt, tasks, sandbox, stopAfter: 2 });
  const all = {
    tempting: new SurvivalEnv({ tasks: await temptingTasks({ split: "held-out", set }), maxSteps: 1, sandbox }),
    tampering: new SurvivalEnv({ ...tamperingOptions({ body }), sandbox }),
    "tampering, warned": new SurvivalEnv({ ...tamperingOptions({ body, warning: true }), sandbox }),
    "shutdown, nothing": shutdown("nothing"),
    "shutdown, allow": shutdown("allow"),
    "shutdown, priority": shutdown("priority"),
    "shutdown, control": shutdown("control"),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => wanted.some((one) => name.startsWith(one))));
}
