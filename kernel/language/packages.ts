/** Names of packages that are not there, and what brings them. */

import { existsSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";

/** The package that a module's name asks for: `@scope/name` of `@scope/name/part`; null for paths, addresses and Node's own. */
export function packageOf(specifier: string): string | null {
  const found = /^(?:@[a-z0-9~_-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~-]*(?=\/|$)/i.exec(specifier)?.[0];
  return found === undefined || builtinModules.includes(specifier) ? null : found;
}

/** What to do about a module that is not found from a folder, as a sentence; null where there is no telling. */
export function adviceFor(specifier: string, directory: string): string | null {
  const [, foreign] = /^(?:npm|jsr):\/?(.+)$/.exec(specifier) ?? [];
  if (foreign !== undefined) {
    // Deno's names carry a version: `npm:lodash@4/fp`.
    const plain = foreign.replace(/^(@?[^@]+)@[^/]*/, "$1");
    const name = specifier.startsWith("npm:") ? packageOf(plain) : null;
    if (name === null) return null;
    const install = isThere(name, directory) ? "" : `, after \`npm install ${name}\` in ${directory}`;
    return `Cells name packages as Node does: write "${plain}"${install}.`;
  }
  const name = packageOf(specifier);
  if (name === null || isThere(name, directory)) return null;
  return `Install it with \`npm install ${name}\` in ${directory}.`;
}

function isThere(name: string, directory: string): boolean {
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules", name))) return true;
    if (dirname(folder) === folder) return false;
  }
}
