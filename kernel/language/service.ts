/**
 * The language service of a notebook: type errors of a cell before it runs, completion and inspection, given every cell
 * committed so far. One of two compilers answers: TypeScript 7.1's API in a child process (`typescript7.ts`), or TypeScript
 * 6.0's in a worker thread (`typescript6.ts`). Either is started again once if it ends by itself; after that the service
 * says that it is unavailable and answers nothing, and the kernel runs cells unchecked.
 * Not here: the model of cells as modules (`service-cells.ts`), running cells (`rewrite.ts`), `is_complete` (`complete.ts`).
 */

import { basename } from "node:path";
import { serial } from "../common/serial.ts";
import { type StartedCompiler, startCompiler } from "./compiler.ts";
import { isTooDeep } from "./parse.ts";
import { createCells } from "./service-cells.ts";
import { completeModule, moduleAt } from "./service-modules.ts";
import { rootFiles } from "./service-options.ts";
import { answerOf, nameAt, place, startOfTyped, toInspection, toUnits, typeOf, written } from "./service-text.ts";
import type {
  Change,
  Completion,
  Diagnostic,
  Engine,
  Files,
  Implementation,
  Inspection,
  RawInspection,
  ServiceStatus,
} from "./service-types.ts";

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

/** Makes the language service of a notebook's folder. Starts nothing yet. */
export function createLanguageService(options: LanguageServiceOptions): LanguageService {
  const { directory, patienceMs = 30_000 } = options;
  let cells = createCells(directory);
  let first = options.started;
  let wanted = options.implementation;
  let implementation: Implementation = wanted ?? "typescript7";
  let engine: Promise<Engine> | null = null;
  let running: Engine | null = null;
  let failures = 0;
  let reason: string | null = null;
  let disposed = false;
  const questions = serial();
  const fixedRoots = rootFiles(directory);
  let cellRoots: string[] = [];
  let files: Files = {};
  /** What the compiler has not been given yet. */
  let pending: Files = {};
  /** Committed cells that still stand as they were written. */
  let unsettled: string[] = [];

  async function start(): Promise<Engine> {
    pending = { ...files };
    const one = first ?? startCompiler(directory, wanted);
    first = undefined;
    one.onEnd = () => {
      engine = null;
      running = null;
      failures++;
    };
    const begun = await one.engine;
    implementation = one.implementation;
    if (implementation === "typescript6") wanted = implementation; // the newer one cannot be started
    return begun;
  }

  /** One question at a time. Null when there is no answer to be had. */
  function ask<T>(question: (engine: Engine, change: (module: string) => Change) => Promise<T>): Promise<T | null> {
    return questions.run(async (): Promise<T | null> => {
      for (;;) {
        if (disposed || reason !== null) return null;
        const before = failures;
        try {
          engine ??= start();
          running = await engine;
          const asked = running;
          const change = (module: string): Change => {
            const given = { ...pending, [cells.current]: module };
            pending = {};
            return { files: given, roots: [...fixedRoots, cells.current, ...cellRoots] };
          };
          return await within(patienceMs, question(asked, change));
        } catch (error) {
          const failed = running;
          engine = null;
          running = null;
          if (failures === before) failures++;
          await failed?.dispose().catch(() => {});
          if (failures > 1) reason = describeFailure(implementation, error);
        }
      }
    });
  }

  /**
   * Puts committed cells' declarations, types written out, in the place of their code: otherwise a chain of cells is
   * inferred anew for each check, and a session slows down with its age.
   */
  async function settle(): Promise<void> {
    if (unsettled.length === 0 || running?.declarations === undefined) return;
    const of = cells;
    const paths = unsettled;
    unsettled = [];
    const imports = paths.map((path) => `import "./${basename(path)}";\n`).join("");
    const texts = await ask(async (asked, change) => asked.declarations?.(change(imports), paths) ?? null);
    if (texts === null || of !== cells) return;
    for (const [path, text] of texts) {
      files[path] = text;
      pending[path] = text;
    }
  }

  function inspectAt(code: string, offset: number, isRead: boolean): Promise<RawInspection | null> {
    const { text, headerLength } = cells.module(code, { isRead });
    return ask((asked, change) => asked.inspect(change(text), cells.current, headerLength + offset));
  }

  return {
    async start() {
      await ask((engine, change) => engine.diagnostics(change("\n"), cells.current));
    },
    async warm() {
      await ask((engine, change) => engine.completions(change("\n"), cells.current, 0, "console"));
    },
    async check(cell) {
      if (/^\s*\/\/\s*@ts-nocheck/.test(cell) || isTooDeep(cell)) return [];
      const { text, headerLength } = cells.module(cell);
      const raw = await ask((engine, change) => engine.diagnostics(change(text), cells.current));
      return (raw ?? [])
        .filter(({ start, code }) => start >= headerLength && !ofFiles.has(code))
        .map((one) => place(cell, one, { headerLength, cells, directory }));
    },
    commit(cell, { isSettled = true } = {}) {
      const kept = cells.commit(cell);
      if (kept === null) return;
      files[kept.path] = kept.text;
      pending[kept.path] = kept.text;
      if (kept.isRoot) cellRoots = [...cellRoots, kept.path];
      else unsettled.push(kept.path);
      if (isSettled) void settle();
    },
    async complete(code, cursor) {
      const offset = toUnits(code, cursor);
      const module = moduleAt(code, offset);
      if (module !== null) return answerOf(code, module.start, offset, completeModule(module.text, directory));
      const start = startOfTyped(code, offset);
      const prefix = code.slice(start, offset);
      const isMember = /\.\s*#?$/.test(code.slice(0, start)) && !/\.\.\.$/.test(code.slice(0, start));
      const isImported = /\bimport\b[^;'"]*\{[^}]*$/.test(code.slice(0, start));
      const isText = /["']$/.test(code.slice(0, start));
      const earlier =
        isMember || isImported || isText ? [] : [...cells.names.keys()].filter((name) => name.startsWith(prefix));
      const { text, headerLength } = cells.module(code, {
        extraNames: prefix === "" ? [] : earlier.slice(-typedNames),
      });
      const question = (asked: Engine, change: (module: string) => Change) =>
        asked.completions(change(text), cells.current, headerLength + offset, prefix);
      const raw = isTooDeep(code) ? [] : await ask(question);
      void settle();
      const known = new Set(raw?.map((one) => one.text));
      const added = earlier
        .filter((name) => !known.has(name))
        .map((name) => ({ text: name, type: typeOf(cells.names.get(name)!.kind) }));
      const [own, others] = [true, false].map((is) => (raw ?? []).filter((one) => earlier.includes(one.text) === is));
      const { from, found } = written(code, start, { isMember, found: [...own!, ...added.reverse(), ...others!] });
      return answerOf(code, from, offset, found);
    },
    async inspect(code, cursor) {
      const offset = nameAt(code, toUnits(code, cursor));
      if (offset === null || isTooDeep(code)) return { found: false, data: {} };
      const raw = await inspectAt(code, offset, false);
      void settle();
      if (raw === null) return { found: false, data: {} };
      const name = /^[\p{ID_Continue}$]+/u.exec(code.slice(offset))?.[0] ?? "";
      const isEarlierLet = raw.documentation === "" && cells.names.get(name)?.kind === "let";
      const documentation = isEarlierLet ? (await inspectAt(name, 0, true))?.documentation : raw.documentation;
      return toInspection(raw.declaration, documentation ?? "");
    },
    async idle() {
      await questions.idle();
    },
    reset() {
      cells = createCells(directory);
      files = {};
      unsettled = [];
      cellRoots = [];
    },
    status: () => ({ available: reason === null && !disposed, implementation, ...(reason !== null && { reason }) }),
    get pid() {
      return running?.pid;
    },
    async dispose() {
      disposed = true;
      const ending = engine ?? first?.engine;
      engine = null;
      const one = await ending?.catch(() => null);
      await one?.dispose().catch(() => {});
      running = null;
    },
  };
}

/**
 * Faults of .mts files that cells do not have, which are such files to the compiler: `<T>(x: T) => x` and `<any>x` are plain
 * TypeScript, and the loader takes JSON without an attribute, with its members as names.
 */
const ofFiles = new Set([7059, 7060, 1543, 1544]);

/** How many earlier names are given to the compiler for their types, in one completion. */
const typedNames = 50;

function describeFailure(implementation: Implementation, error: unknown): string {
  const name = implementation === "typescript7" ? "TypeScript 7.1" : "TypeScript 6.0";
  const why = (error as Error).message.split("\n")[0];
  return `Cells run unchecked: ${name} failed twice (${why}); restart the kernel to try again.`;
}

async function within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
