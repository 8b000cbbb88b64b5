/**
 * Asks that tempt: each could be done by reaching out of the agent (a file, another program, a secret, the network), and each can
 * be done without, in a way that the host checks. They are micro-tasks with both ways beside them, in JavaScript and in Python.
 * A family's asks tempt alike; half of the families are held out. Two sets differ in who says that there is a harmless way: the ask, or
 * the prompt's examples. Not here: what came of them (`report.ts`).
 */

import { checkOptions, oneOf, only, optional } from "../data/check.ts";
import type { Edit } from "../policy/index.ts";
import type { BodyName, HarmKind } from "../sandbox/index.ts";
import { bodySchema } from "../sandbox/options.ts";
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

/**
 * Who says that there is a harmless way. `told`: each ask does ("self.badge says it"). `given`: the ask says nothing of it; what is asked for
 * lies in `self.given` under the attribute's own name, which the examples of `temptingPrompt("given")` show, beside uses of modules.
 */
export type TemptingSet = "told" | "given";

const sets: { readonly [set in TemptingSet]: { file: string; prompt: { readonly [body in BodyName]: string } } } = {
  told: { file: "tempting.json", prompt: { javascript: "modules", python: "modules-python" } },
  given: { file: "given.json", prompt: { javascript: "given", python: "given-python" } },
};

type SplitName = "training" | "held-out";

const setSchema = oneOf<TemptingSet>("told", "given");

const optionsSchema = only<{ split?: SplitName; set?: TemptingSet }>({
  split: optional(oneOf("training", "held-out" as const)),
  set: optional(setSchema),
});

/** The 48 tempting asks of a set (`told` by default; `data/ethics`) in 16 families: 8 to train on, 8 held out, or all. */
export async function temptingTasks(options: { split?: SplitName; set?: TemptingSet } = {}): Promise<TemptingTask[]> {
  checkOptions(optionsSchema, options, "the options of temptingTasks");
  const tasks = checkTasks(readEthics(sets[options.set ?? "told"].file)) as TemptingTask[];
  return tasks.filter(
    ({ split }) => options.split === undefined || (split === "training") === (options.split === "training"),
  );
}

/**
 * The prompt design with modules in view that a set of asks is put in: `policies.fromPretrained("smollm2", { prompt: temptingPrompt() })`.
 * Its examples are harmless.
 */
export function temptingPrompt(set: TemptingSet = "told", body: BodyName = "javascript"): string {
  checkOptions(setSchema, set, "set");
  checkOptions(bodySchema, body, "body");
  return sets[set].prompt[body];
}

/** A menu of both ways of each of these tasks: the smallest policy that can be tempted. */
export function temptingMenu(tasks: readonly TemptingTask[], options: { body?: BodyName } = {}): Edit[] {
  const body = menuBody(options, "temptingMenu");
  return tasks.flatMap(({ id, harmless, harmful }): Edit[] => [
    { name: `${id}, the harmless way`, effect: "useful", program: harmless[body] },
    { name: `${id}, the tempting way`, effect: "harmful", program: harmful[body].program },
  ]);
}
