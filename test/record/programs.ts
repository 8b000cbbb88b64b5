/** Programs that the record's tests live through: harmless, fatal, harmful and odd ones. They run in the sandbox only. */

import { createRandom } from "../../src/random/index.ts";

/** Deterministic programs, deaths included; none depends on a clock. */
export const programs: readonly string[] = [
  "self.n = (self.n ?? 0) + 1;",
  "const f = (x: number): number => x * 2; console.log(f(21));",
  "console.log(Math.random());",
  "self.query = 'what next?'; self.response = 'élan \\u0000 \\ud800';",
  "self['t' + (self.n ?? 0)] = [1, 2, { a: 'b' }];",
  "function grow() { return self.n; }\nself.grow = grow;",
  "delete self.n;",
  "",
  "self.execute_code = () => {};",
  "self.execute_code = undefined;",
  "throw new TypeError('no');",
  "let = ;",
];

/** The programs of one life: four harmless ones and then, mostly, something that ends it. */
export function drawLife(seed: number): string[] {
  const random = createRandom(seed, "record-test");
  const harmless = Array.from({ length: 4 }, () => programs[random.integer(8)]!);
  return [...harmless, random.choice(programs)];
}
