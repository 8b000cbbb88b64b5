/**
 * Writing to a disk that may be full, locked or absent: what fails says so in a sentence with its cure, and what stood
 * there before is kept. Shared by logs, studies and evaluations. Not here: checkpoints and converted models, which are written
 * beside the old ones and renamed.
 */

import { closeSync, openSync, truncateSync, writeSync } from "node:fs";

/** Why a path could not be written. */
export type DiskError =
  | { kind: "full"; path: string }
  | { kind: "forbidden"; path: string; code: string }
  | { kind: "folder"; path: string; code: string }
  | { kind: "file"; path: string; code: string }
  | { kind: "unwritable"; path: string; code: string };

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
  switch (error.kind) {
    case "full":
      return `No space left on the disk of ${error.path}: free some and go on; what was written before is kept`;
    case "forbidden":
      return `${error.path} may not be written here (${error.code}): choose a place that you may write to, or change its rights`;
    case "folder":
      return `${error.path} cannot be a file (${error.code}): it is a folder, or lies below a file; choose another path`;
    case "file":
      return `${error.path} cannot be a folder (${error.code}): it is a file, or lies below one; choose another path`;
    case "unwritable":
      return `${error.path} could not be written (${error.code}): check the path and its disk; what was written before is kept`;
    default:
      return error satisfies never;
  }
}

/** The failure that an error of the file system stands for, where a file or a folder was wanted. Any other value is given back as it is. */
export function diskFailure(path: string, cause: unknown, wanted: "file" | "folder" = "file"): unknown {
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  if (cause instanceof DiskFailure || !(cause instanceof Error) || typeof code !== "string" || !("errno" in cause))
    return cause;
  const error = errorOf(path, code);
  const misplaced = error.kind === "folder" && wanted === "folder";
  return new DiskFailure(misplaced ? { kind: "file", path, code } : error, { cause });
}

function errorOf(path: string, code: string): DiskError {
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") return { kind: "full", path };
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return { kind: "forbidden", path, code };
  if (code === "EISDIR" || code === "ENOTDIR" || code === "EEXIST" || code === "ENOTEMPTY")
    return { kind: "folder", path, code };
  return { kind: "unwritable", path, code };
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
