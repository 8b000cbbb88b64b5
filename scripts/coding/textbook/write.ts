/** How a textbook problem is written down: a sentence, its types, both bodies, and what it is tried on. */

import type { CodeParameter } from "../../../src/coding/index.ts";
import type { Random } from "../../../src/random/index.ts";
import type { Draft } from "../draft.ts";

/** What is written of one. */
export interface Written {
  level: Draft["level"];
  ask: string;
  /** Lines of the bodies, without their first indent. */
  javascript: string;
  python: string;
  edges: readonly (readonly unknown[])[];
  draw(random: Random): unknown[];
}

/** A problem of a topic; `signature`: `larger(a: number, b: number): number`. */
export function textbook(topic: string, signature: string, written: Written): Draft {
  const [, name, list, returns] = /^(\w+)\((.*)\): (.+)$/.exec(signature)!;
  const { level, ask, javascript, python, edges, draw } = written;
  return {
    ...{ kind: "textbook", level, family: `textbook: ${topic}`, name: name!, ask },
    parameters: list!.split(/, (?=\w+: )/).map((one): CodeParameter => {
      const [parameter, ...type] = one.split(": ");
      return { name: parameter!, type: type.join(": ") };
    }),
    returns: returns!,
    javascript: indented(javascript, "  "),
    python: indented(python, "    "),
    edges,
    draw,
  };
}

function indented(text: string, by: string): string {
  return text
    .trim()
    .split("\n")
    .map((line) => `${line === "" ? "" : by}${line}\n`)
    .join("");
}

/** One value for each. */
export const one = (random: Random, low: number, high: number): number => low + random.integer(high - low + 1);

/** A list of values. */
export const some = <T>(random: Random, low: number, high: number, draw: () => T): T[] =>
  Array.from({ length: one(random, low, high) }, draw);
