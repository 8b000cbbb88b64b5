/**
 * The programs that cells start. They are of the user process's own process group, as they would be of a shell's job: so
 * a stop ends those that the stopped cell started, as Ctrl-C would, and the end of the session ends all. A program with a
 * group of its own (`detached: true`) is its maker's to end. Windows has no such groups: there only the end of the
 * session ends them.
 */

import { execFile, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

interface Member {
  pid: number;
  /** By `performance.now()`. */
  startedAt: number;
}

/** Some systems tell the start of a process in hundredths of a second, some in seconds. */
const clockMs = { proc: 20, ps: 1000 };

/** What is asked of a program before it is made to end, and how long it has for that. */
const signals = [
  ["SIGINT", 400],
  ["SIGTERM", 600],
  ["SIGKILL", 500],
] as const;

/**
 * Ends what was started in a group from `from` on, until `ended()` has a time: by SIGINT, then SIGTERM, then SIGKILL. A cell
 * that starts one program after another is followed until it has ended; `left()` then gives what `startedSince` found.
 */
export async function endStarted(
  leader: number,
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
    const { members, clock } = await membersOf(leader);
    const known = leftAtEnd();
    const left = members.filter(({ pid, startedAt }) =>
      known === null ? startedAt >= from - clock && startedAt <= (ended() ?? Number.POSITIVE_INFINITY) : known.has(pid),
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

/** What was started in a group since then and still runs: asked as a cell ends, before the next one starts its own. */
export function startedSince(leader: number, from: number): ReadonlySet<number> | null {
  if (process.platform !== "linux") return null;
  return new Set(
    fromProc(leader)
      .filter(({ startedAt }) => startedAt >= from - clockMs.proc)
      .map(({ pid }) => pid),
  );
}

/** Ends a user process and all that its cells started, at once. */
export function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  if (process.platform === "win32") spawn("taskkill", ["/PID", String(leader), "/T", "/F"], { stdio: "ignore" });
  else tell(-leader, "SIGKILL");
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

async function membersOf(leader: number): Promise<{ members: Member[]; clock: number }> {
  if (process.platform === "linux") return { members: fromProc(leader), clock: clockMs.proc };
  return { members: await fromPs(leader), clock: clockMs.ps };
}

function fromProc(leader: number): Member[] {
  const now = performance.now();
  const uptimeMs = Number.parseFloat(readFileSync("/proc/uptime", "utf8")) * 1000;
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === leader) return [];
    try {
      // After the name, which may hold anything: state, parent, group, ... and in the twentieth place the start.
      const text = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      if (Number(fields[2]) !== leader || fields[0] === "Z") return [];
      return [{ pid: Number(name), startedAt: now - (uptimeMs - Number(fields[19]) * 10) }];
    } catch {
      return []; // it ended meanwhile
    }
  });
}

/** macOS and others: `ps` tells how long each has run, as [[days-]hours:]minutes:seconds. */
async function fromPs(leader: number): Promise<Member[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,pgid=,stat=,etime="]);
  const now = performance.now();
  return stdout.split("\n").flatMap((line) => {
    const [pid, group, state, time] = line.trim().split(/\s+/);
    if (Number(group) !== leader || Number(pid) === leader || state?.startsWith("Z")) return [];
    const [seconds = 0, minutes = 0, hours = 0, days = 0] = (time ?? "").split(/[-:]/).reverse().map(Number);
    return [{ pid: Number(pid), startedAt: now - 1000 * (seconds + 60 * (minutes + 60 * (hours + 24 * days))) }];
  });
}
