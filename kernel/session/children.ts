/**
 * The end of the programs that cells start: a stop ends those that the stopped cell started, as Ctrl-C would, and the end
 * of the session ends all, with a process group of their own (`detached: true`) or without. Not here: which they are
 * (`programs.ts`). On Windows only the end of the session ends them.
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { clockMs, type Leader, programsNow, programsOf } from "./programs.ts";

/** What is asked of a program before it is made to end, and how long it has for that. */
const signals = [
  ["SIGINT", 400],
  ["SIGTERM", 600],
  ["SIGKILL", 500],
] as const;

/**
 * Ends what was started from `from` on, until `ended()` has a time: by SIGINT, then SIGTERM, then SIGKILL. A cell that
 * starts one program after another is followed until it has ended; `left()` then gives what `startedSince` found.
 */
export async function endStarted(
  leader: Leader,
  {
    from,
    ended,
    left: leftAtEnd,
  }: { from: number; ended: () => number | null; left: () => ReadonlySet<number> | null },
): Promise<void> {
  if (process.platform === "win32") return;
  const asked = new Map<number, number>();
  for (;;) {
    const isOver = ended() !== null;
    const programs = await programsOf(leader);
    const known = leftAtEnd();
    const left = programs.filter(({ pid, startedAt }) =>
      known === null
        ? startedAt >= from - clockMs && startedAt <= (ended() ?? Number.POSITIVE_INFINITY)
        : known.has(pid),
    );
    if (left.length === 0 && isOver) return;
    let waitMs = 100;
    for (const { pid } of left) {
      const next = asked.get(pid) ?? 0;
      const [signal, patienceMs] = signals[Math.min(next, signals.length - 1)]!;
      asked.set(pid, next + 1);
      tell(pid, signal);
      waitMs = Math.max(waitMs, patienceMs);
    }
    if (left.some(({ pid }) => asked.get(pid)! > signals.length + 2)) return; // nothing ends it
    for (let waited = 0; waited < waitMs && left.some(({ pid }) => isThere(pid)); waited += 50)
      await sleep(50, undefined, { ref: false });
    if (left.length === 0) await sleep(waitMs, undefined, { ref: false });
  }
}

/** What was started since then and still runs: asked as a cell ends, before the next one starts its own. */
export function startedSince(leader: Leader, from: number): ReadonlySet<number> | null {
  if (process.platform !== "linux") return null;
  const programs = programsNow(leader).filter(({ startedAt }) => startedAt >= from - clockMs);
  return new Set(programs.map(({ pid }) => pid));
}

/** Ends a user process and all that its cells started, at once. */
export function endAll(leader: Leader | undefined): void {
  if (leader === undefined) return;
  const { pid } = leader;
  if (process.platform === "win32")
    return void spawn("taskkill", ["/PID", String(pid), "/T", "/F"], { stdio: "ignore" });
  const others = programsNow(leader); // while they have their parents
  tell(-pid, "SIGKILL");
  for (const one of others) tell(one.pid, "SIGKILL");
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {} // it ended meanwhile
}

function isThere(pid: number): boolean {
  try {
    // One that has ended and that its parent has not asked about yet is still listed.
    return process.kill(pid, 0) && !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" && process.platform !== "linux";
  }
}
