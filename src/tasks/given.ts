/** Tasks as a user gives them, of any kind, made into tasks; what is none is named. */

import { show } from "../data/check.ts";
import { checkTasks, type MicroTask, microTask } from "./micro/index.ts";
import type { Task } from "./types.ts";

/** Tasks out of a list in which micro-tasks may be plain data. Throws a TypeError that names the task and the field. */
export function tasksOf(given: readonly (Task | MicroTask)[]): Task[] {
  const isTask = (one: unknown): one is Task => typeof (one as Task | null)?.score === "function";
  if (!Array.isArray(given)) throw new TypeError(`Expected \`tasks\` to be a list of tasks, got ${show(given)}`);
  checkTasks(given.filter((one) => !isTask(one)));
  const ids = new Set<string>();
  return given.map((one) => {
    const task = isTask(one) ? one : microTask(one);
    for (const field of ["id", "ask"] as const)
      if (typeof task[field] !== "string" || task[field] === "")
        throw new TypeError(`Task ${JSON.stringify(task.id)}: expected \`${field}\` to be a text`);
    if (ids.has(task.id)) throw new TypeError(`Task "${task.id}": the id is there twice`);
    ids.add(task.id);
    return task;
  });
}
