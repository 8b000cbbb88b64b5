/**
 * The two processes of the JavaScript body: the child in which its lives are, isolates without a JIT, and the one that reads
 * programs and runs none: with a JIT, since the stripper of types is WebAssembly, and no addon. Both are given their sources
 * as text, so that they need to read no file but the addon.
 */

import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ChildPlan } from "../../host/body.ts";
import { SandboxFailure } from "../../host/error.ts";
import { pipeScript, readScript } from "../../host/scripts.ts";
import type { Level } from "../../types.ts";

const require = createRequire(import.meta.url);

/** Most data a child may hold, whatever its isolates claim. */
const dataBytes = 384 * 1024 * 1024;

const common = ["--no-warnings", "--disable-sigusr1", "--v8-pool-size=1", "--input-type=commonjs"];

/** What the child runs, by its name in the greeting: the parsers of programs, then what runs in every isolate. */
const sourcePaths = {
  // Whole paths, so that a search for a file's name finds who reads it.
  compile: "child/compile",
  climb: "child/climb",
  clock: "child/clock",
  values: "child/values",
  plain: "child/plain",
  inquiry: "child/inquiry",
  probing: "child/probing",
  guest: "child/guest",
  decoy: "child/decoy",
  builtins: "child/builtins",
  decoys: "child/decoys",
};

/** The process of the lives. */
export function childPlan(level: Level): ChildPlan {
  const addon = findAddon();
  const flags = [
    ...common,
    "--no-node-snapshot",
    // All of our scripts are compiled with the first isolate and kept: no life compiles them again, function by function, nor
    // do decoys need the stack for it, which a guest may have filled.
    "--no-lazy",
    "--max-old-space-size=64",
    ...(level >= 1 ? ["--jitless", "--allow-addons"] : []),
  ];
  const { pipe, main, ...own } = childSources();
  const sources = { acorn: readAcorn(), ...own };
  return { flags, script: `${pipe}\n${main}`, files: [addon], greeting: JSON.stringify({ sources, addon }), dataBytes };
}

/** The process that reads programs. Its engine reserves more than it uses, and is held by flags of its own. */
export function readerPlan(): ChildPlan {
  return {
    flags: [...common, "--max-old-space-size=128", "--wasm-max-mem-pages=4096"],
    script: `${pipeScript()}\n${readSource("child/reader")}`,
    files: [],
    greeting: JSON.stringify({ sources: { acorn: readAcorn(), compile: readSource("child/compile") } }),
    dataBytes: null,
  };
}

/** Every script of the child by its name: its own two first, then what they run. */
export function childSources(): { pipe: string; main: string; [name: string]: string } {
  const own = Object.entries(sourcePaths).map(([name, path]) => [name, readSource(path)] as const);
  return { pipe: pipeScript(), main: readSource("child/main"), ...Object.fromEntries(own) };
}

function readAcorn(): string {
  return readFileSync(require.resolve("acorn"), "utf8");
}

/** The child's sources, as scripts. */
function readSource(name: string): string {
  return readScript(import.meta.dirname, name);
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
