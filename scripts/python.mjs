/**
 * The tests' Python tools in a virtual environment of their own (`.cache/python`), from the pinned versions of
 * `test/requirements.txt`. Run as a command it prints the interpreter's path; a second run does nothing.
 * Plain JavaScript, standard library only. Without Python: one sentence on stderr and exit code 3.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./setup.mjs";

const requirements = join(root, "test", "requirements.txt");
const folder = join(root, ".cache", "python");
const stampFile = join(folder, "installed");

/** The interpreter inside the virtual environment. */
export const interpreter =
  process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");

/**
 * The interpreter of an environment that was made before, or why there is none. Never installs.
 * @returns {{ path: string } | { missing: string }}
 */
export function findTestPython() {
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted()) return { path: interpreter };
  return { missing: "the tests' Python environment is not there: run `node scripts/python.mjs`" };
}

/**
 * Makes the environment if it is not there yet.
 * @param {(line: string) => void} log
 * @returns {{ path: string } | { missing: string }}
 */
export function ensureTestPython(log = (line) => console.error(line)) {
  const found = findTestPython();
  if ("path" in found) return found;
  const python = ["python3", "python"].find(
    (name) => spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status === 0,
  );
  if (python === undefined) return { missing: "there is no Python 3.10 or newer on PATH" };
  log("Making the tests' Python environment (about 250 MB, once) ...");
  rmSync(folder, { recursive: true, force: true });
  const steps = [
    [python, ["-m", "venv", folder]],
    [interpreter, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]],
  ];
  for (const [program, args] of steps) {
    const done = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 26 });
    if (done.status !== 0) {
      const why =
        `${done.stderr ?? ""}${done.stdout ?? ""}`.trim().split("\n").at(-1)?.slice(0, 200) || String(done.error);
      rmSync(folder, { recursive: true, force: true });
      return { missing: `\`${args.slice(0, 3).join(" ")}\` failed: ${why}` };
    }
  }
  writeFileSync(stampFile, wanted());
  return { path: interpreter };
}

function wanted() {
  return createHash("sha256").update(readFileSync(requirements)).digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = ensureTestPython();
  if ("path" in result) console.log(result.path);
  else {
    console.error(`No Python tools for the tests: ${result.missing}.`);
    process.exitCode = 3;
  }
}
