/**
 * Starts a compiler for the cells of a folder, and nothing else: light to load, so that it starts while its process still
 * loads what will ask it. Not here: the questions (`service-ask.ts`).
 */

import { currentCell } from "./cell-paths.ts";
import { defaultOptions, forcedOptions, rootFiles } from "./service-options.ts";
import type { Engine, EngineSetup, Implementation } from "./service-types.ts";

/** A compiler that was started. */
export interface StartedCompiler {
  /** Rejects when none can be started. */
  readonly engine: Promise<Engine>;
  /** Resolves when its own process or thread is about to begin; or cannot be started. */
  readonly begun: Promise<void>;
  /** Resolves when it has its first work, and needs nothing of this process until that is done; or cannot be started. */
  readonly asked: Promise<void>;
  /** Which one it is, once `engine` is settled. */
  readonly implementation: Implementation;
  /** Called once when it ended by itself. */
  onEnd: () => void;
}

/** Starts the compiler that is wanted, else TypeScript 7, else 6. */
export function startCompiler(directory: string, wanted?: Implementation): StartedCompiler {
  const begun = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const setup: EngineSetup = {
    directory,
    roots: [...rootFiles(directory), currentCell(directory)],
    defaults: defaultOptions,
    forced: forcedOptions,
    onBegun: begun.resolve,
    onAsked: asked.resolve,
    onEnd: () => started.onEnd(),
  };
  let implementation = wanted ?? "typescript7";
  const engine = load(implementation, setup).catch(async (error: unknown) => {
    if (wanted !== undefined) throw error;
    const older = await load("typescript6", setup).catch(() => Promise.reject(error));
    implementation = "typescript6";
    return older;
  });
  const settle = (): void => {
    begun.resolve();
    asked.resolve();
  };
  engine.then(settle, settle); // why it failed is told to whoever asks `engine`, which may be later
  const started: StartedCompiler = {
    engine,
    begun: begun.promise,
    asked: asked.promise,
    get implementation() {
      return implementation;
    },
    onEnd: () => {},
  };
  return started;
}

async function load(implementation: Implementation, setup: EngineSetup): Promise<Engine> {
  if (implementation === "typescript6") return (await import("./typescript6.ts")).startTypeScript6(setup);
  return (await import("./typescript7.ts")).startTypeScript7(setup);
}
