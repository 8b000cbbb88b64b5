/** A record as it is given to whoever writes or reads one: open, or by its path, and then opened here. */

import { accessSync, constants, existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isInFile } from "./head.ts";
import type { OpenOptions } from "./schema.ts";
import { type EpisodeRecord, openRecord } from "./store.ts";

/** A record for some time. */
export interface HeldRecord {
  readonly record: EpisodeRecord;
  /** Closes it, unless it was given open. */
  release(): void;
}

/**
 * Holds a record. What cannot be opened is told at once, but a new file is made only when something is to be written: what
 * could not be recorded leaves no empty record behind.
 */
export function holdRecord(given: EpisodeRecord | string, options: OpenOptions): HeldRecord {
  if (typeof given !== "string") return { record: given, release() {} };
  let opened: EpisodeRecord | null = null;
  const open = (): EpisodeRecord => (opened ??= openRecord(given, options));
  if (!options.create || !isInFile(given) || existsSync(given) || !isWritable(dirname(resolve(given)))) open();
  return {
    get record() {
      return open();
    },
    release: () => opened?.close(),
  };
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
