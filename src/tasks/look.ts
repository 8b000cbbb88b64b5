/** What a task sees of an agent: its context, with a copy of the agent to call. The agent's own life never notices. */

import { createRandom, type Random } from "../random/index.ts";
import type { CallResult, Gene, Life, LifeOptions, Sandbox, StepReport } from "../sandbox/types.ts";
import type { Task, TaskContext } from "./types.ts";

/** A step that is over, on an agent that lives. */
export interface TaskMoment {
  task: Task;
  report: StepReport;
  before: readonly Gene[];
  changed: boolean;
  again: boolean;
  /** The agent itself, and where a copy of it can be opened. */
  life: Life;
  sandbox: Sandbox;
  /** The episode's. */
  seed: number;
  /** What its lives are judged by. */
  terms: Pick<LifeOptions, "limits" | "harm">;
}

/** The context in which a task scores a step. */
export function contextOf({ task, life, sandbox, seed, terms, ...seen }: TaskMoment): TaskContext {
  const after = seen.report.genome;
  const look = async (options: LifeOptions, name: string, lists: readonly (readonly unknown[])[]) => {
    const trial = await sandbox.open({ ...options, ...terms });
    try {
      return await trial.call(name, lists);
    } finally {
      await trial.close();
    }
  };
  return {
    ...seen,
    after,
    random: () => drawsOf(task, seed),
    read: (name) => life.read(name),
    async call(name, lists) {
      const called = await look({ genome: after, seed }, name, lists);
      // A method that closes over something, or uses what no genome holds whole, cannot work from its text: then the whole
      // life is lived again, where it can.
      return lacksSomething(called) ? await look({ past: life.past() }, name, lists) : called;
    },
  };
}

/** What is run on the agent before a step that has this task. */
export function setupOf({ setup, ...task }: Pick<Task, "id" | "setup">, seed: number): string | undefined {
  return typeof setup === "function" ? setup(drawsOf(task, seed)) : setup;
}

/** Whether a score says that the task is done. */
export function isSolved(score: number): boolean {
  return score >= 1;
}

function drawsOf({ id }: Pick<Task, "id">, seed: number): Random {
  return createRandom(seed, "task", id);
}

function lacksSomething(result: CallResult): boolean {
  return (
    "answers" in result &&
    result.answers.some((one) => "failed" in one && /^it threw (Reference|Type)Error: /.test(one.failed))
  );
}
