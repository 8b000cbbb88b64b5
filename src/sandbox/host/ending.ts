/**
 * How the end of a child process is learnt. `close` waits until nobody holds the process's pipes any more, and one that
 * outlives it may hold them for ever: bubblewrap's inner process, where the outer one is killed before it has bound the
 * other's life to its own. So `exit` and a grace are the end, too.
 */

import type { ChildProcess } from "node:child_process";

/** How a process ended: with a code or by a signal; with neither where it never ran. */
export interface Ending {
  code: number | null;
  signal: string | null;
  /** Why it could not be started. */
  error: Error | null;
}

/** What an ended process wrote has arrived after this, unless somebody else is writing. */
const graceMs = 1000;

/** Calls `end` once, when the process is gone and what it wrote has been read. What is left of its group is ended. */
export function onEnd(child: ChildProcess, end: (ending: Ending) => void): void {
  let isOver = false;
  let grace: NodeJS.Timeout | undefined;
  const tell = (ending: Ending): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(grace);
    end(ending);
  };
  child.on("error", (error) => tell({ code: null, signal: null, error }));
  child.on("close", (code, signal) => tell({ code, signal, error: null }));
  child.on("exit", (code, signal) => {
    if (isOver) return;
    endGroup(child.pid);
    // Timers come before what is to be read: where this program was busy for longer than the grace, all of that still is.
    const giveUp = (): void => {
      tell({ code, signal, error: null });
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    };
    grace = setTimeout(() => setImmediate(giveUp), graceMs);
  });
}

/**
 * Ends those whom a process that led a group leaves behind in it. While they are there, its id is given to nobody; if
 * somebody has it, the group is another's.
 */
function endGroup(leader: number | undefined): void {
  if (leader === undefined || process.platform === "win32") return;
  try {
    process.kill(leader, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") return;
    try {
      process.kill(-leader, "SIGKILL");
    } catch {} // nobody is left: so it is nearly always
  }
}
