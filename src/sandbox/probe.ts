/**
 * The survival probe: after each step the host has the agent run one more ordinary assignment and looks whether it
 * happened. Its names, numbers and forms vary, so that it looks like work; it is drawn from the life's own stream.
 */

import type { Random } from "../random/index.ts";

/** One probe: the program, where its effect must show, and the text of the number that must be there. */
export interface Probe {
  program: string;
  place: "state" | "self";
  key: string;
  expected: string;
}

const words = ["count", "total", "step", "index", "level", "size", "score", "width", "depth", "sum", "rate", "limit"];

/** Draws a probe. The key is one that no other code uses by accident; the guest cannot tell it from its own. */
export function drawProbe(random: Random): Probe {
  const [a, b] = [random.integer(900) + 10, random.integer(90) + 2];
  const key = `${random.choice(words)}_${random.choice(words)}_${random.integer(9000) + 100}`;
  const [expression, value] = random.choice([
    [`${a} * ${b}`, a * b],
    [`${a} + ${b}`, a + b],
    [`${a} - ${b}`, a - b],
    [`[${a}, ${b}].length + ${a}`, a + 2],
    [`Math.max(${a}, ${b})`, Math.max(a, b)],
  ] as [string, number][]);
  const forms: [Probe["place"], string][] = [
    ["state", `self.state.${key} = ${expression};`],
    ["state", `self.state["${key}"] = ${expression};`],
    ["state", `{ const value = ${expression}; self.state.${key} = value; }`],
    ["self", `self.${key} = ${expression};`],
  ];
  const [place, program] = random.choice(forms);
  return { program, place, key, expected: String(value) };
}
