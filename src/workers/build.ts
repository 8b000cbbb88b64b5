/**
 * Which build this is: everything that an episode depends on besides its spec. A driver and a worker of different builds do
 * not work together, for what they play might differ without a word.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";

const require = createRequire(import.meta.url);
const source = join(import.meta.dirname, "..");

let known: string | undefined;

/** Eight letters, from the library's own files, the JavaScript engine, the isolate's library and the processor. */
export function buildOf(): string {
  known ??= digestOf();
  return known;
}

function digestOf(): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([process.versions.v8, process.arch, versionOf("isolated-vm")]));
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|js)$/.test(name));
  for (const name of files.filter((one) => !one.endsWith(".d.ts")).sort()) {
    hash.update(`\0${relative(source, join(source, name))}\0`);
    hash.update(readFileSync(join(source, name)));
  }
  return hash.digest("hex").slice(0, 8);
}

function versionOf(name: string): string {
  return (JSON.parse(readFileSync(require.resolve(`${name}/package.json`), "utf8")) as { version: string }).version;
}
