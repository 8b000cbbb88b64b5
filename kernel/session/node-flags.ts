/**
 * The flags with which a Node of ours is started. What Node makes of its files is kept in the reader's cache folder: a start
 * then compiles nothing anew, and in a clone, where files run as TypeScript, neither strips types nor loads what strips
 * them, which halves the time and saves 30 MB a process. Written by `keep-compiled.ts`.
 */

import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Flags for a program of ours; `typed` if it is a .ts file. `small` for one that passes messages on and keeps little: with
 * V8's usual room for young objects the protocol process grows by 25 MB of garbage in a long session.
 */
export function nodeFlags({ typed, small = false }: { typed: boolean; small?: boolean }): string[] {
  const common = ["--disable-warning=ExperimentalWarning", ...(small ? ["--max-semi-space-size=2"] : [])];
  const own = typed ? ["--conditions=autoagent-lab-source"] : [];
  return [...common, ...own, "--import", cacheModule()];
}

function cacheModule(): string {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "autoagent-lab", "node");
  // Where the folder cannot be written Node goes on without it.
  const code = `import { enableCompileCache } from "node:module"; enableCompileCache(${JSON.stringify(folder)});`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
