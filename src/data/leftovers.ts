/**
 * What processes that were killed left half written. Nobody takes it for whole, but it takes room: it is removed by the next
 * that writes to the same place.
 */

import { readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { realPath } from "./write.ts";

/** Another machine may write to a shared folder, and its processes cannot be asked here: what is so old is written to no more. */
const restMs = 2 * 60_000;
/** A process of the same number may be quite another one. */
const longestMs = 24 * 3_600_000;

/** Removes what is left in a folder of processes that are gone; `ownerOf` tells from a name whose part it is, null for others. */
export function removeLeftovers(folder: string, ownerOf: (name: string) => number | null, now = Date.now()): void {
  for (const name of namesIn(folder)) {
    const owner = ownerOf(name);
    if (owner === null || owner === process.pid) continue;
    const path = join(folder, name);
    const age = now - lastWritten(path);
    if (age > longestMs || (age > restMs && !isRunning(owner))) rmSync(path, { recursive: true, force: true });
  }
}

/** Removes the parts of a file (`partOf` names them) that are left of processes that are gone. */
export function removeParts(path: string): void {
  const real = realPath(path);
  const name = basename(real);
  removeLeftovers(dirname(real), (found) => {
    const rest = found.startsWith(`${name}.`) ? /^(\d+)-[0-9a-f]{8}\.part$/.exec(found.slice(name.length + 1)) : null;
    return rest === null ? null : Number(rest[1]);
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it will be made, or said to be none
  }
}

/** When it, or what it holds, was last written to. */
function lastWritten(path: string): number {
  try {
    const at = statSync(path);
    const inside = at.isDirectory() ? readdirSync(path).map((name) => statSync(join(path, name)).mtimeMs) : [];
    return Math.max(at.mtimeMs, ...inside);
  } catch {
    return Number.POSITIVE_INFINITY; // somebody else has just removed it
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
