/**
 * The file of a record: SQLite, one table of entries that is only ever appended to, one of genomes by their hash. Each
 * entry's hash covers its fields and the hash before it. Specification: docs/formats.md.
 */

import { existsSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { faultOf, flag, integerFrom, like, oneOf, only, optional } from "../data/check.ts";
import { longestTimer } from "../data/timer.ts";
import { sha256 } from "./canonical.ts";
import { RecordFailure, withRecordErrors } from "./error.ts";
import { isInFile, type KeptHead, readHead } from "./head.ts";

/** The version of the file format that this library writes, and the newest it reads. */
export const formatVersion = 1;

/** Marks the file as ours in SQLite's header: "AALB". */
const applicationId = 0x41414c42;

/** The hash before the first entry. */
export const genesis = "0".repeat(64);

/** How a record is opened. */
export interface OpenOptions {
  /** Only read: the file must exist, and nothing is written. @default false */
  readOnly?: boolean;
  /** Begin a record where there is none, instead of saying so. @default false */
  create?: boolean;
  /** How long to wait for another writer. @default 5000 */
  lockTimeoutMs?: number;
  /**
   * What an appended entry survives: the death of the process, or also a power cut (an fsync an entry, much slower).
   * @default "process"
   */
  survive?: "process" | "power";
}

/** One row of the table of entries. */
export interface EntryRow {
  seq: number;
  kind: "episode" | "step" | "parts" | "end" | "node" | "score";
  episode: number | null;
  step: number | null;
  body: string;
  timings: string;
  hash: string;
}

/** The hash of an entry: SHA-256 over the hash before it and its fields, one a line. No field holds a line break. */
export function entryHash(
  previous: string,
  { seq, kind, episode, step, body, timings }: Omit<EntryRow, "hash">,
): string {
  return sha256([previous, seq, kind, episode ?? "", step ?? "", body, timings].join("\n"));
}

const pathSchema = like<string>((value) => typeof value === "string" && value !== "", "the path of a record");

const optionsSchema = only<OpenOptions>({
  readOnly: optional(flag),
  create: optional(flag),
  lockTimeoutMs: optional(integerFrom(0, Number.MAX_SAFE_INTEGER, "0 or a positive integer")),
  survive: optional(oneOf("process", "power")),
});

/** Opens or makes the file. Throws a RecordFailure that says what is wrong with it. */
export function openDatabase(path: string, options: OpenOptions = {}): DatabaseSync {
  const fault = faultOf(pathSchema, path, "path") ?? faultOf(optionsSchema, options, "the options of openRecord");
  if (fault !== null) throw new RecordFailure(fault);
  const { readOnly = false, create: mayMake = false, lockTimeoutMs = 5000, survive = "process" } = options;
  const isThere = isInFile(path) && existsSync(path);
  if (!isThere && (readOnly || (isInFile(path) && !mayMake))) throw new RecordFailure({ kind: "absent", path });
  // A record that was cut to nothing must not be taken for a new one: it had a head, or it was opened only to be read.
  const kept = isThere ? readHead(path) : null;
  if (isThere && (readOnly || kept !== null) && statSync(path).size === 0)
    throw new RecordFailure({ kind: "empty", path });
  return withRecordErrors(path, lockTimeoutMs, () => {
    const database = new DatabaseSync(path, { readOnly, timeout: Math.min(lockTimeoutMs, longestTimer) });
    try {
      const fresh = isFresh(database);
      if (!fresh) checkFile(database, path);
      if (readOnly) {
        if (fresh) throw new RecordFailure({ kind: "absent", path });
        return database;
      }
      // WAL: readers never wait for the writer, and a commit that returned outlives the process at either setting.
      database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=${survive === "power" ? "FULL" : "NORMAL"};`);
      if (fresh) create(database, path);
      else if (kept !== null && !holds(database, kept)) throw lostTail(database, path, kept);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Whether the entry that was noted down as the last is in the chain. It need not be its end. */
export function holds(database: DatabaseSync, { entries, head }: KeptHead): boolean {
  return database.prepare("SELECT hash FROM entries WHERE seq = ?").get(entries)?.hash === head;
}

/** Does several reads of the file as it is at the first of them: what another process appends meanwhile is not seen. */
export function asOfNow<T>(database: DatabaseSync, work: () => T): T {
  if (database.isTransaction) return work();
  database.exec("BEGIN");
  try {
    return work();
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

function lostTail(database: DatabaseSync, path: string, kept: KeptHead): RecordFailure {
  const entries = Number(database.prepare("SELECT count(*) AS n FROM entries").get()!.n);
  return new RecordFailure({ kind: "tail", path, entries, kept: kept.entries });
}

function isFresh(database: DatabaseSync): boolean {
  return database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()!.n === 0;
}

function checkFile(database: DatabaseSync, path: string): void {
  if (database.prepare("PRAGMA application_id").get()!.application_id !== applicationId)
    throw new RecordFailure({ kind: "foreign", path });
  const found = Number(database.prepare("PRAGMA user_version").get()!.user_version);
  if (found > formatVersion) throw new RecordFailure({ kind: "version", path, found, known: formatVersion });
}

function create(database: DatabaseSync, path: string): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have made it while we waited for the lock.
    if (isFresh(database)) database.exec(schema);
    else checkFile(database, path);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

const schema = `
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  episode INTEGER,
  step INTEGER,
  body TEXT NOT NULL,
  timings TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX entries_by_episode ON entries (episode, step, seq);
CREATE INDEX entries_by_kind ON entries (kind, seq);
CREATE TABLE genomes (hash TEXT PRIMARY KEY, genes TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'a record is append-only'); END;
CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'a record is append-only'); END;
CREATE TRIGGER genomes_are_not_changed BEFORE UPDATE ON genomes BEGIN SELECT RAISE(ABORT, 'a record is append-only'); END;
CREATE TRIGGER genomes_are_not_deleted BEFORE DELETE ON genomes BEGIN SELECT RAISE(ABORT, 'a record is append-only'); END;
CREATE VIEW steps AS
  SELECT episode, step, body ->> '$.report.verdict' AS verdict, body ->> '$.report.cause' AS cause,
         body ->> '$.program' AS program, timings ->> '$.ms' AS ms FROM entries WHERE kind = 'step';
PRAGMA application_id=${applicationId};
PRAGMA user_version=${formatVersion};
`;
