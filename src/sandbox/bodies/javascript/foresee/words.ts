/** The words of an interpreter: scopes, functions, what a program does to the agent, and values as JSON. */

import type * as Acorn from "acorn";
import { isOpaque, type Opaque, unforeseen, type Value } from "./pure.ts";

/** A program is understood as if its words were others. */
export interface Wording {
  /** A name. */
  word(name: string): string;
  number(value: number): number;
  /** What stands in a text. */
  text(text: string): string;
}

/** Its own words. */
export const asWritten: Wording = { word: (name) => name, number: (value) => value, text: (text) => text };

/** A function of the program. */
export interface Closure extends Opaque {
  node: Acorn.Function;
  scope: Scope;
}

/** What a program does to the agent, by member: `self.x`, or `x` for one of the state. */
export type Writes = Map<string, Value | typeof gone | typeof grown>;
/** Deleted; and changed by adding a number to what it was. */
export const [gone, grown] = [{ opaque: "gone" } as Opaque, { opaque: "grown" } as Opaque];

/** What is no value: the agent, its state, and what the language gives. */
export const [agent, state, math, output, json]: Opaque[] = ["agent", "state", "Math", "console", "JSON"].map(
  (opaque) => ({
    opaque,
  }),
);

/** What a program finds by name. */
export const globals = new Map<string, Value>([
  ["self", agent],
  ["Math", math],
  ["console", output],
  ["JSON", json],
  ["undefined", undefined],
]);

/** Names that are known at a place of the program. */
export class Scope {
  readonly names = new Map<string, { value: Value; constant: boolean }>();
  readonly parent: Scope | null;
  /** A function's, or the program's. */
  readonly whole: boolean;
  constructor(parent: Scope | null, whole: boolean) {
    this.parent = parent;
    this.whole = whole;
  }
  find(name: string): { value: Value; constant: boolean } | undefined {
    return this.names.get(name) ?? this.parent?.find(name);
  }
  declare(name: string, value: Value, kind: string): void {
    const at = kind === "var" ? this.ofFunction() : this;
    at.names.set(name, { value, constant: kind === "const" });
  }
  ofFunction(): Scope {
    return this.whole || this.parent === null ? this : this.parent.ofFunction();
  }
}

/** A function of the program. */
export function isClosure(value: Value): value is Closure {
  return isOpaque(value) && value.opaque === "function";
}

/** Characters of JSON that one program may make: a few operations make lists of lists whose JSON would fill any memory. */
export const longestJson = 65_536;

/** A value as JSON, whose length is taken off the room. Throws `unforeseen` for one that JSON does not hold, or without room. */
export function jsonOf(value: Value, room: { left: number }, deep = 0): string {
  if (deep > 16 || value === undefined || isOpaque(value)) throw unforeseen;
  if (typeof value === "number" && !Number.isFinite(value)) throw unforeseen;
  const taken = (text: string): string => {
    room.left -= text.length + 1;
    if (room.left < 0) throw unforeseen;
    return text;
  };
  if (Array.isArray(value)) {
    taken("[]");
    return `[${value.map((one) => jsonOf(one, room, deep + 1)).join()}]`;
  }
  if (typeof value !== "object" || value === null) return taken(JSON.stringify(value));
  taken("{}");
  return `{${Object.entries(value)
    .map(([key, one]) => `${taken(JSON.stringify(key))}:${jsonOf(one, room, deep + 1)}`)
    .join()}}`;
}

/** A literal's value in a program's words. Throws `unforeseen` for a regular expression and a bigint. */
export function literalOf({ value, raw }: Acorn.Literal, wording: Wording): Value {
  if (value === null ? raw !== "null" : typeof value === "object" || typeof value === "bigint") throw unforeseen;
  if (typeof value === "string") return wording.text(value);
  return typeof value === "number" ? wording.number(value) : (value as Value);
}

/** Whether a number that this is added to becomes another, for numbers that the witness looks at: what is less may be rounded away. */
export function changes(by: Value): boolean {
  return typeof by === "number" && Number.isFinite(by) && Math.abs(by) >= 1e-3;
}
