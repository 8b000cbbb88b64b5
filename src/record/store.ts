/**
 * The record: an append-only, hash-chained log of episodes in one SQLite file. Every append is a transaction of its own,
 * so a process that is killed at any instant loses at most the step in flight, and several processes may write at once.
 * Not here: making lives record themselves (`recording.ts`), re-executing them (`replay.ts`), export (`export.ts`).
 */

import type { Gene } from "../sandbox/types.ts";
import { canonicalJson, genomeText, sha256 } from "./canonical.ts";
import { RecordFailure, withRecordErrors } from "./error.ts";
import { createHeadKeeper, type KeptHead } from "./head.ts";
import { createLineage, type Lineage } from "./lineage.ts";
import { readEpisode, readSummaries } from "./read.ts";
import { asOfNow, type EntryRow, entryHash, genesis, type OpenOptions, openDatabase } from "./schema.ts";
import type {
  Ending,
  EpisodeStart,
  EpisodeSummary,
  RecordedEpisode,
  RecordPosition,
  StepEntry,
  StepParts,
  Verification,
} from "./types.ts";
import { verifyChain } from "./verify.ts";

/** An entry before it has a place in the chain. */
export type NewEntry = Pick<EntryRow, "kind" | "episode" | "step"> & { body: unknown; timings?: unknown };

/** An open record. Every function throws a RecordFailure whose text names the value and the cure. */
export interface EpisodeRecord extends Disposable {
  readonly path: string;
  /** Begins an episode and returns its id, from 1. */
  begin(start?: EpisodeStart): number;
  /** Appends the next step of an episode that has not ended. */
  append(episode: number, entry: StepEntry): void;
  /** Adds what became known after the step was appended, such as its rewards. A part is given once. */
  appendParts(episode: number, step: number, parts: StepParts): void;
  /** Closes an episode: no step follows. `ended`: why, if its last step survived and yet it is over. */
  end(episode: number, ended?: Ending): void;
  /** One line an episode, in order of their ids. */
  episodes(): EpisodeSummary[];
  /** One episode, whole. */
  episode(id: number): RecordedEpisode;
  /** A genome by its hash. */
  genome(hash: string): Gene[];
  /** Stores a genome under its hash, which is returned; storing it again changes nothing. */
  addGenome(genome: readonly Gene[]): string;
  /** Appends all that `work` does in one transaction: a process that is killed leaves all of it or nothing. */
  together<T>(work: () => T): T;
  /** Where the record ends now. */
  position(): RecordPosition;
  /** The hash of an entry, by its number from 1; `genesis` for 0, null for one that is not there. */
  hashAt(entry: number): string | null;
  /** The archive of genomes, parents and scores kept in this record. */
  readonly lineage: Lineage;
  /** Checks every hash, and that the chain ends in `head` if given. */
  verify(options?: { head?: string }): Verification;
  close(): void;
}

/** Opens the record at `path`, making it if there is none. */
export function openRecord(path: string, options: OpenOptions = {}): EpisodeRecord {
  const { lockTimeoutMs = 5000, readOnly = false } = options;
  const database = openDatabase(path, options);
  const keeper = createHeadKeeper(path);
  let appended: KeptHead | null = null;
  const guard = <T>(work: () => T): T => withRecordErrors(path, lockTimeoutMs, work);
  const statements = guard(() => ({
    tail: database.prepare("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"),
    hashAt: database.prepare("SELECT hash FROM entries WHERE seq = ?"),
    insert: database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)"),
    addGenome: database.prepare("INSERT INTO genomes VALUES (?, ?) ON CONFLICT DO NOTHING"),
    genome: database.prepare("SELECT genes FROM genomes WHERE hash = ?"),
    lastEpisode: database.prepare("SELECT episode AS id FROM entries WHERE kind = 'episode' ORDER BY seq DESC LIMIT 1"),
    lastStep: database.prepare(
      "SELECT kind, step, body ->> '$.report.alive' AS alive, body ->> '$.genome' AS genome FROM entries WHERE episode = ? AND kind IN ('episode', 'step', 'end') ORDER BY seq DESC LIMIT 1",
    ),
    parts: database.prepare("SELECT kind, body FROM entries WHERE episode = ? AND step = ? ORDER BY seq"),
  }));

  /** One transaction; within another it is part of that one. */
  const together = <T>(work: () => T): T =>
    guard(() => {
      if (readOnly) throw new RecordFailure({ kind: "read-only", path });
      if (database.isTransaction) return work();
      database.exec("BEGIN IMMEDIATE");
      appended = null;
      try {
        const result = work();
        database.exec("COMMIT");
        if (appended !== null) keeper.keep(appended);
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
    });

  /** Appends what `make` returns; it is called inside the transaction, so that what it reads stays true. */
  const write = <T>(make: () => { entry: NewEntry; genomes?: string[]; result: T }): T =>
    together(() => {
      const { entry, genomes = [], result } = make();
      for (const text of genomes) statements.addGenome.run(sha256(text), text);
      const tail = statements.tail.get() as { seq: number; hash: string } | undefined;
      const { kind, episode, step } = entry;
      const body = canonicalJson(entry.body, kind);
      const timings = canonicalJson(entry.timings ?? {}, "timings");
      const row = { seq: (tail?.seq ?? 0) + 1, kind, episode, step, body, timings };
      const hash = entryHash(tail?.hash ?? genesis, row);
      statements.insert.run(row.seq, kind, episode, step, body, timings, hash);
      appended = { entries: row.seq, head: hash };
      return result;
    });

  const close = (): void => {
    keeper.close();
    if (database.isOpen) database.close();
  };
  const lastId = (): number => Number(statements.lastEpisode.get()?.id ?? 0);
  const checkEpisode = (id: number): void => {
    const last = lastId();
    if (Number.isSafeInteger(id) && id >= 1 && id <= last) return;
    const known = last === 0 ? "none" : `1 to ${last}`;
    throw new RecordFailure({ kind: "unknown", what: "episode", id: String(id), known });
  };
  const nextStep = (id: number): { step: number; genome: string | null } => {
    checkEpisode(id);
    const last = statements.lastStep.get(id) as Pick<EntryRow, "kind" | "step"> & { alive: number; genome: string };
    if (last.kind === "episode") return { step: 0, genome: last.genome };
    if (last.kind === "end") throw new RecordFailure({ kind: "order", episode: id, detail: "it has ended" });
    if (last.alive !== 1)
      throw new RecordFailure({ kind: "order", episode: id, detail: `it died in step ${last.step}` });
    return { step: last.step! + 1, genome: last.genome };
  };
  const genome = (hash: string): Gene[] =>
    guard(() => {
      const found = statements.genome.get(hash);
      if (found === undefined)
        throw new RecordFailure({ kind: "unknown", what: "genome", id: hash, known: "only those that were recorded" });
      return JSON.parse(String(found.genes)) as Gene[];
    });
  const addGenome = (genes: readonly Gene[]): string =>
    guard(() => {
      const text = genomeText(genes);
      statements.addGenome.run(sha256(text), text);
      return sha256(text);
    });

  return {
    path,
    begin: ({ genome: genes, born, ...start } = {}) =>
      write(() => {
        const id = lastId() + 1;
        const texts = [genes, genes ?? born].map((one) => (one === undefined ? null : genomeText(one)));
        const [given, first] = texts.map((text) => (text === null ? null : sha256(text)));
        const body = { ...start, genome: given, born: first };
        const entry: NewEntry = { kind: "episode", episode: id, step: null, body, timings: { at: Date.now() } };
        return { entry, genomes: texts.filter((text) => text !== null), result: id };
      }),
    append: (id, { program, setup, budget, report, calls = [], parts = {} }) =>
      write(() => {
        const { step } = nextStep(id);
        if (report.step !== step) {
          const detail = `its next step is ${step}, not ${report.step}`;
          throw new RecordFailure({ kind: "order", episode: id, detail });
        }
        const { genome: genes, ms, ...rest } = report;
        const text = genes.length === 0 ? null : genomeText(genes);
        const body = {
          program,
          ...(setup !== undefined && { setup }),
          ...(budget !== undefined && { budget }),
          calls,
          parts,
          report: rest,
          genome: text === null ? null : sha256(text),
        };
        const entry: NewEntry = { kind: "step", episode: id, step, body, timings: { at: Date.now(), ms } };
        return { entry, genomes: text === null ? [] : [text], result: undefined };
      }),
    appendParts: (id, step, parts) =>
      write(() => {
        checkEpisode(id);
        const rows = statements.parts.all(id, step) as unknown as Pick<EntryRow, "kind" | "body">[];
        if (rows.length === 0)
          throw new RecordFailure({ kind: "unknown", what: "step", id: `${step} in episode ${id}`, known: "others" });
        const given = rows.map(({ kind, body }) => {
          const read = JSON.parse(body) as StepParts & { parts?: StepParts };
          return kind === "step" ? (read.parts ?? {}) : read;
        });
        const twice = Object.keys(parts).find((part) => given.some((known) => part in known));
        if (twice !== undefined)
          throw new RecordFailure({ kind: "order", episode: id, detail: `step ${step} already has its \`${twice}\`` });
        return { entry: { kind: "parts", episode: id, step, body: parts }, result: undefined };
      }),
    end: (id, ended) =>
      write(() => {
        checkEpisode(id);
        const last = statements.lastStep.get(id) as Pick<EntryRow, "kind">;
        if (last.kind === "end") throw new RecordFailure({ kind: "order", episode: id, detail: "it has ended" });
        const entry: NewEntry = {
          kind: "end",
          episode: id,
          step: null,
          body: { ...ended },
          timings: { at: Date.now() },
        };
        return { entry, result: undefined };
      }),
    episodes: () => guard(() => readSummaries(database)),
    episode: (id) =>
      guard(() => {
        checkEpisode(id);
        return readEpisode(database, id, genome);
      }),
    genome,
    addGenome,
    together,
    position: () =>
      guard(() =>
        asOfNow(database, () => {
          const { seq = 0, hash = genesis } = (statements.tail.get() ?? {}) as { seq?: number; hash?: string };
          return { entries: seq, episodes: lastId(), head: hash };
        }),
      ),
    hashAt: (entry) =>
      guard(() => (entry === 0 ? genesis : ((statements.hashAt.get(entry)?.hash as string | undefined) ?? null))),
    lineage: createLineage({ database, write, addGenome, genome, guard }),
    verify: ({ head } = {}) => verifyChain(database, { path, ...(head !== undefined && { head }) }),
    close,
    [Symbol.dispose]: close,
  };
}
