/**
 * Node writes what it compiled to the cache folder (`node-flags.ts`) when a process ends by itself. A user process is always
 * killed, and so is many a kernel: they write it while they run, or every start would compile, and strip of types, anew.
 */

import { flushCompileCache } from "node:module";

/** A while after the last load, so that what a cell waits for comes first. */
const quietMs = 1000;

/** Before cells run, which may put a clock of their own in its place. */
const { setTimeout: later } = globalThis;
let isDue = false;

/** Has what was loaded up to now written soon. Where nothing is new this costs nothing. */
export function keepCompiled(): void {
  if (isDue) return;
  isDue = true;
  later(() => {
    isDue = false;
    flushCompileCache();
  }, quietMs).unref();
}
