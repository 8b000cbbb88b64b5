/**
 * What the language service of a notebook holds: the cells so far, what of them the compiler has been given, and the
 * compiler itself, while there is one. Not here: starting and asking it (`service-ask.ts`).
 */

import { type Serial, serial } from "../common/serial.ts";
import type { StartedCompiler } from "./compiler.ts";
import { type Cells, createCells } from "./service-cells.ts";
import { rootFiles } from "./service-options.ts";
import type { Change, Engine, Files, Implementation } from "./service-types.ts";

/** How a language service is made. */
export interface LanguageServiceOptions {
  /** The notebook's folder: imports are resolved from it, a tsconfig.json in it is read. */
  directory: string;
  /** Which compiler. @default "typescript7", and 6 where 7 cannot be started */
  implementation?: Implementation;
  /** A compiler of this folder that was started before, while the service was still being loaded. */
  started?: StartedCompiler | undefined;
  /** Longest time for one answer, in milliseconds; a compiler that takes longer is started again. @default 30000 */
  patienceMs?: number;
}

/** The language service of a notebook's folder. */
export interface ServiceState {
  readonly directory: string;
  readonly patienceMs: number;
  /** One question at a time. */
  readonly questions: Serial;
  /** The compiler that was started before, until it is taken. */
  first: StartedCompiler | undefined;
  wanted: Implementation | undefined;
  implementation: Implementation;
  /** The compiler that is being started, or runs. */
  engine: Promise<Engine> | null;
  /** The one that runs. */
  running: Engine | null;
  failures: number;
  /** Why there is none any more. */
  reason: string | null;
  isDisposed: boolean;
  cells: Cells;
  readonly fixedRoots: readonly string[];
  /** Cells that declare globals: always part of the program. */
  cellRoots: string[];
  files: Files;
  /** What the compiler has not been given yet. */
  pending: Files;
  /** Committed cells that still stand as they were written. */
  unsettled: string[];
}

/** The state of a service whose compiler is yet to be asked. */
export function newState(options: LanguageServiceOptions): ServiceState {
  const { directory, patienceMs = 30_000, implementation, started } = options;
  return {
    directory,
    patienceMs,
    questions: serial(),
    first: started,
    wanted: implementation,
    implementation: implementation ?? "typescript7",
    engine: null,
    running: null,
    failures: 0,
    reason: null,
    isDisposed: false,
    fixedRoots: rootFiles(directory),
    ...noCells(directory),
    pending: {},
  };
}

/** As if no cell had ever been committed. */
export function noCells(directory: string): Pick<ServiceState, "cells" | "cellRoots" | "files" | "unsettled"> {
  return { cells: createCells(directory), cellRoots: [], files: {}, unsettled: [] };
}

/** What the compiler is given with a question about a module: all that is new since the last. */
export function takeChange(state: ServiceState, module: string): Change {
  const { cells, fixedRoots, cellRoots, pending } = state;
  state.pending = {};
  return { files: { ...pending, [cells.current]: module }, roots: [...fixedRoots, cells.current, ...cellRoots] };
}
