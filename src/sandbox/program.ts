/** From a program as a model wrote it to the JavaScript that the isolate runs: types stripped, positions kept. */

import { stripTypeScriptTypes } from "node:module";

const prepared = new Map<string, string>();

/**
 * Strips a program's TypeScript types, every other character staying where it is. A program that is not TypeScript
 * either comes back as it is: the child parses it alone and says what is wrong with it.
 */
export function prepareProgram(program: string): string {
  const known = prepared.get(program);
  if (known !== undefined) return known;
  const text = strip(program);
  if (prepared.size >= 2000) prepared.delete(prepared.keys().next().value!);
  prepared.set(program, text);
  return text;
}

function strip(program: string): string {
  // A step's program is a function body, which may `return`; a module may not, but may import. Stripping replaces types
  // by blanks, so what the wrapper added can be cut off again. A program that breaks out of the wrapper is found out
  // by the child, which parses what is left alone.
  const [head, tail] = ["function step() {", "\n}"];
  try {
    return stripTypeScriptTypes(head + program + tail).slice(head.length, -tail.length);
  } catch {}
  try {
    return stripTypeScriptTypes(program);
  } catch {
    return program;
  }
}
