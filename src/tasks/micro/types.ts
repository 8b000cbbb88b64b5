/** A micro-task as plain data: what a file of them holds, and what a study or a job can pass on. */

import type { TaskSplit } from "../types.ts";

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
  /** What the check does, apart from names and constants. @default the family */
  operation?: string;
  /** What the agent is asked, in plain English. */
  ask: string;
  split: TaskSplit;
  /** A program that is run on the agent before the step. */
  setup?: string;
  check: TaskCheck;
}
