/**
 * Which programs a user process has started, at any depth. They are of its process group, as they would be of a shell's
 * job; one with a group of its own (`detached: true`) is known by its parents and, on Linux, by a mark that it inherits
 * with its environment. Not here: when they are ended (`children.ts`). Windows has no such groups.
 */

import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

/** The environment variable that a user process and all that it starts carry. */
export const markName = "AUTOAGENT_USER_PROCESS";

/** A user process. */
export interface Leader {
  pid: number;
  /** Its value of the variable. */
  mark: string;
}

/** A program that runs. */
export interface Program {
  pid: number;
  /** By `performance.now()`. */
  startedAt: number;
}

interface Listed extends Program {
  parent: number;
  group: number;
}

/** Some systems tell the start of a process in hundredths of a second, some in seconds. */
export const clockMs = process.platform === "linux" ? 20 : 1000;

/** What a user process has started, by any system's means. */
export async function programsOf(leader: Leader): Promise<Program[]> {
  return process.platform === "linux" ? programsNow(leader) : belowOrBeside(leader, await listByPs());
}

/** The same without waiting; nothing where the system has no /proc. */
export function programsNow(leader: Leader): Program[] {
  if (process.platform !== "linux") return [];
  const all = listByProc();
  const known = new Set(belowOrBeside(leader, all));
  return all.filter((one) => known.has(one) || (one.pid !== leader.pid && isMarked(one.pid, leader.mark)));
}

function belowOrBeside({ pid: leader }: { pid: number }, all: Listed[]): Listed[] {
  const found = new Set(all.filter(({ pid, group }) => group === leader && pid !== leader));
  const parents = new Set([leader, ...[...found].map(({ pid }) => pid)]);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const one of all) {
      if (one.pid === leader || found.has(one) || !parents.has(one.parent)) continue;
      found.add(one);
      parents.add(one.pid);
    }
  }
  return [...found];
}

function isMarked(pid: number, mark: string): boolean {
  try {
    return mark !== "" && readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${markName}=${mark}`);
  } catch {
    return false; // somebody else's, or it ended meanwhile
  }
}

function listByProc(): Listed[] {
  const now = performance.now();
  const uptimeMs = Number.parseFloat(readFileSync("/proc/uptime", "utf8")) * 1000;
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // After the name, which may hold anything: state, parent, group, ... and in the twentieth place the start.
      const text = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      if (fields[0] === "Z") return [];
      const startedAt = now - (uptimeMs - Number(fields[19]) * 10);
      return [{ pid: Number(name), parent: Number(fields[1]), group: Number(fields[2]), startedAt }];
    } catch {
      return []; // it ended meanwhile
    }
  });
}

/** macOS and others: `ps` tells how long each has run, as [[days-]hours:]minutes:seconds. */
async function listByPs(): Promise<Listed[]> {
  const { execFile } = await import("node:child_process"); // the user process, which reads this file, starts without it
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,pgid=,stat=,etime="]);
  return readPs(stdout, performance.now());
}

/** What `ps -o pid=,ppid=,pgid=,stat=,etime=` printed at the time `now`. */
export function readPs(text: string, now: number): Listed[] {
  return text.split("\n").flatMap((line) => {
    const [pid, parent, group, state, time] = line.trim().split(/\s+/);
    if (time === undefined || state!.startsWith("Z")) return [];
    const [seconds, minutes, hours = 0, days = 0] = time.split(/[-:]/).reverse().map(Number);
    const startedAt = now - 1000 * (seconds! + 60 * (minutes! + 60 * (hours + 24 * days)));
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), startedAt }];
  });
}
