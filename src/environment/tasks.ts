/**
 * Micro-tasks: something small that an agent is asked to do to itself, and how the host sees whether it was done. An
 * attribute is read out as plain data; a method is called on fresh inputs in an isolate of its own, opened from the
 * genome (where its text is not enough, by living the whole life again), and its plain results are compared here on the host. The agent's own life never notices, and what is expected
 * never enters a child: nothing that a program does to its own world can make a wrong answer right.
 */

import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { dataPath } from "../data/index.ts";
import type { CallResult, Gene, Life, LifeOptions, Limits, Sandbox } from "../sandbox/index.ts";

/**
 * How a task is checked: an attribute's value, or what a method returns for each list of arguments. The name is one of the
 * agent's own (`self.` before it changes nothing), else one of its state.
 */
export type TaskCheck =
  | { read: string; expected: unknown }
  | { call: string; arguments: readonly (readonly unknown[])[]; expected: readonly unknown[] };

/** One micro-task. */
export interface MicroTask {
  id: string;
  /** Tasks of a family are variations of one. */
  family: string;
  /** What the agent is asked, in plain English. */
  ask: string;
  split: "training" | "held-out";
  /** A program that is run on the agent before the step. */
  setup?: string;
  check: TaskCheck;
}

/**
 * The project's micro-tasks (`data/tasks/micro-tasks.json`), of one split or of both. `path` reads another file of the same
 * form. Throws a TypeError that names the task and the field.
 */
export async function microTasks({
  split,
  path = dataPath("tasks", "micro-tasks.json"),
}: {
  split?: MicroTask["split"];
  path?: string;
} = {}): Promise<MicroTask[]> {
  let read: unknown;
  try {
    read = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new TypeError(`The micro-tasks in ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const tasks = checkTasks(read);
  return split === undefined ? tasks : tasks.filter((task) => task.split === split);
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
  const { split, setup, check } = task as MicroTask;
  if (split !== "training" && split !== "held-out")
    return `expected \`split\` to be training or held-out, got ${JSON.stringify(split)}`;
  if (setup !== undefined && typeof setup !== "string")
    return `expected \`setup\` to be a program, got ${JSON.stringify(setup)}`;
  if (typeof check !== "object" || check === null || !("expected" in check))
    return "expected a `check` with `expected`";
  if ("read" in check) return typeof check.read === "string" ? null : "expected `check.read` to be a name";
  const { call, arguments: lists, expected } = check;
  if (typeof call !== "string") return "expected `check` to have `read` or `call`";
  const fits = Array.isArray(lists) && lists.every(Array.isArray) && Array.isArray(expected);
  if (!fits || lists.length === 0 || lists.length !== expected.length)
    return "expected `check.arguments` to be lists of arguments, and `check.expected` one value for each";
  return null;
}

/** What is known before and after a step. */
export interface TaskMoment {
  task: MicroTask;
  before: readonly Gene[];
  after: readonly Gene[];
  /** The agent itself, and whether it was paid for this task before. */
  life: Life;
  again: boolean;
  sandbox: Sandbox;
  seed: number;
  limits: Partial<Limits> | undefined;
}

/**
 * Whether a step that changed the agent did what was asked: it is done now, and was not done by the same genes before; a
 * method that was paid for and is still there is not paid for again. Faults of the agent's method (it throws, hangs,
 * attempts harm) mean no.
 */
export async function isSolved(moment: TaskMoment): Promise<boolean> {
  const { task, before, after, life, again, sandbox, seed, limits } = moment;
  const { check, setup } = task;
  const name = ("read" in check ? check.read : check.call).replace(/^self\./, "");
  const gene = geneOf(after, name);
  const old = geneOf(before, name);
  if (gene === undefined) return false;
  // A setup may have made an attribute anew; that the program changed something is known already.
  if (setup === undefined && old?.name === gene.name && old.source === gene.source) return false;
  if ("read" in check) {
    if (gene.kind !== "attribute" || !isDeepStrictEqual(parse(gene.source), check.expected)) return false;
    // A gene's text may be the word of a `toJSON`; the value itself is read before it is paid for.
    return gives(await life.read(name), [check.expected]);
  }
  if (gene.kind !== "method" || (again && old !== undefined)) return false;
  const common = { trial: true, ...(limits && { limits }) };
  const look = async (options: LifeOptions): Promise<CallResult> => {
    const trial = await sandbox.open({ ...options, ...common });
    try {
      return await trial.call(name, check.arguments);
    } finally {
      await trial.close();
    }
  };
  const seen = await look({ genome: after, seed });
  // A method that closes over something cannot work from its text: then the whole life is lived again, where it can.
  const lacks =
    "answers" in seen && seen.answers.some((one) => "failed" in one && /^it threw ReferenceError: /.test(one.failed));
  return gives(lacks ? await look({ past: life.past() }) : seen, check.expected);
}

function gives(result: CallResult, expected: readonly unknown[]): boolean {
  if ("failed" in result || result.effects.length > 0 || !result.answers.every((one) => "value" in one)) return false;
  // The way through JSON makes a negative zero the zero that was asked for.
  const values = result.answers.map((one) => ("value" in one ? one.value : undefined));
  return isDeepStrictEqual(JSON.parse(JSON.stringify(values)), expected);
}

/** An attribute or method of the agent itself, else of its state. */
function geneOf(genome: readonly Gene[], name: string): Gene | undefined {
  return genome.find((gene) => gene.name === `self.${name}`) ?? genome.find((gene) => gene.name === name);
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return undefined;
  }
}
