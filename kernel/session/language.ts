/**
 * Types for a session: the checker, completions and hovers behind one small door. The compiler starts in the background,
 * and a session runs without it: until it is there, or where it cannot start, nothing is found and nothing is refused.
 */

import type { StartedCompiler } from "../language/compiler.ts";
import { createLanguageService, formatDiagnostics, isComplete } from "../language/index.ts";
import { modeOf } from "./check-mode.ts";
import type { NotebookSettings } from "./notebook-settings.ts";
import type { RunOutcome } from "./protocol.ts";

/** A completion, as `complete_reply` says it. Offsets count UTF-16 units. */
export interface Completion {
  matches: string[];
  cursorStart: number;
  cursorEnd: number;
  types: (string | undefined)[];
}

/** What a check came to: why a cell may not run, and what to tell while it does. */
export interface CheckResult {
  error: Extract<RunOutcome, { status: "error" }> | null;
  warning: string | null;
}

/** Types for a session. */
export interface Language {
  /** `cell` is the number of the cell's prompt. */
  check(source: string, cell: number): Promise<CheckResult>;
  /** A cell has run: what it declares is known from now on. */
  commit(source: string): void;
  /** The user process is a new one: nothing is declared any more. */
  reset(): void;
  complete(code: string, cursor: number): Promise<Completion>;
  inspect(code: string, cursor: number, detail: number): Promise<{ found: boolean; data: { [type: string]: unknown } }>;
  end(): void;
}

/** Completions are made ready so much later; where types are not checked the compiler starts only then. */
const warmAfterMs = 2000;
/** A compiler that is only just starting is not waited for longer than this. */
const patienceMs = 3000;

interface LanguageOptions {
  directory: string;
  settings: () => NotebookSettings;
  /** The compiler, where it was started before all else. */
  compiler?: StartedCompiler | undefined;
}

/** Opens the types of a session in a notebook's folder. */
export function createLanguage({ directory, settings, compiler }: LanguageOptions): Language {
  const service = createLanguageService({ directory, started: compiler });
  // Where types are checked the first cell waits for the compiler; elsewhere it would only wait for the processor.
  let isChecked = modeOf(settings()) !== "off";
  if (isChecked) void service.start().catch(() => {});
  const later = setTimeout(() => void service.warm().catch(() => {}), warmAfterMs).unref();
  let saidWhyNot = false;

  return {
    async check(source, cell) {
      const mode = modeOf(settings(), source);
      isChecked = mode !== "off";
      // A cell that does not parse is told off by whoever runs it, once.
      if (mode === "off" || isComplete(source).status !== "complete") return { error: null, warning: null };
      const found = await within(service.check(source), []);
      const { reason } = service.status(); // where there is one, nothing is available
      if (reason !== undefined && !saidWhyNot) {
        saidWhyNot = true;
        return { error: null, warning: `Types are not checked: ${reason}\n` };
      }
      if (found.length === 0) return { error: null, warning: null };
      const text = formatDiagnostics(source, found, { cellNumber: cell });
      const errors = found.filter(({ severity }) => severity === "error");
      if (mode !== "error" || errors.length === 0) return { error: null, warning: `${text}\n` };
      const evalue = `${errors.length} type ${errors.length === 1 ? "error" : "errors"}: the cell was not run`;
      return {
        error: { status: "error", ename: "TypeCheckError", evalue, traceback: [`TypeCheckError: ${evalue}`, text] },
        warning: null,
      };
    },
    commit: (source) => service.commit(source, { isSettled: isChecked }),
    reset: () => service.reset(),
    async complete(code, cursor) {
      const points = [...code.slice(0, cursor)].length;
      const none = {
        matches: [] as string[],
        cursorStart: points,
        cursorEnd: points,
        types: [] as { type?: string }[],
      };
      const { matches, cursorStart, cursorEnd, types } = await within(service.complete(code, points), none);
      const units = (offset: number): number => [...code].slice(0, offset).join("").length;
      return {
        matches,
        cursorStart: units(cursorStart),
        cursorEnd: units(cursorEnd),
        types: types.map(({ type }) => type),
      };
    },
    async inspect(code, cursor, detail) {
      const points = [...code.slice(0, cursor)].length;
      return within(service.inspect(code, points, detail === 1 ? 1 : 0), { found: false, data: {} });
    },
    end() {
      clearTimeout(later);
      void service.dispose();
    },
  };
}

/** The answer, or `otherwise` if it fails or takes too long: types are never worth a stuck session. */
async function within<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), patienceMs);
  });
  try {
    return await Promise.race([answer, late]);
  } catch {
    return otherwise;
  } finally {
    clearTimeout(timer);
  }
}
