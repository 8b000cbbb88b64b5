/** Starts a thread of this folder: from its source in a clone, compiled in the package. */

import { Worker } from "node:worker_threads";

/** Begins `NAME.ts` or `NAME.js` beside this file. */
export function startThread(name: string, workerData: unknown): Worker {
  const file = `./${name}.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`;
  // Not this process's own flags: some of them (`--input-type`) no file can be run with.
  const execArgv = ["--disable-warning=ExperimentalWarning"];
  return new Worker(new URL(file, import.meta.url), { workerData, execArgv });
}
