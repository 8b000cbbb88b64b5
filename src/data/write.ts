/**
 * Writing to a disk that may be full, locked or absent: what fails says so in a sentence with its cure, and what stood
 * there before is kept. Shared by all that writes: logs, studies, evaluations, checkpoints, converted models, exports. Not here:
 * records, whose writer is SQLite (`../record/error.ts`).
 */

import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Why a path could not be written. `chosenBy` names the option or variable that the path came from, where there is one. */
export type DiskError = { path: string; chosenBy?: string } & (
  | { kind: "full" }
  | { kind: "forbidden"; code: string }
  | { kind: "folder"; code: string }
  | { kind: "file"; code: string }
  | { kind: "unwritable"; code: string }
);

/** Thrown where a file cannot be written; `error` says why. */
export class DiskFailure extends Error {
  override readonly name = "DiskFailure";
  readonly error: DiskError;
  constructor(error: DiskError, options?: ErrorOptions) {
    super(describeDiskError(error), options);
    this.error = error;
  }
}

/** The text of a failure. */
function describeDiskError(error: DiskError): string {
  const { path } = error;
  const by = error.chosenBy === undefined ? "" : ` by ${error.chosenBy}`;
  switch (error.kind) {
    case "full":
      return `No space left on the disk of ${path}: free some${by && `, or choose another place${by},`} and go on; what was written before is kept`;
    case "forbidden":
      return `${path} may not be written here (${error.code}): choose a place that you may write to${by}, or change its rights`;
    case "folder":
      return `${path} cannot be a file (${error.code}): it is a folder, or lies below a file; choose another path${by}`;
    case "file":
      return `${path} cannot be a folder (${error.code}): it is a file, or lies below one; choose another path${by}`;
    case "unwritable":
      return `${path} could not be written (${error.code}): check the path and its disk${by && `, or choose another place${by}`}; what was written before is kept`;
    default:
      return error satisfies never;
  }
}

/** What was to be written. */
export interface Wanted {
  /** @default "file" */
  wanted?: "file" | "folder";
  /** The option or variable that the path came from, as a reader would write it. @default none */
  chosenBy?: string;
}

/** The failure that an error of the file system stands for. Any other value is given back as it is. */
export function diskFailure(path: string, cause: unknown, { wanted, chosenBy }: Wanted = {}): unknown {
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  if (cause instanceof DiskFailure || !(cause instanceof Error) || typeof code !== "string" || !("errno" in cause))
    return cause;
  const place = { path, ...(chosenBy !== undefined && { chosenBy }) };
  return new DiskFailure(errorOf(place, code, wanted === "folder"), { cause });
}

function errorOf(place: { path: string; chosenBy?: string }, code: string, isFolder: boolean): DiskError {
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") return { kind: "full", ...place };
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return { kind: "forbidden", ...place, code };
  if (code === "EISDIR" || code === "ENOTDIR" || code === "EEXIST" || code === "ENOTEMPTY")
    return { kind: isFolder ? "file" : "folder", ...place, code };
  return { kind: "unwritable", ...place, code };
}

/**
 * Appends bytes to a file of `length` bytes, all or nothing: what was half written when the disk was full is cut off again.
 * Returns the new length.
 * @throws {DiskFailure}
 */
export function appendWhole(path: string, bytes: Uint8Array, length: number): number {
  try {
    const file = openSync(path, "a");
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    try {
      truncateSync(path, length);
    } catch {
      // What could not be cut off is cut when the file is opened again.
    }
    throw diskFailure(path, cause);
  }
  return length + bytes.length;
}

/** Where a file is written before it takes its place. Of two writers to one path each has a part of its own. */
export function partOf(path: string): string {
  return `${path}.${process.pid}-${randomUUID().slice(0, 8)}.part`;
}

/** What a path leads to, where it is a link: that goes on pointing where it did when a file takes its place. */
export function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/**
 * Writes files of a folder anew: each beside its place, and they take their places when the last is whole. Where one cannot be
 * written, those that stood there are kept. The folder is made if it is missing.
 * @throws what `write` throws, as it is
 */
export async function replaceTogether(
  folder: string,
  files: readonly { name: string; write(part: string): Promise<void> }[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const places = files.map(({ name, write }) => {
    const path = realPath(join(folder, name));
    return { path, part: partOf(path), write };
  });
  try {
    for (const { part, write } of places) await write(part);
    for (const { path, part } of places) await rename(part, path);
  } finally {
    for (const { part } of places) await rm(part, { force: true });
  }
}

/**
 * Writes a file anew, all or nothing: `write` is given a path beside it, and what stood there stays until that is whole. What
 * is no plain file (a pipe, a device) is written to as it is. Its folder is made if it is missing.
 * @throws {DiskFailure}
 */
export function replaceWhole(path: string, write: (part: string) => void): void {
  let part: string | null = null;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const place = statSync(path, { throwIfNoEntry: false });
    if (place !== undefined && !place.isFile()) return write(path);
    const real = realPath(path);
    part = partOf(real);
    write(part);
    renameSync(part, real);
  } catch (cause) {
    if (part !== null) rmSync(part, { force: true });
    throw diskFailure(path, cause);
  }
}
