/** What a micro-task wants to find in the genome, by name: read off its checks. */

import type { Wanted } from "../types.ts";
import { checksOf, nameOf, plainName } from "./checks.ts";
import { referenceOf } from "./reference.ts";
import type { MicroTask, TaskCheck } from "./types.ts";

/** The attributes and methods that the checks are about, and how many arguments a method is called with. */
export function wantsOf(task: Pick<MicroTask, "check">): Wanted[] {
  return checksOf(task).map(wantOf);
}

function wantOf(check: TaskCheck): Wanted {
  const name = plainName(nameOf(check));
  if ("read" in check || "change" in check) return { name, kind: "attribute" };
  if ("gone" in check) return { name, kind: "none" };
  const parameters = "arguments" in check ? check.arguments[0]!.length : referenceOf(check.does).takes.length;
  return { name, kind: "method", parameters };
}
