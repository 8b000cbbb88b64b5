/** Tasks: what an agent is asked to do in a step, and how the host sees whether it was done. */

export { isSolved } from "./look.ts";
export { checkTasks, type MicroTask, microTask, microTasks, type TaskCheck } from "./micro/index.ts";
export { type Task, type TaskContext, type TaskSplit, taskSplits, type Wanted } from "./types.ts";
