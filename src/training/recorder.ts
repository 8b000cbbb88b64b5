/**
 * The record of a training run: the episodes of an update are appended in one transaction, in the order of their numbers,
 * when the last has ended. So a process that is killed leaves whole updates, and a run that goes on from a checkpoint knows
 * by their label which are there already. Not here: the record's file (`record/`).
 */

import { createHash } from "node:crypto";
import type { Episode, EpisodeListener } from "../episode/index.ts";
import {
  checkRecordable,
  type EpisodeRecord,
  holdRecord,
  openRecord,
  type RecordPosition,
  writeEpisode,
} from "../record/index.ts";
import { CheckpointFailure } from "./checkpoint.ts";
import type { Settings } from "./options.ts";

/** What records a run. */
export interface RunRecorder {
  /** Throws for an episode that cannot be recorded, before it is played. */
  onStart: NonNullable<EpisodeListener["onStart"]>;
  /**
   * Appends an update's episodes, then those that the sandbox spoiled and that were played again, unless these very lives are
   * there already. Gives the episodes with their ids in the record.
   */
  commit(update: number, episodes: readonly Episode[], spoiled: readonly Episode[]): Episode[];
  position(): RecordPosition;
  close(): void;
}

/** What tells a run from another: the model, the seed and the optimiser, as a checkpoint does. */
export function runOf({ policy, seed, optimizer }: Pick<Settings, "policy" | "seed" | "optimizer">): string {
  const { name, fingerprint = name } = policy;
  return createHash("sha256").update(`${fingerprint}\n${seed}\n${optimizer}`).digest("hex").slice(0, 12);
}

/** Opens what records a run; null if it is not recorded. Throws a CheckpointFailure for a record of another run. */
export function openRecorder(settings: Settings): RunRecorder | null {
  const { record: given, policy, resume, seed } = settings;
  const was = resume?.record ?? null;
  if (given === undefined) {
    if (was !== null) throw new CheckpointFailure({ kind: "unrecorded", entries: was.entries });
    return null;
  }
  const held = holdRecord(given, { create: true });
  try {
    const run = runOf(settings);
    const known = was === null ? new Map<number, number[]>() : livesAfter(held.record, was, run);
    return {
      onStart(start) {
        checkRecordable(start);
        return null;
      },
      commit(update, episodes, spoiled) {
        const labels = { policy: policy.name, training: run, seed, update, ...policy.runsOn };
        const write = () => [...episodes, ...spoiled].map((episode) => writeEpisode(held.record, episode, { labels }));
        const before = known.get(update) ?? [];
        const ids = areLives(held.record, before, episodes) ? before : held.record.together(write);
        known.delete(update);
        return episodes.map((episode, i) => ({ ...episode, id: ids[i]! }));
      },
      position: () => held.record.position(),
      close: held.release,
    };
  } catch (error) {
    held.release();
    throw error;
  }
}

/** Whether a record's lives of these ids are those that were played: a run that goes on with other settings has others. */
function areLives(record: EpisodeRecord, ids: readonly number[], episodes: readonly Episode[]): boolean {
  if (ids.length < episodes.length) return false;
  using played = openRecord(":memory:");
  return episodes.every((one, i) => played.digest(writeEpisode(played, one)) === record.digest(ids[i]!));
}

/** The lives of this run behind the checkpoint's position, by update: those of the update in flight, if it got so far. */
function livesAfter(record: EpisodeRecord, was: RecordPosition, run: string): Map<number, number[]> {
  const found = record.hashAt(was.entries);
  if (found !== was.head)
    throw new CheckpointFailure({ kind: "record", path: record.path, entry: was.entries, found, expected: was.head });
  const known = new Map<number, number[]>();
  for (const { id, labels } of record.episodes()) {
    if (id <= was.episodes || labels.training !== run) continue;
    const update = Number(labels.update);
    known.set(update, [...(known.get(update) ?? []), id]);
  }
  return known;
}
