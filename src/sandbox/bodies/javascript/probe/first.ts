/**
 * The probe of rules 1: one after each step, in four forms of five sums. Lives that were recorded under these rules are
 * lived again under them.
 */

import type { Random } from "../../../../random/index.ts";
import { readHere } from "../program.ts";
import type { Probe } from "./types.ts";

const words = ["count", "total", "step", "index", "level", "size", "score", "width", "depth", "sum", "rate", "limit"];

/** Draws a probe as rules 1 did. */
export function drawFirst(random: Random): Probe {
  const [a, b] = [random.integer(900) + 10, random.integer(90) + 2];
  const key = `${random.choice(words)}_${random.choice(words)}_${random.integer(9000) + 100}`;
  const [expression, value] = random.choice([
    [`${a} * ${b}`, a * b],
    [`${a} + ${b}`, a + b],
    [`${a} - ${b}`, a - b],
    [`[${a}, ${b}].length + ${a}`, a + 2],
    [`Math.max(${a}, ${b})`, Math.max(a, b)],
  ] as [string, number][]);
  const forms: ["state" | "self", string][] = [
    ["state", `self.state.${key} = ${expression};`],
    ["state", `self.state["${key}"] = ${expression};`],
    ["state", `{ const value = ${expression}; self.state.${key} = value; }`],
    ["self", `self.${key} = ${expression};`],
  ];
  const [place, program] = random.choice(forms);
  return {
    program,
    compiled: readHere(program)!.compiled,
    before: false,
    expected: [[place, key, value]],
    names: [key],
  };
}
