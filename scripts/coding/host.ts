/**
 * Runs our own programs on the host, where drawing needs many thousands of runs: references, their mutants, trivial programs. A
 * mutant may never end, so loops count their turns: a clock would tell another thing on a busy machine. What a model writes is never
 * run here.
 */

import { createContext, Script } from "node:vm";
import { type Node, parse } from "acorn";

/** What a function gives for each input; `failed` where it threw, never ended, or gave no plain data. */
export type Given = readonly (unknown | typeof failed)[];

/** In place of what a call gave that gave nothing. */
export const failed = Symbol("failed");

/** Turns of all loops in one call. No reference needs a tenth of them. */
const mostTurns = 500;

/** In the context: what is no plain data counts as nothing, and each call is given values of its own. */
const callAll = `(f, inputs) => inputs.map((input) => {
  turns = 0;
  try {
    return JSON.stringify([f(...JSON.parse(input))], (_, one) => {
      if (one === undefined || one !== one || one === Infinity || typeof one === "function") throw one;
      return one;
    });
  } catch {
    return null;
  }
})`;

/** A program, and the name of its function. */
export interface HostProgram {
  source: string;
  name: string;
}

/** Calls the function of each program with each input. */
export function callMany(programs: readonly HostProgram[], inputs: readonly (readonly unknown[])[]): Given[] {
  const call = openPrograms(programs);
  return programs.map((_, i) => call(i, inputs));
}

/** Compiles programs once; gives what calls one by its number. They share the built-ins: ours leave these as they are. */
export function openPrograms(
  programs: readonly HostProgram[],
): (i: number, inputs: readonly (readonly unknown[])[]) => Given {
  const context = createContext({ turns: 0 });
  type Call = (f: unknown, inputs: readonly string[]) => (string | null)[];
  const call = new Script(callAll).runInContext(context) as Call;
  const functions = programs.map(({ source, name }) =>
    new Script(`(() => { ${counted(source)}\nreturn ${name}; })()`).runInContext(context),
  );
  return (i, inputs) =>
    Array.from(
      call(
        functions[i],
        inputs.map((input) => JSON.stringify(input)),
      ),
      (text) => (text === null ? failed : (JSON.parse(text) as unknown[])[0]),
    );
}

/** The same program, whose loops throw after too many turns. */
function counted(source: string): string {
  if (!/\b(for|while|do)\b/.test(source)) return source;
  const bodies: Node[] = [];
  const visit = (node: Node): void => {
    if (/^(For|While|DoWhile|ForOf|ForIn)Statement$/.test(node.type)) bodies.push((node as Node & { body: Node }).body);
    for (const value of Object.values(node))
      for (const one of Array.isArray(value) ? value : [value])
        if (typeof (one as { type?: unknown } | null)?.type === "string") visit(one as Node);
  };
  visit(parse(source, { ecmaVersion: "latest", sourceType: "module" }));
  const edits = bodies.flatMap(({ start, end }) => [
    { at: start, text: `{ if (++turns > ${mostTurns}) throw turns; ` },
    { at: end, text: " }" },
  ]);
  // From the end on, so that places stay; of two at one place the one that closes an inner loop comes first.
  return edits
    .map((edit, i) => ({ ...edit, i }))
    .sort((a, b) => b.at - a.at || b.i - a.i)
    .reduce((text, { at, text: put }) => text.slice(0, at) + put + text.slice(at), source);
}
