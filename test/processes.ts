/** Whether processes are still there: for tests that nothing is left behind. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hangMs, until } from "./waiting.ts";

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

/** Ids of the processes below one, at any depth; none where there is no /proc to look into. */
export function processesBelow(pid: number): number[] {
  if (!existsSync("/proc")) return [];
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name): [number, number] => {
      try {
        return [Number(name), Number(/^\d+ \(.*\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8"))?.[1])];
      } catch {
        return [Number(name), 0]; // it ended meanwhile
      }
    });
  const below = (one: number): number[] =>
    parents.filter(([, parent]) => parent === one).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

/** Those that still run after so long. */
export async function outliving(pids: readonly number[], ms: number = hangMs): Promise<number[]> {
  await until(() => !pids.some(isRunning), ms);
  return pids.filter(isRunning);
}
