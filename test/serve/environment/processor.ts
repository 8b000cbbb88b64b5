/**
 * Processor time of processes, as Linux counts it in `/proc`: of one, and of all below it. A child that has ended counts on in
 * its parent's sum of such.
 */

import { readFileSync } from "node:fs";

/** A process's fields of time are in hundredths of a second, whatever the kernel's own clock is. */
const msPerTick = 10;

/** Milliseconds of a process itself, and of its children that have ended; nothing of one that is gone. */
function timesOf(pid: number): { own: number; ended: number } {
  try {
    const [user, system, endedUser, endedSystem] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .split(") ")
      .at(-1)!
      .split(" ")
      .slice(11, 15)
      .map((ticks) => Number(ticks) * msPerTick);
    return { own: user! + system!, ended: endedUser! + endedSystem! };
  } catch {
    return { own: 0, ended: 0 };
  }
}

/** The children of a process, those of its main thread. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Milliseconds of a process itself. */
export function processorOf(pid: number): number {
  return timesOf(pid).own;
}

/** Milliseconds of all that a process has started, and of what these have. */
export function processorBelow(pid: number): number {
  return childrenOf(pid).reduce((sum, child) => sum + processorOf(child) + processorBelow(child), timesOf(pid).ended);
}
