/**
 * The language service of a notebook: type errors of a cell before it runs, completion and inspection, given every cell
 * committed so far. One of two compilers answers: TypeScript 7.1's API in a child process (`typescript7.ts`), or TypeScript
 * 6.0's in a worker thread (`typescript6.ts`). Either is started again once if it ends by itself; after that the service
 * says that it is unavailable and answers nothing, and the kernel runs cells unchecked.
 * Not here: the model of cells as modules (`service-cells.ts`), running cells (`rewrite.ts`), `is_complete` (`complete.ts`).
 */

import { isTooDeep } from "./parse.ts";
import { ask, dispose, settle } from "./service-ask.ts";
import { completeAt, inspectAt } from "./service-cursor.ts";
import { type LanguageServiceOptions, newState, noCells, type ServiceState } from "./service-state.ts";
import { place } from "./service-text.ts";
import type { Completion, Diagnostic, Inspection, ServiceStatus } from "./service-types.ts";

export type { LanguageServiceOptions } from "./service-state.ts";

/** Type errors, completion and inspection for the cells of one session. */
export interface LanguageService {
  /** Makes the compiler ready for a check, in the background. Never rejects; without it the first question starts it. */
  start(): Promise<void>;
  /** As `start`, and for completions too, which look at every global name. */
  warm(): Promise<void>;
  /** Type and syntax errors of a cell that would run next. Empty when the service is unavailable. */
  check(cell: string): Promise<Diagnostic[]>;
  /**
   * The cell was run, even if it threw: what it declares is known to later cells. A cell that does not parse is passed over.
   * With `isSettled: false` the compiler works on it only after somebody has asked for something.
   */
  commit(cell: string, options?: { isSettled?: boolean }): void;
  /** What can be written at a cursor, which counts Unicode code points. */
  complete(code: string, cursor: number): Promise<Completion>;
  /** Type and documentation of the name at a cursor. `detailLevel` 1 shows the same: there is no more. */
  inspect(code: string, cursor: number, detailLevel?: number): Promise<Inspection>;
  /** Resolves when nothing is being worked on in the background. */
  idle(): Promise<void>;
  /** Forgets every cell: the user process is a new one. */
  reset(): void;
  status(): ServiceStatus;
  /** Process of the compiler, while there is one. */
  readonly pid: number | undefined;
  /** Ends the compiler. Resolves when nothing of it is left. */
  dispose(): Promise<void>;
}

/** Makes the language service of a notebook's folder. Starts nothing yet. */
export function createLanguageService(options: LanguageServiceOptions): LanguageService {
  const state = newState(options);
  return {
    async start() {
      await ask(state, (engine, change) => engine.diagnostics(change("\n"), state.cells.current));
    },
    async warm() {
      await ask(state, (engine, change) => engine.completions(change("\n"), state.cells.current, 0, "console"));
    },
    check: (cell) => check(state, cell),
    commit: (cell, { isSettled = true } = {}) => commit(state, cell, isSettled),
    complete: (code, cursor) => completeAt(state, code, cursor),
    inspect: (code, cursor) => inspectAt(state, code, cursor),
    idle: () => state.questions.idle(),
    reset: () => void Object.assign(state, noCells(state.directory)),
    status: () => statusOf(state),
    get pid() {
      return state.running?.pid;
    },
    dispose: () => dispose(state),
  };
}

/**
 * Faults of .mts files that cells do not have, which are such files to the compiler: `<T>(x: T) => x` and `<any>x` are plain
 * TypeScript, and the loader takes JSON without an attribute, with its members as names.
 */
const ofFiles = new Set([7059, 7060, 1543, 1544]);

async function check(state: ServiceState, cell: string): Promise<Diagnostic[]> {
  if (/^\s*\/\/\s*@ts-nocheck/.test(cell) || isTooDeep(cell)) return [];
  const { cells, directory } = state;
  const { text, headerLength } = cells.module(cell);
  const raw = await ask(state, (engine, change) => engine.diagnostics(change(text), cells.current));
  return (raw ?? [])
    .filter(({ start, code }) => start >= headerLength && !ofFiles.has(code))
    .map((one) => place(cell, one, { headerLength, cells, directory }));
}

function commit(state: ServiceState, cell: string, isSettled: boolean): void {
  const kept = state.cells.commit(cell);
  if (kept === null) return;
  state.files[kept.path] = kept.text;
  state.pending[kept.path] = kept.text;
  if (kept.isRoot) state.cellRoots = [...state.cellRoots, kept.path];
  else state.unsettled.push(kept.path);
  if (isSettled) void settle(state);
}

function statusOf({ reason, isDisposed, implementation }: ServiceState): ServiceStatus {
  return { available: reason === null && !isDisposed, implementation, ...(reason !== null && { reason }) };
}
