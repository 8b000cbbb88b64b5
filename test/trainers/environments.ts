/**
 * Trainers' clients in a virtual environment of their own under `.cache/trainers`, with this project's Python package built
 * into a wheel and installed beside them. A second run installs the wheel alone. Versions that cannot live together lie in
 * folders of their own.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The interpreter that has the newest of all, and folders that lie before its packages; or why there is none. */
export type Prepared = { path: string; old: string; verifiers: string } | { missing: string };

const root = resolve(import.meta.dirname, "../..");
const folder = join(root, ".cache", "trainers");
const script = join(root, "scripts", "python.mjs"); // plain JavaScript, for any Node: it has no types to check
const { ensurePython } = (await import(script)) as {
  ensurePython: (wanted: {
    folder: string;
    requirements: string;
    flags: string[];
    what: string;
  }) => { path: string } | { missing: string };
};

/** Without their dependencies, which are pinned beside them; whatever is imported is compiled then. */
const flags = ["--no-deps", "--no-compile"];

/** Installs what is missing. */
export function prepareTrainers(): Prepared {
  const requirements = listOf("requirements");
  const what = "environment for trainers' clients (about 250 MB";
  const python = ensurePython({ folder: join(folder, "python"), requirements, flags, what });
  if ("missing" in python) return python;
  const old = overlay(python.path, "requirements-old");
  const verifiers = overlay(python.path, "requirements-verifiers");
  for (const one of [old, verifiers]) if ("missing" in one) return one;
  installWheel(python.path);
  return { path: python.path, old: (old as { path: string }).path, verifiers: (verifiers as { path: string }).path };
}

/** Other versions of some packages, in a folder that lies before the environment's own. */
function overlay(python: string, list: string): { path: string } | { missing: string } {
  const path = join(folder, list);
  const stamp = join(path, "installed");
  const wanted = createHash("sha256")
    .update(readFileSync(listOf(list)))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return { path };
  rmSync(path, { recursive: true, force: true });
  const failure = pip(python, ["install", ...flags, "--target", path, "-r", listOf(list)]);
  if (failure !== null) return { missing: failure };
  writeFileSync(stamp, wanted);
  return { path };
}

function listOf(name: string): string {
  return join(import.meta.dirname, `${name}.txt`);
}

/** What the package itself needs, for another interpreter, which is left as it is: a folder for its path. */
export function installInto(python: string): string {
  const [websockets] = /^websockets==.+$/m.exec(readFileSync(listOf("requirements"), "utf8"))!;
  const path = join(folder, "trl");
  if (!existsSync(join(path, "websockets"))) {
    const failure = pip(python, ["install", ...flags, "--target", path, websockets]);
    if (failure !== null) throw new Error(failure);
  }
  return path;
}

/** Builds the package as its users get it. What fails here is a fault of ours, not of the network's. */
function installWheel(python: string): void {
  const wheels = join(folder, "wheels");
  rmSync(wheels, { recursive: true, force: true });
  const source = join(root, "python");
  const built = pip(python, ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, source]);
  if (built !== null) throw new Error(`the wheel of python/ could not be built: ${built}`);
  const [wheel] = readdirSync(wheels);
  const installed = pip(python, ["install", "--no-deps", "--force-reinstall", "--no-index", join(wheels, wheel!)]);
  if (installed !== null) throw new Error(`the wheel of python/ could not be installed: ${installed}`);
}

/** Null when it is done, else what it said last. */
function pip(python: string, args: string[]): string | null {
  const [verb, ...rest] = args;
  const all = ["-m", "pip", verb!, "--quiet", "--disable-pip-version-check", ...rest];
  const { status, stderr, error } = spawnSync(python, all, { encoding: "utf8" });
  return status === 0 ? null : stderr.trim().split("\n").at(-1)?.slice(0, 300) || String(error);
}
