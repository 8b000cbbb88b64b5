/**
 * Whether a session checks types, and the compiler that is started for it before all else. Light to load, like `spawn.ts`.
 * Not here: the checks (`language.ts`).
 */

import { type StartedCompiler, startCompiler } from "../language/compiler.ts";
import { type TypeCheckMode, typeCheckMode } from "../language/service-report.ts";
import type { NotebookSettings } from "./notebook-settings.ts";

/** The mode of a cell in this process; of a cell that says nothing of it, where none is given. */
export function modeOf(settings: NotebookSettings, cell = ""): TypeCheckMode {
  return typeCheckMode({ cell, notebookMetadata: { autoagent: settings }, environment: process.env });
}

/** Starts the compiler where types are checked: the first cell waits for it. */
export function startFirstCompiler(directory: string, settings: NotebookSettings): StartedCompiler | undefined {
  return modeOf(settings) === "off" ? undefined : startCompiler(directory);
}
