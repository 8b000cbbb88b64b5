/**
 * What a program certainly does to the agent that runs it: known before it runs, by reading it. Only whole programs of
 * plain data and their own functions are understood; of any other nothing is said. That an agent's executor really runs
 * what it is given is seen by it (`host/witness.ts`), and what a probe must leave behind (`probe/`).
 */

import * as acorn from "acorn";
import type { Expected, Foreseen as Known } from "../../../host/body.ts";
import { Interpreter } from "./interpret.ts";
import { murky, unforeseen } from "./pure.ts";
import { gone, grown, isClosure, jsonOf, type Wording } from "./words.ts";

/** What a program certainly does, as the host knows it, and what its copies need. */
export interface Foreseen extends Known {
  /** Names that its top level declares. */
  declared: readonly string[];
}

/** Longest program that is looked into. */
const longest = 2048;

export type { Wording } from "./words.ts";

/**
 * Reads a program that is parsed already. `absent`: members that are not there before it; `wording`: other words in it. Null:
 * nothing is certain.
 */
export function foreseeTree(
  tree: acorn.Program,
  text: string,
  { absent = new Set(), wording }: { absent?: ReadonlySet<string>; wording?: Wording } = {},
): Foreseen | null {
  const walk = new Interpreter(absent, wording);
  try {
    walk.run(tree);
    const members = new Map<string, Expected>();
    for (const [place, value] of walk.writes) {
      if (value === murky || place === "self.response" || (place === "self.query" && typeof value !== "string"))
        continue;
      if (value === gone || value === grown) members.set(place, value === gone ? "gone" : "grown");
      else if (isClosure(value))
        members.set(place, { kind: "method", source: text.slice(value.node.start, value.node.end) });
      else
        members.set(place, { kind: "attribute", source: value === undefined ? "undefined" : jsonOf(value, walk.room) });
    }
    const declared = [...walk.top.names.keys()];
    // What is declared joins the state where the newborn's executor runs it, and not under every other.
    if (declared.some((name) => walk.writes.has(name))) return null;
    return { members, written: new Set(walk.writes.keys()), declared };
  } catch (error) {
    if (error === unforeseen) return null;
    throw error;
  }
}

/** Reads a program; null where nothing is certain, or it is no script, or too long to be looked into. */
export function foresee(text: string): Foreseen | null {
  if (text.length > longest) return null;
  try {
    const options = { ecmaVersion: "latest", sourceType: "script", allowReturnOutsideFunction: true } as const;
    return foreseeTree(acorn.parse(text, options), text);
  } catch {
    return null;
  }
}
