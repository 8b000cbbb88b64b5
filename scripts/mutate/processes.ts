/** Runs a program in a copy as the head of a process group, and ends all that it started, whatever group that went to. */

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Copy } from "./copy.ts";

/** The variable whose value marks every process of one run; children inherit it. */
const mark = "AUTOAGENT_MUTANT";

/** How a program ended. */
export interface Ended {
  code: number | null;
  /** The last of what it printed. */
  output: string;
  /** It was ended because its time was over. */
  late: boolean;
}

/** Options of `runIn`. */
export interface RunOptions {
  /** Seconds from now that it may take. `onLine` may give it a new deadline. */
  seconds: number;
  /** Called with each line of its output; a number it returns are the seconds that it has from now on. */
  onLine?: (line: string) => number | undefined;
  signal: AbortSignal;
}

/** Runs Node with these arguments in the copy's root. Never rejects: a program that cannot start ends with code null. */
export function runIn(copy: Copy, args: readonly string[], { seconds, onLine, signal }: RunOptions): Promise<Ended> {
  const id = randomUUID();
  const { temporary, compiled } = copy;
  const folders = { TMPDIR: temporary, TEMP: temporary, TMP: temporary, NODE_COMPILE_CACHE: compiled };
  const env = { ...process.env, [mark]: id, ...folders };
  const child = spawn(process.execPath, args, {
    cwd: copy.root,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve) => {
    let output = "";
    let line = "";
    let late = false;
    let deadline = setTimeout(expire, seconds * 1000);
    const end = (): void => endGroup(child.pid);
    function expire(): void {
      late = true;
      end();
    }
    const read = (chunk: string): void => {
      output = (output + chunk).slice(-20_000);
      const lines = (line + chunk).split("\n");
      line = lines.pop()!.slice(-100_000);
      for (const one of lines) {
        const more = onLine?.(one);
        if (more === undefined) continue;
        clearTimeout(deadline);
        deadline = setTimeout(expire, more * 1000);
      }
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (output = (output + chunk).slice(-20_000)));
    signal.addEventListener("abort", end);
    const done = (code: number | null): void => {
      clearTimeout(deadline);
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
