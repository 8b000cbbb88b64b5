/** What runs in the child: the host's own scripts, and the prelude in Python. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pipeScript, readScript } from "../../host/scripts.ts";

/** What the child runs, in this order. */
const scripts = [
  "files",
  "imports",
  "capi",
  "machine",
  "plain",
  "objects",
  "source",
  "audit",
  "clock",
  "hooks",
  "lives",
  "integrity",
  "agent",
  "calls",
  "setup",
  "warm",
  "world",
  "main",
] as const;

/** Every script of the child by its name. */
export function childScripts(): [name: string, text: string][] {
  const own = scripts.map((name): [string, string] => [name, readScript(join(import.meta.dirname, "child"), name)]);
  return [["pipe", pipeScript()], ["boot", readScript(join(import.meta.dirname, "child"), "boot")], ...own];
}

/** The Python text that runs before the snapshot. */
export function preludeText(): string {
  return readFileSync(join(import.meta.dirname, "prelude.py"), "utf8");
}
