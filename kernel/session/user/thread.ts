/**
 * The interrupt thread as the main thread sees it, and the memory that the two share. A thread costs half as much as the
 * rest of the process's start, so it waits until the first cell is there, or nothing happens for a while.
 */

import { Worker } from "node:worker_threads";

/** Counters and the answer of a synchronous prompt. */
export const shared = new Int32Array(new SharedArrayBuffer(16));
/** The text of that answer. */
export const answerText = new Uint8Array(new SharedArrayBuffer(65_536));

let thread: Worker | null = null;

/** Starts it, once. What it is to hear waits for it in its pipe, so a cell may run at once. */
export function startThread(): void {
  if (thread !== null) return;
  const program = import.meta.filename.endsWith(".ts") ? "./interrupt.ts" : "./interrupt.js";
  thread = new Worker(new URL(program, import.meta.url), { workerData: { shared, text: answerText } });
  thread.unref();
}
