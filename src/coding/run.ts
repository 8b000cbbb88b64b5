/**
 * Runs a program's function in the sandbox: each answer in a life of its own, all inputs in one call. What is expected never
 * enters the child, so there is nothing there that a program could change. Not here: the comparison (`score.ts`).
 */

import type { CallResult, Life, Limits, Sandbox } from "../sandbox/index.ts";
import type { CodeLanguage } from "./types.ts";

/** A function that is to be called. */
export interface Callable {
  language: CodeLanguage;
  /** The program that defines it, as the sandbox can read it. */
  text: string;
  name: string;
  /** In Python: arguments and what it gives are texts as `repr` writes them, since tuples and sets are no JSON. @default false */
  asText?: boolean;
}

/** How a function is called. */
export interface CallOptions {
  limits: Partial<Limits>;
  signal?: AbortSignal | undefined;
}

/**
 * Calls the function once for each input; `ms`: how long that took, its life's start aside. Its program is run anew for each, so
 * that no call knows of another.
 */
export async function callFunction(
  sandbox: Sandbox,
  called: Callable,
  inputs: readonly (readonly unknown[])[],
  { limits, signal }: CallOptions,
): Promise<CallResult & { ms: number }> {
  const opened = { limits, ...(signal && { signal }) };
  const life = await (called.language === "javascript" ? inJavaScript : inPython)(sandbox, called, opened);
  try {
    const began = performance.now();
    const result = await life.call("asked", inputs);
    return { ...result, ms: performance.now() - began };
  } finally {
    await life.close();
  }
}

type Opened = { limits: Partial<Limits>; signal?: AbortSignal };

/** The program as a method of an agent that has no other: to be called, it needs neither a step nor a probe. */
function inJavaScript(sandbox: Sandbox, { text, name }: Callable, opened: Opened): Promise<Life> {
  const source = `function asked(...$given) {\n${text}\nreturn ${name}(...$given);\n}`;
  return sandbox.open({ ...opened, genome: [{ name: "self.asked", kind: "method", source }] });
}

/** A method that runs the program as a module of its own, which no indent changes; it is put there by a step. */
async function inPython(sandbox: Sandbox, { text, name, asText = false }: Callable, opened: Opened): Promise<Life> {
  const give = asText ? "repr(found(*literal(given[0])))" : "found(*given)";
  const life = await sandbox.open(opened);
  const report = await life.step(`def asked(*given):
    from ast import literal_eval as literal
    space = {"__name__": "answer"}
    exec(${pythonText(text)}, space)
    found = space[${pythonText(name)}]
    return ${give}
self.asked = asked
`);
  if (report.alive) return life;
  await life.close();
  throw new Error(`The sandbox did not take a program's text: ${report.cause}`);
}

/** A text as Python writes it: what JSON escapes, Python reads alike, but for halves of letters, which no program holds. */
export function pythonText(text: string): string {
  return JSON.stringify(text.toWellFormed());
}
