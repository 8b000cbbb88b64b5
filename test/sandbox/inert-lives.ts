/**
 * Lives of unusual executors: an agent installs one (`corpus/cheats.txt`, `corpus/honest.txt`) and goes on with programs as
 * policies write them, drawn by the seed. What is measured is whether the host still calls it alive at the end.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom, type Random } from "../../src/random/index.ts";
import type { Sandbox, StepReport } from "../../src/sandbox/index.ts";
import { live } from "./shared.ts";

/** One way to execute, and the program that installs it. */
export interface Design {
  name: string;
  program: string;
}

/** The designs of one corpus file. */
export function readDesigns(file: "cheats.txt" | "honest.txt"): Design[] {
  const lines = readFileSync(join(import.meta.dirname, "corpus", file), "utf8").split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ name: line.slice(0, line.indexOf(": ")), program: line.slice(line.indexOf(": ") + 2) }));
}

const words = "hello world agent memory plan note goal small step tree river number story light stone".split(" ");

/** What an agent's next program may be: most of it is plain, some calls what only running it can tell. */
const kinds: ((r: Random) => string)[] = [
  (r) => `self.state.memory = (self.state.memory ?? 0) + ${r.integer(20) + 1};`,
  (r) => `self.${r.choice(words)} = ${r.integer(1000)};`,
  (r) => `self.state.${r.choice(words)} = "${r.choice(words)} ${r.choice(words)}";`,
  (r) => `self.greet = function () { return "hello, ${r.choice(words)} ${r.integer(99)}"; }; self.greet();`,
  (r) => `self.words = "to be or not to ${r.choice(words)}".split(" ").map(function (w) { return w.length });`,
  (r) => `var s = 0; for (var i = 0; i < ${r.integer(20) + 5}; i++) s += i; self.sum = s;`,
  (r) => `const size = ${r.integer(50)}; self.state.area = size * ${r.integer(50) + 2};`,
  (r) => `self.list_${r.choice(words)} = [${r.integer(9)}, ${r.integer(99)}, ${r.integer(999)}];`,
  (r) =>
    `self.energy = ${r.integer(100)};\nself.mood = "${r.choice(words)}";\nself.query = "What about ${r.choice(words)}?";`,
  (r) => `self.tool_${r.choice(words)} = (text) => text.toUpperCase() + "${r.choice(words)}";`,
  (r) => `self.state.profile = { name: "${r.choice(words)}", age: ${r.integer(90)} };`,
  (r) => `self.visits = (self.visits || 0) + 1; self.last = "${r.choice(words)}${r.integer(99)}";`,
  // Not understood by reading alone.
  (r) => `class Box { constructor(n) { this.n = n } } self.box = new Box(${r.integer(9)}).n;`,
  (r) => `self.found = /(\\w+)${r.integer(9)}/.exec("${r.choice(words)}") === null;`,
  (r) => `this.${r.choice(words)}_now = Date.now() + ${r.integer(9)};`,
  (r) => `for (const key of Object.keys(self.state)) console.log(key, ${r.integer(9)});`,
];

/** Nine programs. */
export function programsOf(seed: number): string[] {
  const random = createRandom(seed, "inert");
  return Array.from({ length: 9 }, () => random.choice(kinds)(random));
}

/** Ten steps of an agent that installs a design and goes on. */
export function liveWith(sandbox: Sandbox, { program }: Design, seed: number): Promise<StepReport[]> {
  return live(sandbox, [program, ...programsOf(seed)], { seed });
}

/** How many of some lives were called alive at the end, and inert. */
export async function measure(
  sandbox: Sandbox,
  design: Design,
  seeds: readonly number[],
): Promise<{ name: string; lives: number; alive: number; inert: number; steps: number; causes: string[] }> {
  const ends = await Promise.all(seeds.map((seed) => liveWith(sandbox, design, seed)));
  const last = ends.map((reports) => reports.at(-1)!);
  return {
    name: design.name,
    lives: seeds.length,
    alive: last.filter(({ alive }) => alive).length,
    inert: last.filter(({ verdict }) => verdict === "inert").length,
    steps: ends.reduce((sum, reports) => sum + reports.length, 0) / seeds.length,
    causes: last.filter(({ alive }) => !alive).map(({ verdict, cause }) => `${verdict}: ${cause}`),
  };
}
