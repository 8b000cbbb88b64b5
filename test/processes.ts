/** Whether processes are still there: for tests that nothing is left behind. */

import { existsSync, readFileSync } from "node:fs";

/** True while a process of this id runs (a zombie does not). */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/^\d+ \(.*\) Z/.test(readFileSync(stat, "utf8"));
}
