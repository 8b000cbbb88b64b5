/**
 * CPython as it is installed: two files of the npm package `pyodide`, an optional dependency, known by their hashes. Of that
 * package's JavaScript nothing is used or loaded.
 */

import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { SandboxFailure } from "../../host/error.ts";

const require = createRequire(import.meta.url);

/** The version that is run, and its files by the first digits of their SHA-256. */
export const pinned = {
  version: "314.0.7",
  wasm: "cc36e3cab04fdfc9a63ff13eb52eae2b911bf46c025cc7b281f394bd3de1d5e6",
  archive: "fa1957e5777068fc4f7437f96d860ae2fbe9c19732ba06c84e004ec16dd7dd7a",
} as const;

const names = { wasm: "pyodide.asm.wasm", archive: "python_stdlib.zip" } as const;
let found: { wasm: string; archive: string } | undefined;

/** Where the two files are. Throws a SandboxFailure where they are not, or are others. */
export function findPython(resolve: (name: string) => string = require.resolve): { wasm: string; archive: string } {
  if (found !== undefined && resolve === require.resolve) return found;
  let folder: string;
  try {
    folder = dirname(realpathSync(resolve("pyodide/package.json")));
  } catch {
    throw missing("the npm package pyodide is not installed");
  }
  const files = { wasm: join(folder, names.wasm), archive: join(folder, names.archive) };
  for (const kind of ["wasm", "archive"] as const) {
    const hash = hashOf(files[kind]);
    if (hash !== pinned[kind])
      throw missing(
        hash === null ? `${files[kind]} is not there` : `${files[kind]} is another one (SHA-256 ${hash.slice(0, 12)})`,
      );
  }
  if (resolve === require.resolve) found = files;
  return files;
}

function hashOf(path: string): string | null {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return null;
  }
}

function missing(why: string): SandboxFailure {
  return new SandboxFailure({
    kind: "unsupported",
    what: `CPython as pyodide@${pinned.version} has it for agents that are written in Python, and ${why}`,
    cure: `run \`npm install --ignore-scripts pyodide@${pinned.version}\` (14 MB)`,
  });
}
