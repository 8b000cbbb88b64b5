/** Programs of the system that set-up commands run, told in one sentence where they fail. */

import { spawnSync } from "node:child_process";
import { SetupFailure } from "./setup.mjs";

/**
 * Runs a program to its end.
 * @throws {SetupFailure} of what it says where it fails, behind `what`
 */
export function runOrFail(program, args, what, options = {}) {
  const done = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 26, ...options });
  if (done.status === 0) return;
  const said = `${done.stderr ?? ""}\n${done.stdout ?? ""}`.trim().split("\n");
  const line = said.find((text) => /error/i.test(text)) ?? said.at(-1);
  throw new SetupFailure(`${what[0].toUpperCase()}${what.slice(1)}: ${(line || String(done.error)).slice(0, 300)}`);
}

/** A Python with pip on PATH, by its name; undefined where there is none. */
export function findPip() {
  return ["python3", "python"].find((name) => spawnSync(name, ["-m", "pip", "--version"]).status === 0);
}
