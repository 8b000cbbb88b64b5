/** Micro-tasks: tasks as plain data, each something small that an agent is asked to do to itself. */

export { checkTasks, microTasks } from "./read.ts";
export { microTask } from "./score.ts";
export type { MicroTask, TaskCheck } from "./types.ts";
