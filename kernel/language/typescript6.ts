/**
 * TypeScript 6.0's LanguageService as an engine, in a worker thread, so that the kernel's event loop stays free.
 * Not here: the compiler itself (`typescript6-worker.ts`).
 */

import { Worker } from "node:worker_threads";
import type { Engine, EngineSetup } from "./service-types.ts";

/** A question to the worker: the name of an engine's method, and its arguments. */
export interface Question {
  id: number;
  method: "diagnostics" | "completions" | "inspect";
  parameters: unknown[];
}

/** What the worker answers. The answer to question 0 says that it has started. */
export interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

/** Starts the compiler on the setup's folder. Rejects when the package `typescript6` is not installed. */
export async function startTypeScript6(setup: EngineSetup): Promise<Engine> {
  const { onEnd, onBegun, onAsked, ...workerData } = setup;
  const extension = import.meta.filename.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./typescript6-worker.${extension}`, import.meta.url), { workerData });
  onBegun?.();
  onAsked?.(); // it begins without a word
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  let disposed = false;
  let count = 0;
  const answered = <T>(id: number): Promise<T> =>
    new Promise<T>((resolve, reject) => waiting.set(id, { resolve: resolve as (value: never) => void, reject }));
  const ask = <T>(method: Question["method"], ...parameters: unknown[]): Promise<T> => {
    const id = ++count;
    worker.postMessage({ id, method, parameters } satisfies Question);
    return answered<T>(id);
  };
  let failure = "";
  worker.on("error", (error) => {
    failure = (error as Error).message;
  });
  worker.on("message", ({ id, result, error }: Answer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result as never);
    else asked?.reject(new Error(error));
  });
  worker.on("exit", (code) => {
    const why = failure || `exit code ${code}`;
    for (const { reject } of waiting.values()) reject(new Error(`The TypeScript compiler ended (${why})`));
    waiting.clear();
    if (!disposed) onEnd(why);
  });
  await answered(0);
  return {
    pid: undefined,
    diagnostics: (change, path) => ask("diagnostics", change, path),
    completions: (change, path, offset, prefix) => ask("completions", change, path, offset, prefix),
    inspect: (change, path, offset) => ask("inspect", change, path, offset),
    async dispose() {
      disposed = true;
      await worker.terminate();
    },
  };
}
