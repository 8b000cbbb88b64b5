/** The checks of a micro-task, and what each is about. */

import type { MicroTask, TaskCheck } from "./types.ts";

/** The checks of a task, one or several. */
export function checksOf({ check }: Pick<MicroTask, "check">): readonly TaskCheck[] {
  return Array.isArray(check) ? (check as readonly TaskCheck[]) : [check as TaskCheck];
}

/** What a check is about: the name as the task has it. */
export function nameOf(check: TaskCheck): string {
  return "read" in check ? check.read : "gone" in check ? check.gone : "change" in check ? check.change : check.call;
}

/** The same without where it stands. */
export function plainName(name: string): string {
  return name.replace(/^self\.(state\.)?/, "");
}
