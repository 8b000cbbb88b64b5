/**
 * The JavaScript body's content hash: of its newborn, of the code in its child, of the probes that it draws, and of the
 * versions of what reads and runs programs. The same in a clone and in an installed package, on every machine: code counts
 * as its syntax tree, without places, comments and types, and what draws probes counts by what it draws.
 */

import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { createRandom } from "../../../random/index.ts";
import { treeOf } from "../../host/scripts.ts";
import type { Rules } from "../../types.ts";
import { newbornGenome } from "./newborn.ts";
import { childSources } from "./plan.ts";
import { createProbes } from "./probe/index.ts";
import { readHere } from "./program.ts";

const require = createRequire(import.meta.url);

let made: string | undefined;

/** The hash, 16 hexadecimal digits; worked out once. */
export function bodyHash(): string {
  made ??= createHash("sha256").update(JSON.stringify(describeBody())).digest("hex").slice(0, 16);
  return made;
}

function describeBody(): object {
  const versions = ["isolated-vm", "acorn"].map((name) => [
    name,
    (require(`${name}/package.json`) as { version: string }).version,
  ]);
  const code = Object.entries(childSources()).map(([name, text]) => [name, treeOf(text)]);
  return { newborn: newbornGenome, versions, code, probes: [drawSome(1), drawSome(2)] };
}

/** Programs of which probes are copied, so that the rules of copying count too. */
const lived = [
  "self.state.count = (self.state.count ?? 0) + 12;",
  'self.greet = function (name) { return "hello " + name; }; self.said = "hello world";',
  "let total = 0; for (let i = 0; i < 8; i++) total += i; self.sum = total;",
  "self.state.list = [31, 42, 53].map((n) => n * 2);",
];

function drawSome(rules: Rules): string[] {
  return Array.from({ length: 20 }, (_, seed) => {
    const probes = createProbes(createRandom(seed, "body"), { born: [], longest: 4096 });
    return lived.flatMap((program, step) => {
      const past = { program, answers: [], setup: null, budget: null, rules };
      return probes.of(step, past, readHere(program)!).map(({ program: drawn }) => drawn);
    });
  }).flat();
}
