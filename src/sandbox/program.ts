/**
 * From a program as a model wrote it to the JavaScript that the isolate runs: types stripped, positions kept. What is
 * JavaScript already is left alone. Not here: what makes it a function body of the agent (`child/main.ts`).
 */

import * as nodeModule from "node:module";
import { parseSync } from "oxc-parser";
import { transformSync } from "oxc-transform";

const prepared = new Map<string, string>();
/** Programs remembered, and the longest one that is. */
const [programsKept, keptLength] = [2000, 4096];

/**
 * Strips a program's TypeScript types, every other character staying where it is. A program that is neither JavaScript
 * nor TypeScript comes back as it is: the child parses it alone and says what is wrong with it.
 */
export function prepareProgram(program: string): string {
  const known = prepared.get(program);
  if (known !== undefined) return known;
  const text = strip(program);
  if (program.length > keptLength) return text;
  if (prepared.size >= programsKept) prepared.delete(prepared.keys().next().value!);
  prepared.set(program, text);
  return text;
}

// A step's program is a function body, which may `return` and `await`; a module may not return, but may import. A
// program that breaks out of this wrapper is found out by the child, which parses what is left alone.
const [head, tail] = ["async function step() {", "\n}"];

function strip(program: string): string {
  if (parses(head + program + tail, "js") || parses(program, "js")) return program;
  for (const [before, after] of [
    [head, tail],
    ["", ""],
  ] as const)
    try {
      return stripTypes(before + program + after).slice(before.length, -after.length || undefined);
    } catch {}
  return program;
}

function parses(text: string, lang: "js" | "ts"): boolean {
  return parseSync(`program.${lang}`, text, { lang }).errors.length === 0;
}

/** Strips the types of a whole text. Node's own stripper keeps positions; Node before 22.13 has none, oxc's prints anew. */
export function stripTypes(text: string): string {
  if (typeof nodeModule.stripTypeScriptTypes === "function")
    return quietly(() => nodeModule.stripTypeScriptTypes(text));
  if (!parses(text, "ts")) throw new SyntaxError("not TypeScript");
  const { code } = transformSync("program.ts", text);
  return text.startsWith(head) ? `${head}${code.slice(code.indexOf("{") + 1, code.lastIndexOf("}"))}${tail}` : code;
}

/** Without Node's notice that its stripper is young: it says nothing to whoever runs an agent. */
function quietly<T>(work: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
