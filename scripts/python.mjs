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

/** The interpreter inside the virtual environment. */
export const interpreter = interpreterIn(folder);

function interpreterIn(place) {
  return process.platform === "win32" ? join(place, "Scripts", "python.exe") : join(place, "bin", "python");
}

/**
 * The interpreter of an environment that was made before, or why there is none. Never installs.
 * @returns {{ path: string } | { missing: string }}
 */
export function findTestPython() {
  if (isMade(folder, requirements)) return { path: interpreter };
  return { missing: "the tests' Python environment is not there: run `node scripts/python.mjs`" };
}

function isMade(place, list) {
  const stamp = join(place, "installed");
  return existsSync(stamp) && readFileSync(stamp, "utf8") === hashOf(list);
}

/**
 * Makes the environment if it is not there yet.
 * @param {(line: string) => void} log
 * @returns {{ path: string } | { missing: string }}
 */
export function ensureTestPython(log = (line) => console.error(line)) {
  const made = ensurePython({ folder, requirements, flags: [], what: "tests' Python environment (about 250 MB" }, log);
  if ("path" in made) nameScriptsCommonJs();
  return made;
}

/** JupyterLab brings scripts for Node, which below this repository's package.json would be taken for modules. */
function nameScriptsCommonJs() {
  const file = join(folder, "package.json");
  if (!existsSync(file)) writeFileSync(file, '{ "private": true, "type": "commonjs" }\n');
}

/**
 * Makes a virtual environment of pinned packages if it is not there yet.
 * @param {{ folder: string, requirements: string, flags: string[], what: string }} wanted `flags`: of `pip install`; `what`: how it is named, with its size
 * @param {(line: string) => void} log
 * @returns {{ path: string } | { missing: string }}
 */
export function ensurePython({ folder, requirements, flags, what }, log = (line) => console.error(line)) {
  const interpreter = interpreterIn(folder);
  if (isMade(folder, requirements)) return { path: interpreter };
  const python = ["python3", "python"].find(
    (name) => spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status === 0,
  );
  if (python === undefined) return { missing: "there is no Python 3.10 or newer on PATH" };
  log(`Making the ${what}, once) ...`);
  rmSync(folder, { recursive: true, force: true });
  const steps = [
    [python, ["-m", "venv", folder]],
    [interpreter, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...flags, "-r", requirements]],
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
  writeFileSync(join(folder, "installed"), hashOf(requirements));
  return { path: interpreter };
}

function hashOf(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = ensureTestPython();
  if ("path" in result) console.log(result.path);
  else {
    console.error(`No Python tools for the tests: ${result.missing}.`);
    process.exitCode = 3;
  }
}
