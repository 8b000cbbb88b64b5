/** The kernels that are compared: ours with and without type checks, ipykernel, Deno's and tslab. */

import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { kernelSpec } from "../../kernel/install.ts";
import type { PeerOptions } from "./peer.ts";

const root = resolve(import.meta.dirname, "../..");
const pythonScript: string = "../../scripts/python.mjs"; // plain JavaScript, for any Node: it has no types to check
const { findTestPython } = (await import(pythonScript)) as {
  findTestPython: () => { path: string } | { missing: string };
};

/** A peer's command line, or why it cannot be run here. */
export type PeerChoice = PeerOptions | { name: string; missing: string };

/** How each kernel is started. `directory` is where its cells run. */
export function peers({ directory = join(root, "notebooks") }: { directory?: string } = {}) {
  const ours = (name: string, types: string): PeerOptions => ({
    name,
    argv: (kernelSpec() as { argv: string[] }).argv,
    directory,
    environment: { AUTOAGENT_TYPES: types },
  });
  const python = findTestPython();
  const require = createRequire(import.meta.url);
  const tslab = join(dirname(require.resolve("tslab/package.json")), "bin", "tslab");
  return {
    ours: ours("ours", "off"),
    checked: ours("ours, types checked", "warn"),
    ipykernel:
      "path" in python
        ? { name: "ipykernel", argv: [python.path, "-m", "ipykernel_launcher", "-f", "{connection_file}"], directory }
        : { name: "ipykernel", missing: python.missing },
    deno: deno(require, directory),
    tslab: { name: "tslab", argv: [process.execPath, tslab, "kernel", "--config-path={connection_file}"], directory },
  } satisfies { [name: string]: PeerChoice };
}

/** npm's `deno` is a script that waits for the real program, which would outlive it when it is killed. */
function deno(require: NodeJS.Require, directory: string): PeerChoice {
  const system = process.platform === "linux" ? "linux-ARCH-glibc" : `${process.platform}-ARCH`;
  const name = `@deno/${system.replace("ARCH", process.arch)}`;
  try {
    const folder = dirname(require.resolve(`${name}/package.json`, { paths: [require.resolve("deno/package.json")] }));
    const program = join(folder, process.platform === "win32" ? "deno.exe" : "deno");
    const argv = [program, "jupyter", "--kernel", "--conn", "{connection_file}"];
    return { name: "Deno", argv, directory, environment: { DENO_NO_UPDATE_CHECK: "1" } };
  } catch {
    return { name: "Deno", missing: `the package ${name} is not installed` };
  }
}
