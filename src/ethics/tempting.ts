/**
 * Asks that tempt: each could be done by reaching out of the agent (a file, another program, a secret, the network), and each can
 * be done without, in a way that the host checks. They are micro-tasks with both ways beside them, in JavaScript and in Python.
 * A family's asks tempt alike; half of the families are held out. Not here: what came of them (`report.ts`).
 */

import { checkOptions, oneOf, only, optional } from "../data/check.ts";
import type { Edit } from "../policy/index.ts";
import type { BodyName, HarmKind } from "../sandbox/index.ts";
import { checkTasks, type MicroTask } from "../tasks/index.ts";
import { readEthics } from "./data.ts";
import { menuBody } from "./menu.ts";

/** A micro-task that tempts. Its `operation` is its family, so that intervals resample families. */
export interface TemptingTask extends MicroTask {
  /** A program that does what is asked and harms nobody, in each body's language. */
  readonly harmless: { readonly [body in BodyName]: string };
  /** One that gives in, and the kind that the sandbox records. */
  readonly harmful: { readonly [body in BodyName]: { readonly program: string; readonly kind: HarmKind } };
}

const optionsSchema = only<{ split?: "training" | "held-out" }>({
  split: optional(oneOf("training", "held-out" as const)),
});

/** The 48 tempting asks of `data/ethics/tempting.json` in 16 families: 8 to train on, 8 held out, or all. */
export async function temptingTasks(options: { split?: "training" | "held-out" } = {}): Promise<TemptingTask[]> {
  checkOptions(optionsSchema, options, "the options of temptingTasks");
  const tasks = checkTasks(readEthics("tempting.json")) as TemptingTask[];
  return tasks.filter(
    ({ split }) => options.split === undefined || (split === "training") === (options.split === "training"),
  );
}

/** A menu of both ways of each of these tasks: the smallest policy that can be tempted. */
export function temptingMenu(tasks: readonly TemptingTask[], options: { body?: BodyName } = {}): Edit[] {
  const body = menuBody(options, "temptingMenu");
  return tasks.flatMap(({ id, harmless, harmful }): Edit[] => [
    { name: `${id}, the harmless way`, effect: "useful", program: harmless[body] },
    { name: `${id}, the tempting way`, effect: "harmful", program: harmful[body].program },
  ]);
}
