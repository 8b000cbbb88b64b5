/**
 * Runs a program's function in the sandbox: each answer in a life of its own, all inputs in one call. What is expected never
 * enters the child, so there is nothing there that a program could change. Not here: the comparison (`score.ts`).
 */

import type { CallResult, Gene, Limits, Sandbox } from "../sandbox/index.ts";
import type { CodeLanguage } from "./types.ts";

/** A function that is to be called. */
export interface Callable {
  language: CodeLanguage;
  /** The program that defines it, as the sandbox can read it. */
  text: string;
  name: string;
}

/** Calls the function once for each input. Its program is run anew for each, so that no call knows of another. */
export async function callFunction(
  sandbox: Sandbox,
  called: Callable,
  inputs: readonly (readonly unknown[])[],
  { limits, signal }: { limits: Partial<Limits>; signal?: AbortSignal },
): Promise<CallResult> {
  const life = await sandbox.open({ genome: [methodOf(called)], limits, ...(signal && { signal }) });
  try {
    return await life.call("asked", inputs);
  } finally {
    await life.close();
  }
}

/** The program as a method of an agent that has no other: to be called, it needs neither a step nor a probe. */
function methodOf({ text, name }: Callable): Gene {
  const source = `function asked(...$given) {\n${text}\nreturn ${name}(...$given);\n}`;
  return { name: "self.asked", kind: "method", source };
}
