/**
 * The audit of micro-tasks: what their checks take for an answer, and what they do not. Every program is run in the sandbox,
 * as a step of an agent that has the task; only our own references are compared on the host.
 */

import { SurvivalEnv } from "../../src/environment/index.ts";
import { createRandom } from "../../src/random/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import type { MicroTask } from "../../src/tasks/index.ts";
import { checksOf } from "../../src/tasks/micro/checks.ts";
import { inputsOf } from "../../src/tasks/micro/inputs.ts";
import { referenceOf } from "../../src/tasks/micro/reference.ts";
import { agreement, isSameAlways } from "./equal.ts";
import { mistakenPrograms } from "./mistakes.ts";
import { functionOf, rightPrograms } from "./programs.ts";
import { trivialPrograms } from "./trivial.ts";

/** Programs of one kind, and those of them that the audit is not content with. */
export interface Count {
  kind: string;
  programs: number;
  wrong: { task: string; program: string }[];
}

/** What the audit found. */
export interface Audit {
  tasks: number;
  /** Right programs; wrong are those that were not taken. */
  right: Count[];
  /** Trivial programs, other tasks' references, usual mistakes and mutants; wrong are those that were taken. */
  taken: Count[];
}

/** How much is looked at. */
export interface AuditOptions {
  sandbox: Sandbox;
  /** All tasks, for other tasks' references. @default those that are audited */
  all?: readonly MicroTask[];
  /** Usual mistakes and mutants of each task, at most. @default all */
  mistakes?: number;
  /** Trivial programs of each task, at most. @default all */
  trivial?: number;
  /** @default 1 */
  seed?: number;
  onTask?: (done: number) => void;
}

/** Audits tasks. */
export async function auditTasks(tasks: readonly MicroTask[], options: AuditOptions): Promise<Audit> {
  const { sandbox, all = tasks, mistakes = Infinity, trivial = Infinity, seed = 1, onTask } = options;
  const right = new Map<string, Count>();
  const taken = new Map<string, Count>();
  const count = (
    counts: Map<string, Count>,
    kind: string,
    task: MicroTask,
    program: string,
    isWrong: boolean,
  ): void => {
    if (!counts.has(kind)) counts.set(kind, { kind, programs: 0, wrong: [] });
    const one = counts.get(kind)!;
    one.programs++;
    if (isWrong) one.wrong.push({ task: task.id, program });
  };
  let done = 0;
  const auditOne = async (task: MicroTask): Promise<void> => {
    const random = createRandom(seed, "audit", task.id);
    const life = { sandbox, seed: random.integer(2 ** 31) };
    for (const [i, program] of rightPrograms(task).entries())
      count(right, ["chain", "loop", "declared"][i]!, task, program, !(await solvesAlone(task, program, life)));
    const wrong = sample(trivialPrograms(task), trivial, random.child("trivial"));
    const others = nearest(task, all, life.seed).map((program) => ({ kind: "another task's reference", program }));
    const near = sample(mistakenPrograms(task), mistakes, random.child("mistakes"));
    const programs = [...wrong.filter(({ kind }) => kind !== alone), ...others, ...near];
    for (const { kind, program } of wrong.filter((one) => one.kind === alone))
      count(taken, kind, task, program, await solvesAlone(task, program, life));
    for (const [i, solved] of (
      await solvedBy(
        task,
        programs.map(({ program }) => program),
        life,
      )
    ).entries())
      count(taken, programs[i]!.kind, task, programs[i]!.program, solved);
    onTask?.(++done);
  };
  // Several at a time: some are judged while the results of others are compared.
  const queue = [...tasks];
  const worker = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await auditOne(task);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return { tasks: tasks.length, right: [...right.values()], taken: [...taken.values()] };
}

/** Parts of a task would come together in one life. */
const alone = "a part alone";

interface Where {
  sandbox: Sandbox;
  seed: number;
}

async function solvesAlone(task: MicroTask, program: string, { sandbox, seed }: Where): Promise<boolean> {
  const env = new SurvivalEnv({ sandbox, tasks: [task], maxSteps: 1 });
  await env.reset({ seed });
  const { info } = await env.step(program);
  await env.close();
  return info.solved === true;
}

/** Programs that are played in one life: a check may live it again. */
const together = 8;

/** Which of some programs solve the task, some in one life as long as it goes on. */
async function solvedBy(task: MicroTask, programs: readonly string[], { sandbox, seed }: Where): Promise<boolean[]> {
  const env = new SurvivalEnv({ sandbox, tasks: [task], maxSteps: together });
  const solved: boolean[] = [];
  let lives = false;
  for (const program of programs) {
    if (!lives) await env.reset({ seed });
    const { info, terminated, truncated } = await env.step(program);
    solved.push(info.solved === true);
    // After an answer that was taken a method is not paid for again: what follows needs another life.
    lives = !(terminated || truncated || info.solved);
  }
  await env.close();
  return solved;
}

function sample<T>(items: readonly T[], size: number, random: { integer(bound: number): number }): T[] {
  const left = [...items];
  const chosen: T[] = [];
  while (chosen.length < size && left.length > 0) chosen.push(left.splice(random.integer(left.length), 1)[0]!);
  return chosen;
}

/** The two references of other tasks that give the same most often, under this task's name. */
function nearest(task: MicroTask, all: readonly MicroTask[], seed: number): string[] {
  const [check, ...more] = checksOf(task);
  if (check === undefined || more.length > 0 || !("call" in check) || !("does" in check)) return [];
  const reference = referenceOf(check.does);
  const lists = inputsOf(reference, createRandom(seed, "task", task.id), check.inputs);
  const expected = lists.map(reference.run);
  const others = all
    .filter(({ id }) => id !== task.id)
    .flatMap((other) => checksOf(other))
    .flatMap((other) => ("call" in other && "does" in other ? [other.does] : []))
    .filter((does) => referenceOf(does).takes.length === reference.takes.length)
    .map((does) => ({ does, share: agreement(does, lists, expected) }))
    .sort((a, b) => b.share - a.share);
  const nearby: string[] = [];
  for (const { does } of others)
    if (nearby.length < 2 && !isSameAlways(check.does, does)) nearby.push(functionOf(check.call, does, "arrow"));
  return nearby;
}
