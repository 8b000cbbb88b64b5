/** An open record as data, and the one way to append to it: inside a transaction, with a place in the chain. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { types } from "node:util";
import { show } from "../data/check.ts";
import type { GenomeMember } from "../sandbox/types.ts";
import { canonicalJson, genomeText, sha256 } from "./canonical.ts";
import { RecordFailure, withRecordErrors } from "./error.ts";
import { createHeadKeeper, type HeadKeeper, type KeptHead } from "./head.ts";
import { type EntryRow, entryHash, genesis, type OpenOptions, openDatabase } from "./schema.ts";

const statements = {
  tail: "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1",
  hashAt: "SELECT hash FROM entries WHERE seq = ?",
  insert: "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)",
  addGenome: "INSERT INTO genomes VALUES (?, ?) ON CONFLICT DO NOTHING",
  genome: "SELECT genes FROM genomes WHERE hash = ?",
  lastEpisode: "SELECT episode AS id FROM entries WHERE kind = 'episode' ORDER BY seq DESC LIMIT 1",
  lastStep:
    "SELECT kind, step, body ->> '$.report.alive' AS alive FROM entries WHERE episode = ? AND kind IN ('episode', 'step', 'end') ORDER BY seq DESC LIMIT 1",
};

/** An open record. */
export interface RecordState {
  readonly path: string;
  readonly database: DatabaseSync;
  readonly readOnly: boolean;
  readonly lockTimeoutMs: number;
  readonly keeper: HeadKeeper;
  readonly prepared: { readonly [name in keyof typeof statements]: StatementSync };
  /** The last entry of the transaction under way. */
  appended: KeptHead | null;
}

/** An entry before it has a place in the chain. */
export type NewEntry = Pick<EntryRow, "kind" | "episode" | "step"> & { body: unknown; timings?: unknown };

/** Opens the file. */
export function openState(path: string, options: OpenOptions): RecordState {
  const { lockTimeoutMs = 5000, readOnly = false } = options;
  const database = openDatabase(path, options);
  const prepared = withRecordErrors(path, lockTimeoutMs, () =>
    Object.fromEntries(Object.entries(statements).map(([name, sql]) => [name, database.prepare(sql)])),
  ) as RecordState["prepared"];
  return { path, database, readOnly, lockTimeoutMs, keeper: createHeadKeeper(path), prepared, appended: null };
}

/** Does something with the file; SQLite's errors become ours. */
export function guard<T>({ path, lockTimeoutMs }: RecordState, work: () => T): T {
  return withRecordErrors(path, lockTimeoutMs, work);
}

/** One transaction; within another it is part of that one. Throws a TypeError if `work` gives a promise. */
export function together<T>(state: RecordState, work: () => T): T {
  const { database, path, readOnly, keeper } = state;
  return guard(state, () => {
    if (readOnly) throw new RecordFailure({ kind: "read-only", path });
    if (database.isTransaction) return atOnce(work(), "");
    database.exec("BEGIN IMMEDIATE");
    state.appended = null;
    try {
      const result = atOnce(work(), ". What it had appended before its first `await` was taken back");
      database.exec("COMMIT");
      if (state.appended !== null) keeper.keep(state.appended);
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  });
}

/** The result of a transaction, which no other's entries may come into while it waits: it must not be a promise. */
function atOnce<T>(result: T, undone: string): T {
  if (!types.isPromise(result)) return result;
  result.catch(() => {});
  throw new TypeError(
    `Expected the function of \`together\` to end at once, got a promise: await what it waits for first, and only append within${undone}`,
  );
}

/** Appends an entry; to be called inside a transaction, so that what was read for it stays true. */
export function appendEntry(state: RecordState, entry: NewEntry): void {
  const { prepared } = state;
  const { kind, episode, step } = entry;
  const tail = prepared.tail.get() as { seq: number; hash: string } | undefined;
  const body = canonicalJson(entry.body, kind);
  const timings = canonicalJson(entry.timings ?? {}, "timings");
  const row = { seq: (tail?.seq ?? 0) + 1, kind, episode, step, body, timings };
  const hash = entryHash(tail?.hash ?? genesis, row);
  prepared.insert.run(row.seq, kind, episode, step, body, timings, hash);
  state.appended = { entries: row.seq, head: hash };
}

/** Stores a genome under its hash, which is returned; storing it again changes nothing. */
export function addGenome({ prepared }: RecordState, genome: readonly GenomeMember[]): string {
  const text = genomeText(genome);
  const hash = sha256(text);
  prepared.addGenome.run(hash, text);
  return hash;
}

/** A genome by its hash. */
export function genomeOf({ prepared }: RecordState, hash: string): GenomeMember[] {
  const found = prepared.genome.get(hash);
  if (found === undefined)
    throw new RecordFailure({ kind: "unknown", what: "genome", id: hash, known: "only those that were recorded" });
  return JSON.parse(String(found.genes)) as GenomeMember[];
}

/** The last episode's id, 0 for none. */
export function lastId({ prepared }: RecordState): number {
  return Number(prepared.lastEpisode.get()?.id ?? 0);
}

/** Throws a RecordFailure for an episode that is not there. */
export function checkEpisode(state: RecordState, id: number): void {
  const last = lastId(state);
  if (Number.isSafeInteger(id) && id >= 1 && id <= last) return;
  if (typeof id !== "number")
    throw new RecordFailure({ kind: "value", name: "id", expected: "an episode's number", value: show(id) });
  const known = last === 0 ? "none" : `1 to ${last}`;
  throw new RecordFailure({ kind: "unknown", what: "episode", id: String(id), known });
}
