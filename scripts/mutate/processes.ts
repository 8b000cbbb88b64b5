/** Runs a program in a copy as the head of a process group, and ends all that it started, whatever group that went to. */

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Copy } from "./copy.ts";

/** The variable whose value marks every process of one run; children inherit it. */
const mark = "AUTOAGENT_MUTANT";

/** How often the processor's time of a program is read. */
const lookMs = 500;

/** How a program ended. */
export interface Ended {
  code: number | null;
  /** The last of what it printed. */
  output: string;
  /** It was ended because its time was over: by the clock, or by the processor, which hangs little on what else the machine does. */
  late: "clock" | "processor" | null;
}

/** What a program may take. */
export interface Limit {
  /** By the clock, from now on. */
  seconds: number;
  /** Of processor, from its start, its children's included; where the system tells. */
  processor?: number;
}

/** Options of `runIn`. */
export interface RunOptions {
  limit: Limit;
  /** Called with each line of its output; it may give another limit. */
  onLine?: (line: string) => Limit | undefined;
  /** A folder for V8's coverage of all its processes. */
  coverage?: string | undefined;
  signal: AbortSignal;
}

/** Runs Node with these arguments in the copy's root. Never rejects: a program that cannot start ends with code null. */
export function runIn(copy: Copy, args: readonly string[], options: RunOptions): Promise<Ended> {
  const { onLine, signal } = options;
  const id = randomUUID();
  const child = spawn(process.execPath, args, {
    cwd: copy.root,
    env: environment(copy, id, options.coverage),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve) => {
    let output = "";
    let line = "";
    let late: Ended["late"] = null;
    let limit = options.limit;
    let deadline = Date.now() + limit.seconds * 1000;
    const end = (): void => endGroup(child.pid);
    const looking = setInterval(() => {
      if (late !== null) return;
      if (Date.now() > deadline) late = "clock";
      else if (limit.processor !== undefined && processorBelow(child.pid) > limit.processor) late = "processor";
      if (late !== null) end();
    }, lookMs);
    const read = (chunk: string): void => {
      output = (output + chunk).slice(-20_000);
      const lines = (line + chunk).split("\n");
      line = lines.pop()!.slice(-100_000);
      for (const one of lines) {
        const other = onLine?.(one);
        if (other === undefined) continue;
        limit = other;
        deadline = Date.now() + limit.seconds * 1000;
      }
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (output = (output + chunk).slice(-20_000)));
    signal.addEventListener("abort", end);
    const done = (code: number | null): void => {
      clearInterval(looking);
      signal.removeEventListener("abort", end);
      endGroup(child.pid);
      endMarked(id);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, output, late });
    };
    child.once("error", () => done(null));
    child.once("exit", (code) => setImmediate(done, code));
  });
}

/** Seconds of processor of a process and of its children that ended, null where the system does not tell. */
export function processorOf(pid: number | "self" | undefined): number | null {
  return statOf(pid)?.processor ?? null;
}

/** The same and of all processes that run below it now; 0 where the system does not tell. */
function processorBelow(pid: number | undefined): number {
  if (process.platform !== "linux") return 0;
  const stats = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (statOf(Number(name)) ?? []) : []));
  const found = stats.filter((stat) => stat.pid === pid);
  for (const { pid } of found) found.push(...stats.filter(({ parent }) => parent === pid));
  return found.reduce((sum, { processor }) => sum + processor, 0);
}

function statOf(pid: number | "self" | undefined) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.replace(/^.*\) /s, "").split(" ");
    const ticks = fields.slice(11, 15).map(Number); // user and system, own and children's
    return {
      pid: Number.parseInt(text, 10),
      parent: Number(fields[1]),
      processor: ticks.reduce((sum, n) => sum + n, 0) / 100,
    };
  } catch {
    return null;
  }
}

function environment({ temporary, compiled }: Copy, id: string, coverage: string | undefined): NodeJS.ProcessEnv {
  const folders = { TMPDIR: temporary, TEMP: temporary, TMP: temporary, NODE_COMPILE_CACHE: compiled };
  // Empty, not left out: Node would pass on this process's own.
  return { ...process.env, [mark]: id, ...folders, NODE_V8_COVERAGE: coverage ?? "" };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {} // gone already
}

/** Children that made a group of their own. Only Linux tells another process's variables; elsewhere they end with their parents. */
function endMarked(id: string): void {
  if (process.platform !== "linux") return;
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one)))
    try {
      if (readFileSync(`/proc/${name}/environ`, "utf8").includes(`${mark}=${id}`))
        process.kill(Number(name), "SIGKILL");
    } catch {} // gone already, or another user's
}
