/**
 * From a program as a model wrote it to the JavaScript that the isolate runs: types stripped, positions kept. What is
 * JavaScript already is left alone. Not here: what makes it a function body of the agent (`child/main.ts`).
 */

import * as nodeModule from "node:module";
import * as acorn from "acorn";
import { parseSync } from "oxc-parser";
import { transformSync } from "oxc-transform";

import "./child/compile.ts";

/** A program as the child is given it. */
export interface Prepared {
  text: string;
  /** What it compiles to, so that the child, whose engine is slow, need not parse it; null where it must. */
  compiled: string | null;
}

// The child's own compiler: a script there, and in this process the same file.
const { makeCompile } = globalThis as unknown as { makeCompile(parser: object): (code: string) => string };
Reflect.deleteProperty(globalThis, "makeCompile");
const compile = makeCompile(acorn);

const prepared = new Map<string, Prepared>();
/** Programs remembered, and the longest one that is. */
const [programsKept, keptLength] = [2000, 4096];
/** Longest program that is compiled here: a parser's time is bounded in the child alone. */
const compiledLength = 2048;

/**
 * Strips a program's TypeScript types, every other character staying where it is. A program that is neither JavaScript
 * nor TypeScript comes back as it is: the child parses it alone and says what is wrong with it.
 */
export function prepareProgram(program: string): string {
  return prepare(program).text;
}

/** The same, with what the program compiles to. */
export function prepare(program: string): Prepared {
  const known = prepared.get(program);
  if (known !== undefined) return known;
  const made = makePrepared(program);
  if (program.length > keptLength) return made;
  if (prepared.size >= programsKept) prepared.delete(prepared.keys().next().value!);
  prepared.set(program, made);
  return made;
}

/** What a short program compiles to; null for one that is long, or that the child must refuse in its own words. */
export function compileHere(program: string): string | null {
  if (program.length > compiledLength) return null;
  try {
    return compile(program);
  } catch {
    return null;
  }
}

function makePrepared(program: string): Prepared {
  const compiled = compileHere(program);
  if (compiled !== null) return { text: program, compiled };
  const text = strip(program);
  return { text, compiled: text === program ? null : compileHere(text) };
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
