/**
 * Asking the compiler of a language service: it is started with the first question, started again once if it ends by
 * itself or does not answer in time, and given up after that.
 */

import { basename } from "node:path";
import { startCompiler } from "./compiler.ts";
import { type ServiceState, takeChange } from "./service-state.ts";
import type { Change, Engine, Implementation } from "./service-types.ts";

/** Asks the compiler that answers; `change` gives what it has not seen, with the module that the question is about. */
export type Question<T> = (engine: Engine, change: (module: string) => Change) => Promise<T>;

/** One question at a time. Null when there is no answer to be had. */
export function ask<T>(state: ServiceState, question: Question<T>): Promise<T | null> {
  return state.questions.run(async (): Promise<T | null> => {
    for (;;) {
      if (state.isDisposed || state.reason !== null) return null;
      const before = state.failures;
      try {
        state.engine ??= start(state);
        state.running = await state.engine;
        return await within(
          state.patienceMs,
          question(state.running, (module) => takeChange(state, module)),
        );
      } catch (error) {
        await fail(state, before, error);
      }
    }
  });
}

/** Starts the compiler, which is given every file anew. */
async function start(state: ServiceState): Promise<Engine> {
  state.pending = { ...state.files };
  const one = state.first ?? startCompiler(state.directory, state.wanted);
  state.first = undefined;
  one.onEnd = () => {
    state.engine = null;
    state.running = null;
    state.failures++;
  };
  const begun = await one.engine;
  state.implementation = one.implementation;
  if (state.implementation === "typescript6") state.wanted = state.implementation; // the newer one cannot be started
  return begun;
}

/** A question that failed: ends the compiler, and gives up after the second time. */
async function fail(state: ServiceState, failuresBefore: number, error: unknown): Promise<void> {
  const failed = state.running;
  state.engine = null;
  state.running = null;
  if (state.failures === failuresBefore) state.failures++; // its end has not been told
  await failed?.dispose().catch(() => {});
  if (state.failures > 1) state.reason = describeFailure(state.implementation, error);
}

/**
 * Puts committed cells' declarations, types written out, in the place of their code: otherwise a chain of cells is
 * inferred anew for each check, and a session slows down with its age.
 */
export async function settle(state: ServiceState): Promise<void> {
  if (state.unsettled.length === 0 || state.running?.declarations === undefined) return;
  const { cells, unsettled: paths } = state;
  state.unsettled = [];
  const imports = paths.map((path) => `import "./${basename(path)}";\n`).join("");
  const texts = await ask(state, async (engine, change) => engine.declarations?.(change(imports), paths) ?? null);
  if (texts === null || cells !== state.cells) return;
  for (const [path, text] of texts) {
    state.files[path] = text;
    state.pending[path] = text;
  }
}

/** Ends the compiler. Resolves when nothing of it is left. */
export async function dispose(state: ServiceState): Promise<void> {
  state.isDisposed = true;
  const ending = state.engine ?? state.first?.engine;
  state.engine = null;
  const one = await ending?.catch(() => null);
  await one?.dispose().catch(() => {});
  state.running = null;
}

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
