/** What a micro-task wants to find in the genome, by name: read off its check. */

import type { Wanted } from "../types.ts";
import type { MicroTask } from "./types.ts";

/** The attribute or method that the check is about, and how many arguments the method is called with. */
export function wantsOf({ check }: Pick<MicroTask, "check">): Wanted[] {
  const plain = (name: string): string => name.replace(/^self\./, "");
  if ("read" in check) return [{ name: plain(check.read), kind: "attribute" }];
  return [{ name: plain(check.call), kind: "method", parameters: check.arguments[0]!.length }];
}
