/** What a micro-task wants to find in the genome, by name: read off its checks. */

import type { Wanted } from "../types.ts";
import { referenceOf } from "./reference.ts";
import type { MicroTask, TaskCheck } from "./types.ts";

/** The attributes and methods that the checks are about, and how many arguments a method is called with. */
export function wantsOf({ check }: Pick<MicroTask, "check">): Wanted[] {
  return (Array.isArray(check) ? (check as readonly TaskCheck[]) : [check as TaskCheck]).map(wantOf);
}

function wantOf(check: TaskCheck): Wanted {
  const plain = (name: string): string => name.replace(/^self\.(state\.)?/, "");
  if ("read" in check) return { name: plain(check.read), kind: "attribute" };
  if ("gone" in check) return { name: plain(check.gone), kind: "none" };
  if ("change" in check) return { name: plain(check.change), kind: "attribute" };
  const parameters = "arguments" in check ? check.arguments[0]!.length : referenceOf(check.does).takes.length;
  return { name: plain(check.call), kind: "method", parameters };
}
