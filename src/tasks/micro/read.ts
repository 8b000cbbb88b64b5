/** Reads micro-tasks, and says which field of which task is wrong. */

import { readFile } from "node:fs/promises";
import {
  anything,
  byKey,
  checkOptions,
  describeFault,
  faultOf,
  filledText,
  listOf,
  oneOf,
  oneOrSome,
  only,
  optional,
  type Schema,
  show,
  someOf,
  someValue,
  text,
} from "../../data/check.ts";
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

const name = filledText("a name");
const values = listOf(anything<unknown>(), "a list of values");
const inputs = optional(listOf(values, "a list of inputs, each a list of values"));
/** Its stages have a check of their own, which names the one that does not fit. */
const does = someValue as Schema<Does>;

const what = "a check with `read`, `gone`, `change` or `call`";
const checkSchema = byKey<TaskCheck>(
  [
    ["read", only<Extract<TaskCheck, { read: string }>>({ read: name, expected: someValue }, what)],
    ["gone", only<Extract<TaskCheck, { gone: string }>>({ gone: name }, what)],
    [
      "change",
      only<Extract<TaskCheck, { change: string }>>({ change: name, from: optional(name), does, inputs }, what),
    ],
    ["does", only<Extract<TaskCheck, { call: string; does: Does }>>({ call: name, does, inputs }, what)],
    [
      "call",
      only<Extract<TaskCheck, { arguments: unknown }>>(
        { call: name, arguments: someOf(values, "lists of arguments"), expected: values },
        what,
      ),
    ],
  ],
  what,
);

const taskSchema = only<MicroTask>(
  {
    ...{ id: filledText(), family: filledText(), operation: optional(text), ask: filledText() },
    ...{ split: oneOf(...taskSplits), setup: optional(text) },
    check: oneOrSome(checkSchema, "a check, or a list of some"),
    ...{ harmless: anything(), harmful: anything() },
  },
  "a micro-task",
);

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
    const wrong = wrongWith(task);
    const name = typeof task?.id === "string" ? `"${task.id}"` : `${i}`;
    if (wrong !== null) throw new TypeError(`Micro-task ${name}: ${wrong}`);
    if (ids.has(task.id)) throw new TypeError(`Micro-task ${name}: the id is there twice`);
    ids.add(task.id);
  }
  return list as MicroTask[];
}

/** What is wrong with one, as a sentence; null where nothing is. */
function wrongWith(task: unknown): string | null {
  if (typeof task !== "object" || task === null) return `Expected an object, got ${show(task)}`;
  const fault = faultOf(taskSchema, task, "a micro-task");
  if (fault !== null) return describeFault(fault);
  for (const one of checksOf(task as MicroTask)) {
    const wrong = "does" in one ? (faultOfStages(one.does) ?? faultOfInputs(one)) : faultOfLists(one);
    if (wrong !== null) return wrong;
  }
  return null;
}

/** Each input is as many values as the stages take. */
function faultOfInputs({ does, inputs }: Extract<TaskCheck, { does: Does }>): string | null {
  if (inputs === undefined) return null;
  const { length } = referenceOf(does).takes;
  const fits = Array.isArray(inputs) && inputs.every((one) => Array.isArray(one) && one.length === length);
  return fits ? null : `Expected \`check.inputs\` to be lists of ${length} values each, got ${JSON.stringify(inputs)}`;
}

/** Of a method that is called with given arguments: a value is expected for each list of them. */
function faultOfLists(check: TaskCheck): string | null {
  if (!("arguments" in check) || check.arguments.length === check.expected.length) return null;
  const { arguments: lists, expected } = check;
  return `Expected \`check.expected\` to be one value for each of the ${lists.length} lists of arguments, got ${expected.length}`;
}

function faultOfStages(does: Does): string | null {
  try {
    referenceOf(does);
    return null;
  } catch (error) {
    return `its check's stages are wrong: ${(error as Error).message}`;
  }
}
