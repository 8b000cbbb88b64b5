/**
 * The corpus in Python: the families' own asks and programs, printed in the other language, so that both small models are shown
 * the same tasks, the same parts held out. What kills or harms has a way of its own in each language: `faults.ts`.
 */

import type { Task } from "../types.ts";
import { stateInPython } from "./expressions.ts";
import { programInPython } from "./statements.ts";

export * as pythonFaults from "./faults.ts";

/** Words that Python keeps for itself and the families' names might be. */
const keywords = /(?:self\.|function |const |let )(?:as|del|from|global|in|is|lambda|not|or|pass|with)\b/;

/** A task in Python; null where a name in it cannot stand in Python. */
export function taskInPython(task: Task): Task | null {
  if (keywords.test(task.program)) return null;
  const ask = stateInPython(task.ask)
    .replace(/, with types\b/, ", with type hints")
    .replace(/^In TypeScript\b/, "With type hints");
  return { ...task, ask, program: programInPython(task.program) };
}
