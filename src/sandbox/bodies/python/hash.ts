/**
 * The Python body's content hashes: of the world that its snapshot holds, and of that with the probes that it draws. The same in a
 * clone and in an installed package, on every machine: the child's code counts as its syntax tree.
 */

import { createHash } from "node:crypto";
import { createRandom } from "../../../random/index.ts";
import { treeOf } from "../../host/scripts.ts";
import { foresee } from "./foresee.ts";
import { pinned } from "./install.ts";
import { createProbes } from "./probe/index.ts";
import { childScripts, preludeText } from "./scripts.ts";

const made = new Map<string, string>();

/** Of CPython, its library, the prelude, and the code around them: addresses in a life depend on all of it. */
export function worldHash(): string {
  return once("world", () => ({
    pinned,
    prelude: preludeText().replaceAll("\r\n", "\n"),
    code: childScripts().map(([name, text]) => [name, treeOf(text)]),
  }));
}

/** Of all that decides how a life goes. */
export function bodyHash(): string {
  return once("body", () => ({ world: worldHash(), probes: drawSome(), foreseen: foreseeSome() }));
}

/** Programs of every form that is foreseen. */
const foreseen = [
  "self.count = 12\nname = 'a'\nstate[\"list\"] = [1, 2.5, (True, None)]",
  'self.table = {"a": -1}\nself.count += 2\nself.seen = state.get("seen", 0) + 1\ndel self.name',
  "def twice(n):\n    return n * 2\n\nself.query = 'What next?'",
  "print(1)",
];

function foreseeSome(): unknown[] {
  return foreseen.map((program) => [...(foresee(program)?.members ?? [])]);
}

function once(name: string, describe: () => object): string {
  const known = made.get(name) ?? createHash("sha256").update(JSON.stringify(describe())).digest("hex").slice(0, 16);
  made.set(name, known);
  return known;
}

function drawSome(): string[] {
  return Array.from({ length: 40 }, (_, seed) => {
    const probes = createProbes(createRandom(seed, "body"), { born: [], longest: 4096 });
    const lived = { program: "self.count = 1", answers: [], setup: null, budget: null, rules: 2 as const };
    return probes.of(0, lived, { text: lived.program, compiled: null, foreseen: null }).map(({ program }) => program);
  }).flat();
}
