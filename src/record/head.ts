/**
 * The head that is kept beside a record, in `FILE-head`: number and hash of the last entry. SQLite drops what follows a
 * damaged frame of its write-ahead log without a word, and a chain that ends too early is still a chain; only a head that
 * was noted down elsewhere tells. It shows accidents, not intent: who can change the record can change this file too.
 * Not here: a head that the user noted down, which `verify({ head })` takes.
 */

import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";

/** Where a record ended when its last entry was acknowledged. */
export interface KeptHead {
  /** The number of the last entry, from 1. */
  entries: number;
  /** Its hash. */
  head: string;
}

/** Keeps the head of an open record up to date. */
export interface HeadKeeper {
  /** Notes an entry down, after it was committed. Never throws: the entry is safe, only less is known of it. */
  keep(head: KeptHead): void;
  close(): void;
}

/** The file beside the record at `path`. */
export function headPath(path: string): string {
  return `${path}-head`;
}

/** Whether a record at `path` is in a file: SQLite takes "" and ":memory:" for one in memory. */
export function isInFile(path: string): boolean {
  return path !== "" && path !== ":memory:";
}

/** Whether a text is a hash as the chain has it: 64 hexadecimal digits, small letters. */
export function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** The head kept beside the record at `path`; null where there is none, or where it is not readable as one. */
export function readHead(path: string): KeptHead | null {
  if (!isInFile(path)) return null;
  try {
    const { entries, head } = JSON.parse(readFileSync(headPath(path), "utf8")) as Partial<KeptHead>;
    const isHead = Number.isSafeInteger(entries) && entries! >= 1 && isHash(head ?? "");
    return isHead ? { entries: entries!, head: head! } : null;
  } catch {
    return null;
  }
}

/**
 * Opens the file beside the record when the first entry is kept. One line of fixed length, written in place by one call, so
 * that a process that is killed leaves the line before or the new one. Of several writers one may put an older head over a
 * newer one: that is still an entry of the chain.
 */
export function createHeadKeeper(path: string): HeadKeeper {
  let file: number | null = null;
  let isBroken = !isInFile(path);
  return {
    keep({ entries, head }) {
      if (isBroken) return;
      try {
        file ??= openSync(headPath(path), constants.O_WRONLY | constants.O_CREAT);
        writeSync(file, `${JSON.stringify({ entries, head }).padEnd(lineLength)}\n`, 0);
      } catch {
        // A full disk, say: the file keeps an older head.
        isBroken = file === null;
      }
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
      isBroken = true;
    },
  };
}

const lineLength = 110;
