/**
 * The record of a training run: the lives of an update are kept in memory while they are lived, and appended in one
 * transaction, in the order of their numbers, when the last has ended. So a process that is killed leaves whole updates,
 * and a run that goes on from a checkpoint knows by their label which lives are there already. Not here: the record's
 * file (`record/`).
 */

import { createHash } from "node:crypto";
import type { Environment } from "../environment/index.ts";
import type { Action } from "../policy/index.ts";
import {
  type EpisodeRecord,
  openRecord,
  type RecordingOptions,
  type RecordPosition,
  recording,
  recordRewards,
  type StepParts,
} from "../record/index.ts";
import type { CollectOptions, Episode } from "../rollout/index.ts";
import { CheckpointFailure } from "./checkpoint.ts";
import type { Settings } from "./settings.ts";

/** What records a run. */
export interface RunRecorder {
  /** The environment whose lives are recorded, and what `collect` is to call. */
  readonly env: Environment;
  readonly hooks: Required<Pick<CollectOptions, "where" | "onStep">>;
  /** Before the lives of an update. */
  begin(update: number): void;
  /** After them: writes them, unless they are there already. Gives the episodes their ids in the record. */
  commit(update: number, episodes: readonly Episode[]): void;
  position(): RecordPosition;
  close(): void;
}

/** What tells a run from another: the model, the seed and the optimiser, as a checkpoint does. */
export function runOf({ policy, seed, optimizer }: Pick<Settings, "policy" | "seed" | "optimizer">): string {
  const { name, fingerprint = name } = policy;
  return createHash("sha256").update(`${fingerprint}\n${seed}\n${optimizer}`).digest("hex").slice(0, 12);
}

/** Opens what records a run; null if it is not recorded. Throws a CheckpointFailure for a record of another run. */
export async function openRecorder(settings: Settings): Promise<RunRecorder | null> {
  const { record: given, env, policy, resume, seed } = settings;
  const was = resume?.record ?? null;
  if (given === undefined) {
    if (was !== null) throw new CheckpointFailure({ kind: "unrecorded", entries: was.entries });
    return null;
  }
  if (env.inside === undefined || env.sandbox === undefined)
    throw new TypeError("This environment has no sandbox whose lives could be recorded: leave `record` out");
  const record = typeof given === "string" ? openRecord(given) : given;
  const close = (): void => {
    if (typeof given === "string") record.close();
  };
  try {
    const run = runOf(settings);
    const known = was === null ? new Map<number, number[]>() : livesAfter(record, was, run);
    const labels = { policy: policy.name, training: run, seed, update: 0 };
    const held = holdBack(record);
    const recorder = recording(await env.sandbox(), held.record, { labels } satisfies RecordingOptions);
    return {
      env: recordRewards(env.inside(recorder), recorder),
      hooks: { where: (report) => recorder.where(report), onStep: (report, action) => drawn(recorder, report, action) },
      begin(update) {
        labels.update = update;
        held.clear();
      },
      commit(update, episodes) {
        const own = episodes.filter(({ recorded }) => recorded !== undefined);
        const ids = known.get(update) ?? held.write(own.map(({ recorded }) => recorded!));
        known.delete(update);
        for (const [i, episode] of own.entries()) episode.recorded = ids[i]!;
      },
      position: () => record.position(),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

type Recorder = ReturnType<typeof recording>;

/** What the policy knows of a step. */
function drawn(recorder: Recorder, report: Parameters<Recorder["where"]>[0], action: Action): void {
  const { logProb, choice, tokens } = action;
  const place = recorder.where(report);
  if (place === null || Number.isNaN(logProb)) return;
  const ids = typeof choice === "number" ? [choice] : choice;
  const told = { logProbs: [logProb], tokens: { output: tokens ?? ids.length, ids } };
  recorder.record.appendParts(place.episode, place.step, told);
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

/** A record that takes note of what is appended, life by life, and appends it when told. */
function holdBack(record: EpisodeRecord) {
  let lives: ((id: number) => void)[][] = [];
  let starts: Parameters<EpisodeRecord["begin"]>[0][] = [];
  const note = (life: number, write: (id: number) => void): void => {
    lives[life]!.push(write);
  };
  const later: EpisodeRecord = {
    ...record,
    begin(start) {
      starts.push(start);
      return lives.push([]) - 1;
    },
    append: (life, entry) => note(life, (id) => record.append(id, entry)),
    appendParts: (life, step, parts) => note(life, (id) => record.appendParts(id, step, finite(parts))),
    end: (life, ended) => note(life, (id) => record.end(id, ended)),
  };
  return {
    record: later,
    clear() {
      lives = [];
      starts = [];
    },
    /** Appends these lives, then those that were played again; gives the ids of the former. */
    write(order: readonly number[]): number[] {
      const others = [...lives.keys()].filter((life) => !order.includes(life));
      const ids = record.together(() =>
        [...order, ...others].map((life) => {
          const id = record.begin(starts[life]);
          for (const write of lives[life]!) write(id);
          return id;
        }),
      );
      return ids.slice(0, order.length);
    },
  };
}

/** A reward that is no number is the trainer's to count; a record has no place for it. */
function finite({ rewards, ...parts }: StepParts): StepParts {
  return rewards !== undefined && Object.values(rewards).every(Number.isFinite) ? { ...parts, rewards } : parts;
}
