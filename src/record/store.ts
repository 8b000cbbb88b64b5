/**
 * The record: an append-only, hash-chained log of episodes in one SQLite file. Every append is a transaction of its own,
 * so a process that is killed at any instant loses at most the step in flight, and several processes may write at once.
 * Not here: writing an episode while it is played (`writer.ts`), living it again (`replay.ts`), export (`export.ts`).
 */

import { checkOptions, like, only, optional } from "../data/check.ts";
import type { Episode, EpisodeStart } from "../episode/index.ts";
import type { GenomeMember } from "../sandbox/types.ts";
import { append, begin, end } from "./append.ts";
import { isHash } from "./head.ts";
import { createLineage, type Lineage } from "./lineage.ts";
import { readDigest, readEpisode, readSummaries } from "./read.ts";
import { asOfNow, genesis, type OpenOptions } from "./schema.ts";
import { addGenome, checkEpisode, genomeOf, guard, lastId, openState, type RecordState, together } from "./state.ts";
import type { Closing, EpisodeSummary, NewStep, RecordPosition, Verification } from "./types.ts";
import { verifyChain } from "./verify.ts";

/** An open record. Every function throws a RecordFailure whose text names the value and the cure. */
export interface EpisodeRecord extends Disposable {
  readonly path: string;
  /** Begins an episode and returns its id, from 1. */
  begin(start?: EpisodeStart & { index?: number; group?: number }): number;
  /** Appends the next step of an episode that has not ended. */
  append(episode: number, step: NewStep): void;
  /** Closes an episode: no step follows. `ended`: why, if its last step survived and yet it is over. */
  end(episode: number, ended?: Closing): void;
  /** One line an episode, in order of their ids. */
  episodes(): EpisodeSummary[];
  /** One episode, whole. */
  episode(id: number): Episode;
  /** SHA-256 over everything of an episode but timings, labels and what only the policy knew: equal for equal lives, in any record. */
  digest(id: number): string;
  /** A genome by its hash. */
  genome(hash: string): GenomeMember[];
  /** Stores a genome under its hash, which is returned; storing it again changes nothing. */
  addGenome(genome: readonly GenomeMember[]): string;
  /**
   * Appends all that `work` does in one transaction: a process that is killed leaves all of it or nothing, and an error that leaves `work` nothing.
   * `work` ends before it returns: for a promise, a TypeError.
   */
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

const hash = "a hash of 64 hexadecimal digits, as verify() gave it";
const verifySchema = only<{ head?: string }>({
  head: optional(like<string>((value) => typeof value === "string" && isHash(value.toLowerCase()), hash)),
});

/** Opens the record at `path`. Throws a RecordFailure where there is none, unless `create` says to begin one. `:memory:` is one in memory. */
export function openRecord(path: string, options: OpenOptions = {}): EpisodeRecord {
  const state = openState(path, options);
  const { database } = state;
  const read = <T>(id: number, work: (state: RecordState, id: number) => T): T =>
    guard(state, () => {
      checkEpisode(state, id);
      return work(state, id);
    });
  return {
    path,
    begin: (start = {}) => begin(state, start),
    append: (id, step) => append(state, id, step),
    end: (id, ended) => end(state, id, ended),
    episodes: () => guard(state, () => readSummaries(database)),
    episode: (id) => read(id, readEpisode),
    digest: (id) => read(id, readDigest),
    genome: (hash) => guard(state, () => genomeOf(state, hash)),
    addGenome: (genome) => guard(state, () => addGenome(state, genome)),
    together: (work) => together(state, work),
    position: () => guard(state, () => asOfNow(database, () => positionOf(state))),
    hashAt: (entry) => guard(state, () => hashAt(state, entry)),
    lineage: createLineage(state),
    verify(options = {}) {
      checkOptions(verifySchema, options, "the options of verify()");
      const { head } = options;
      return verifyChain(database, { path, ...(head !== undefined && { head: head.toLowerCase() }) });
    },
    close: () => close(state),
    [Symbol.dispose]: () => close(state),
  };
}

function positionOf(state: RecordState): RecordPosition {
  const { seq = 0, hash = genesis } = (state.prepared.tail.get() ?? {}) as { seq?: number; hash?: string };
  return { entries: seq, episodes: lastId(state), head: hash };
}

function hashAt({ prepared }: RecordState, entry: number): string | null {
  return entry === 0 ? genesis : ((prepared.hashAt.get(entry)?.hash as string | undefined) ?? null);
}

function close({ keeper, database }: RecordState): void {
  keeper.close();
  if (database.isOpen) database.close();
}
