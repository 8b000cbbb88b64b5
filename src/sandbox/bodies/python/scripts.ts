/** What runs in the child: the host's own scripts, and the prelude in Python. */

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pipeScript, readScript } from "../../host/scripts.ts";

/** What the child runs, in this order. */
const scripts = [
  "child/files",
  "child/imports",
  "child/capi",
  "child/machine",
  "child/plain",
  "child/objects",
  "child/source",
  "child/audit",
  "child/clock",
  "child/hooks",
  "child/lives",
  "child/integrity",
  "child/agent",
  "child/calls",
  "child/setup",
  "child/warm",
  "child/world",
  "child/main",
] as const;

/** Every script of the child by its name. */
export function childScripts(): [name: string, text: string][] {
  const read = (path: string): [string, string] => [basename(path), readScript(import.meta.dirname, path)];
  return [["pipe", pipeScript()], read("child/boot"), ...scripts.map(read)];
}

/** The Python text that runs before the snapshot. */
export function preludeText(): string {
  return readFileSync(join(import.meta.dirname, "prelude.py"), "utf8");
}
