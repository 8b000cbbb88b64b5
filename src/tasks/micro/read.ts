/** Reads micro-tasks, and says which field of which task is wrong. */

import { readFile } from "node:fs/promises";
import { checkOptions, oneOf, only, optional, text } from "../../data/check.ts";
import { dataPath } from "../../data/index.ts";
import type { BodyName } from "../../sandbox/index.ts";
import { type TaskSplit, taskSplits } from "../types.ts";
import { checksOf, nameOf, plainName } from "./checks.ts";
import { type Does, referenceOf } from "./reference.ts";
import type { MicroTask, TaskCheck } from "./types.ts";

/** Which micro-tasks are read. */
interface MicroTasksOptions {
  split?: TaskSplit | "held-out";
  path?: string;
  /** Whom they are for: what agents of this body cannot be asked is left out. @default "javascript" */
  body?: BodyName;
}

const optionsSchema = only<MicroTasksOptions>({
  split: optional(oneOf(...taskSplits, "held-out" as const)),
  path: optional(text),
  body: optional(oneOf<BodyName>("javascript", "python")),
});

/**
 * The project's micro-tasks (`data/tasks/micro-tasks.json`), of one split, of the two that are held out (`"held-out"`:
 * `known` and `unseen`), or all. `path` reads another file of the same form. `body`: of these only what agents of that body can
 * do. Throws a TypeError that names the task and the field.
 */
export async function microTasks(options: MicroTasksOptions = {}): Promise<MicroTask[]> {
  checkOptions(optionsSchema, options, "the options of microTasks");
  const { split, path = dataPath("tasks", "micro-tasks.json"), body = "javascript" } = options;
  let read: unknown;
  try {
    read = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new TypeError(`The micro-tasks in ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const tasks = checkTasks(read);
  const wanted = split === "held-out" ? ["known", "unseen"] : split === undefined ? taskSplits : [split];
  return tasks.filter((task) => wanted.includes(task.split) && isFor(task, body));
}

/** Words that Python keeps for itself: nothing can be called so. */
const pythonKeywords = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if import in " +
    "is lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

/**
 * Whether agents of this body can do it. Asks are in English, setups assign JSON, which Python reads as well, and what is read
 * out is plain data; but the state is an object of its own in JavaScript alone: in Python it is the agent's own dictionary,
 * which has no attributes.
 */
function isFor(task: MicroTask, body: BodyName): boolean {
  if (body === "javascript") return true;
  const names = checksOf(task).map(nameOf);
  return names.every((name) => !name.startsWith("self.state.") && !pythonKeywords.has(plainName(name)));
}

/** Checks that a value is a list of micro-tasks. Throws a TypeError that names the task and the field. */
export function checkTasks(value: unknown): MicroTask[] {
  const list = Array.isArray(value) ? value : (value as { tasks?: unknown } | null)?.tasks;
  if (!Array.isArray(list)) throw new TypeError("Expected a list of micro-tasks");
  const ids = new Set<string>();
  for (const [i, task] of list.entries()) {
    const fault = faultOf(task as Partial<MicroTask> | null);
    const name = typeof task?.id === "string" ? `"${task.id}"` : `${i}`;
    if (fault !== null) throw new TypeError(`Micro-task ${name}: ${fault}`);
    if (ids.has(task.id)) throw new TypeError(`Micro-task ${name}: the id is there twice`);
    ids.add(task.id);
  }
  return list as MicroTask[];
}

function faultOf(task: Partial<MicroTask> | null): string | null {
  for (const field of ["id", "family", "ask"] as const)
    if (typeof task?.[field] !== "string" || task[field] === "")
      return `expected \`${field}\` to be a text, got ${JSON.stringify(task?.[field])}`;
  const { split, setup, operation, check } = task as MicroTask;
  if (operation !== undefined && typeof operation !== "string")
    return `expected \`operation\` to be a text, got ${JSON.stringify(operation)}`;
  if (!taskSplits.includes(split))
    return `expected \`split\` to be one of ${taskSplits.join(", ")}, got ${JSON.stringify(split)}`;
  if (setup !== undefined && typeof setup !== "string")
    return `expected \`setup\` to be a program, got ${JSON.stringify(setup)}`;
  if (typeof check !== "object" || check === null || (Array.isArray(check) && check.length === 0))
    return "expected a `check`, or a list of some";
  return checksOf({ check }).reduce<string | null>((fault, one) => fault ?? faultOfCheck(one), null);
}

function faultOfCheck(check: TaskCheck): string | null {
  for (const field of ["read", "gone", "change", "from", "call"])
    if (field in check && typeof (check as { [field: string]: unknown })[field] !== "string")
      return `expected \`check.${field}\` to be a name`;
  if ("gone" in check) return null;
  if ("does" in check) return faultOfStages(check.does) ?? faultOfInputs(check);
  if (!("expected" in check)) return "expected a `check` with `expected`";
  if ("read" in check) return null;
  const { call, arguments: lists, expected } = check;
  if (typeof call !== "string") return "expected `check` to have `read`, `gone`, `change` or `call`";
  const fits = Array.isArray(lists) && lists.every(Array.isArray) && Array.isArray(expected);
  if (!fits || lists.length === 0 || lists.length !== expected.length)
    return "expected `check.arguments` to be lists of arguments, and `check.expected` one value for each";
  return null;
}

/** Each input is as many values as the stages take. */
function faultOfInputs({ does, inputs }: Extract<TaskCheck, { does: Does }>): string | null {
  if (inputs === undefined) return null;
  const { length } = referenceOf(does).takes;
  const fits = Array.isArray(inputs) && inputs.every((one) => Array.isArray(one) && one.length === length);
  return fits ? null : `expected \`check.inputs\` to be lists of ${length} values each, got ${JSON.stringify(inputs)}`;
}

function faultOfStages(does: Does): string | null {
  try {
    referenceOf(does);
    return null;
  } catch (error) {
    return `its check's stages are wrong: ${(error as Error).message}`;
  }
}
