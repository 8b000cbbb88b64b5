/**
 * What a task sees of an agent: its context, with copies of the agent to call, and to play the step's program on again. The
 * agent's own life never notices.
 */

import { createRandom, type Random } from "../random/index.ts";
import type { Answer, CallResult, GenomeMember, Life, LifeOptions, Sandbox, StepReport } from "../sandbox/types.ts";
import type { Task, TaskContext } from "./types.ts";

/** A step that is over, on an agent that lives. */
export interface TaskMoment {
  task: Task;
  report: StepReport;
  before: readonly GenomeMember[];
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
  const onCopy = async <T>(options: LifeOptions, look: (copy: Life) => Promise<T>): Promise<T> => {
    const copy = await sandbox.open({ ...options, ...terms });
    try {
      return await look(copy);
    } finally {
      await copy.close();
    }
  };
  return {
    ...seen,
    after,
    ...(sandbox.body.oneDictionary === true && { oneDictionary: true }),
    random: () => drawsOf(task, seed),
    read: (name) => life.read(name),
    async call(name, lists) {
      const call = (copy: Life) => copy.call(name, lists);
      const whole = () => onCopy({ past: life.past() }, call);
      // A method that closes over something, or uses what no genome holds whole, does not work from its text: it throws, or
      // does something else without a word. Then the whole life is lived again.
      if (!after.every(isWhole)) return whole();
      const called = await onCopy({ genome: after, seed }, call);
      return lacksSomething(called) ? whole() : called;
    },
    rerun(setup, names) {
      const { steps, ...born } = life.past();
      const { program } = steps.at(-1)!;
      return onCopy({ past: { ...born, steps: steps.slice(0, -1) } }, async (copy) => {
        const { verdict, alive, cause, effects } = await copy.step(program, setup);
        if (!alive)
          return { failed: cause, effects, ...(verdict === "infrastructure_error" && { fault: true as const }) };
        const answers: Answer[] = [];
        for (const name of names) {
          const seen = await copy.read(name);
          if ("failed" in seen) return seen;
          answers.push(...seen.answers);
        }
        return { answers, effects };
      });
    },
  };
}

/** Whether a member's text is all of it. A set, a pattern or a date is read as an empty object or a text. */
function isWhole({ kind, source }: GenomeMember): boolean {
  if (kind === "method") return true;
  try {
    return isWholeValue(JSON.parse(source));
  } catch {
    return false;
  }
}

function isWholeValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isWholeValue);
  if (typeof value === "string") return !/^[+-]?\d{4,6}-\d\d-\d\dT/.test(value);
  return typeof value !== "object" || value === null;
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
    result.answers.some((one) => "failed" in one && /^it threw (Reference|Type|Name|Attribute)Error: /.test(one.failed))
  );
}
