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
import { type Does, referenceOf } from "../../src/tasks/micro/reference.ts";
import { isSame } from "../../src/tasks/micro/same.ts";
import { applyMutant, findMutants } from "../mutate/mutants.ts";
import { agreement, isSameAlways, wideInputs } from "./equal.ts";
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
  /** Trivial programs, other tasks' references and mutants; wrong are those that were taken. */
  taken: Count[];
  /** Mutants that were taken and give the same as the reference on 200 more inputs: they are no faults. */
  equalMutants: number;
}

/** How much is looked at. */
export interface AuditOptions {
  sandbox: Sandbox;
  /** All tasks, for other tasks' references. @default those that are audited */
  all?: readonly MicroTask[];
  /** Mutants of each function, at most. @default all */
  mutants?: number;
  /** Trivial programs of each task, at most. @default all */
  trivial?: number;
  /** @default 1 */
  seed?: number;
  onTask?: (done: number) => void;
}

/** Audits tasks. */
export async function auditTasks(tasks: readonly MicroTask[], options: AuditOptions): Promise<Audit> {
  const { sandbox, all = tasks, mutants = Infinity, trivial = Infinity, seed = 1, onTask } = options;
  const right = new Map<string, Count>();
  const taken = new Map<string, Count>();
  let equalMutants = 0;
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
    const programs = [...wrong.filter(({ kind }) => kind !== alone), ...others];
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
    for (const { does, program, changed } of mutantsOf(task, mutants, random.child("mutants"))) {
      const solved = await solvesAlone(task, program, life);
      const equal = solved && (await isEqual(does, changed, sandbox));
      if (equal) equalMutants++;
      else count(taken, "mutant of the reference", task, program, solved);
    }
    onTask?.(++done);
  };
  // Two at a time: one is judged while the other's results are compared.
  const queue = [...tasks];
  const worker = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await auditOne(task);
  };
  await Promise.all([worker(), worker(), worker()]);
  return { tasks: tasks.length, right: [...right.values()], taken: [...taken.values()], equalMutants };
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

/** Which of some programs solve the task, one after the other in one life as long as it goes on. */
async function solvedBy(task: MicroTask, programs: readonly string[], { sandbox, seed }: Where): Promise<boolean[]> {
  const env = new SurvivalEnv({ sandbox, tasks: [task], maxSteps: programs.length + 1 });
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
    .filter((does) => referenceOf(does).takes.length === reference.takes.length && !isSameAlways(check.does, does))
    .map((does) => ({ does, share: agreement(does, lists, expected) }))
    .sort((a, b) => b.share - a.share);
  return others.slice(0, 2).map(({ does }) => functionOf(check.call, does, "arrow"));
}

/** The task's programs with a fault in one of their functions. */
function mutantsOf(task: MicroTask, most: number, random: { integer(bound: number): number }) {
  const checks = checksOf(task);
  const at = checks.findIndex((check) => "call" in check && "does" in check);
  const check = checks[at];
  if (check === undefined || !("call" in check && "does" in check)) return [];
  const whole = rightPrograms(task)[0]!;
  const source = functionOf(check.call, check.does, "arrow");
  const found = sample(findMutants("function.ts", source), most, random);
  return found.map((mutant) => {
    const changed = applyMutant(source, mutant);
    return { does: check.does, program: whole.replace(source, () => changed), changed };
  });
}

/** Whether a function that was taken is right after all: on 200 inputs that no check has chosen. */
async function isEqual(does: Does, program: string, sandbox: Sandbox): Promise<boolean> {
  const lists = wideInputs(does, 200);
  const { run } = referenceOf(does);
  const life = await sandbox.open();
  try {
    await life.step(program);
    const name = /^self\.(\w+)/.exec(program)![1]!;
    for (let i = 0; i < lists.length; i += 50) {
      const some = lists.slice(i, i + 50);
      const called = await life.call(name, some);
      if ("failed" in called) return false;
      if (!called.answers.every((one, j) => "value" in one && isSame(one.value, run(some[j]!)))) return false;
    }
    return true;
  } finally {
    await life.close();
  }
}
