/**
 * Workers that a cluster's own scheduler starts: `workers.folder(path)` writes an index of parts into a folder that all
 * machines share, and waits for their results. A Slurm array, an indexed Job of Kubernetes or a shell loop plays them:
 * `npx autoagent play PATH/spec.json --part N`. A second call finds what is there, and waits for the rest alone.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CodeElsewhere } from "../coding/elsewhere.ts";
import { checkOptions, only, optional, positiveInteger, text } from "../data/check.ts";
import { longestTimer } from "../data/timer.ts";
import { notebookPlace, type Row } from "../display/index.ts";
import type { Elsewhere, EpisodeRange } from "../rollout/index.ts";
import { WorkersFailure } from "./error.ts";
import { addBatch, indexedParts, keepContent, readIndex, resultPath } from "./index-file.ts";
import { pack } from "./pack.ts";
import { specOf } from "./spec.ts";
import { asStatus, type WorkersStatus } from "./status.ts";
import { type Wanted, wantedLives, wantedWork } from "./wanted.ts";
import { codeElsewhere, type WorkSpec } from "./work.ts";

/** How a folder is shared. */
export interface FolderOptions {
  /** Parts that a batch is cut into, at most: the size of a Slurm array. @default 64 */
  parts?: number;
  /** Milliseconds between two looks into the folder. @default 500 */
  pollMs?: number;
}

/** A folder as workers. */
export interface FolderWorkers extends Elsewhere, CodeElsewhere {
  /** Parts that are there, failed, or waited for. */
  status(): Promise<WorkersStatus>;
}

const optionsSchema = only<FolderOptions>({ parts: optional(positiveInteger), pollMs: optional(positiveInteger) });

/** Plays batches through a folder. Throws an OptionFailure for options that have no meaning. */
export function folderWorkers(path: string, options: FolderOptions = {}): FolderWorkers {
  checkOptions(text, path, "path");
  checkOptions(optionsSchema, options, "the options of workers.folder");
  const { parts: most = 64, pollMs = 500 } = options;
  const index = join(path, "spec.json");
  const place = notebookPlace();
  /** Waits for parts, and gives them in order. */
  async function* follow<T>(
    parts: readonly WantedPart<T>[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<T, void, void> {
    for (const { number, wanted } of parts) {
      const { result } = resultPath(path, number);
      while (!existsSync(result)) {
        checkFailures(path, parts);
        await place?.(statusOf(path, index));
        await sleep(Math.min(pollMs, longestTimer), undefined, { ...(signal && { signal }) }).catch(() =>
          signal!.throwIfAborted(),
        );
      }
      yield wanted.read(readFileSync(result), result);
    }
    await place?.(statusOf(path, index));
  }
  /** Writes other work into the index, and waits for it. */
  async function* work(what: string, spec: WorkSpec, parts: readonly (readonly unknown[])[], signal?: AbortSignal) {
    const given = parts.map((part) => ({ given: keepContent(path, pack(part)), count: part.length }));
    const indexed = addBatch(index, { what, work: keepContent(path, pack(spec)), parts: given });
    yield* follow(
      indexed.map(({ number }, i) => ({ number, wanted: wantedWork({ what, count: given[i]!.count }) })),
      signal,
    );
  }
  return {
    async *play(env, policy, batch, { traces, sums, signal }) {
      if (traces || sums) throw new WorkersFailure({ kind: "training", path });
      const { spec, weights } = await specOf(env, policy);
      const size = Math.max(1, Math.ceil(batch.episodes / most));
      const parts = addBatch(index, {
        ...{ spec: keepContent(path, pack(spec)), weights: keepContent(path, pack(weights)) },
        ...{ ...batch, size },
      });
      yield* follow(
        parts.map((part) => ({ number: part.number, wanted: wantedLives((part as { range: EpisodeRange }).range) })),
        signal,
      );
    },
    ...codeElsewhere(work),
    status: async () => statusOf(path, index),
  };
}

/** A part that a driver waits for. */
interface WantedPart<T> {
  number: number;
  wanted: Wanted<T>;
}

/** What a part that failed has left; it is gone when the part has been played after all. */
export interface PartFailure {
  worker: string;
  message: string;
}

function checkFailures(folder: string, parts: readonly WantedPart<unknown>[]): void {
  for (const { number, wanted } of parts) {
    const { result, failure } = resultPath(folder, number);
    const told = readIfThere(failure);
    if (told === null || existsSync(result)) continue;
    const { worker, message } = JSON.parse(told) as PartFailure;
    throw wanted.failure({ part: number, worker, why: message });
  }
}

/** The text of a file; null where there is none, or none any more. */
function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function statusOf(folder: string, index: string): WorkersStatus {
  if (!existsSync(index)) return asStatus([], `No batch has been written to ${folder} yet`);
  const parts = indexedParts(readIndex(index));
  const files = existsSync(join(folder, "parts")) ? new Set(readdirSync(join(folder, "parts"))) : new Set<string>();
  const there = parts.filter(({ number }) => files.has(`${number}.zst`)).length;
  const failed = parts.filter(({ number }) => files.has(`${number}.failed.json`) && !files.has(`${number}.zst`));
  const missing = parts.length - there;
  const rows: Row[] = [{ parts: parts.length, there, failed: failed.length, "waited for": missing - failed.length }];
  const array = `sbatch --array=0-${parts.length - 1} --wrap 'npx autoagent play ${index} --part $SLURM_ARRAY_TASK_ID'`;
  const line =
    missing === 0 ? `All ${parts.length} parts are there` : `${there} of ${parts.length} parts are there: ${array}`;
  return asStatus(rows, line);
}
