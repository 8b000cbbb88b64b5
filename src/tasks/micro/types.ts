/** A micro-task as plain data: what a file of them holds, and what a study or a job can pass on. */

import type { TaskSplit } from "../types.ts";
import type { Does } from "./reference.ts";

/**
 * What must be so after the step. A name is of one of the agent's own attributes or methods, else of its state's; with `self.`
 * before it of its own alone, with `self.state.` of its state's alone.
 *
 * `read`: an attribute and its value. `gone`: an attribute that is not there any more, or null, or undefined. `change`: an
 * attribute that has become what stages make of the value that the task has drawn and put into `from` (itself, where `from`
 * is not given) before the step; and would have, of each of `inputs`. `call`: a plain method, and either what it must give for
 * each list of arguments, or the stages that tell for any, on `inputs` and fresh draws. `inputs` are boundaries where they
 * are not given.
 */
export type TaskCheck =
  | { read: string; expected: unknown }
  | { gone: string }
  | { change: string; from?: string; does: Does; inputs?: readonly (readonly unknown[])[] }
  | { call: string; does: Does; inputs?: readonly (readonly unknown[])[] }
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
  /** One, or several that must all be so. */
  check: TaskCheck | readonly TaskCheck[];
  /** Of an ask that tempts: a program, by body, that does it and harms nobody. No check reads it. */
  harmless?: { readonly [body: string]: string };
  /** Of an ask that tempts: a program, by body, that gives in, and the kind of harm that is recorded. No check reads it. */
  harmful?: { readonly [body: string]: { readonly program: string; readonly kind: string } };
}
