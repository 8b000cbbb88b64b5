/**
 * The programs that a cell waits for with its only thread: `spawnSync`, `execSync`, `execFileSync`. A stop ends such a
 * program, after which the call would return as usual and the next line of the cell run, before V8 next looks whether it
 * is to stop. So the calls stay until V8 stops them, which no `catch` of the cell can hold up.
 */

import { syncBuiltinESMExports } from "node:module";
import { Interrupted } from "./trace.ts";

const names = ["spawnSync", "execSync", "execFileSync"] as const;
/** The interrupt thread has V8 stop what runs within 300 ms. */
const patienceMs = 2000;

/** Puts the calls in the place of Node's, for `require` and `import` alike. */
export function guardWaits(isStopped: () => boolean): void {
  const childProcess = process.getBuiltinModule("node:child_process");
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const stayStopped = (): void => {
    if (!isStopped()) return;
    const end = performance.now() + patienceMs;
    while (performance.now() < end) Atomics.wait(nobody, 0, 0, 5);
    throw new Interrupted();
  };
  for (const name of names) {
    const original = childProcess[name] as (...given: unknown[]) => unknown;
    const guarded = function (this: unknown, ...given: unknown[]): unknown {
      stayStopped();
      try {
        return original.apply(this, given);
      } finally {
        stayStopped(); // a program's own error is then only that it was ended
      }
    };
    for (const key of ["name", "length"])
      Object.defineProperty(guarded, key, { value: Reflect.get(original, key), configurable: true });
    (childProcess as Record<string, unknown>)[name] = guarded;
  }
  syncBuiltinESMExports(); // as `import { execSync }` sees them
}
