/**
 * A record as a table for pandas, DuckDB and the like: one row a step. JSONL keeps nested values and every character;
 * Parquet and CSV hold nested values as JSON text, and replace lone surrogates, which UTF-8 cannot carry, by U+FFFD.
 * The columns are described in docs/formats.md.
 */

import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { type BasicType, fileWriter, parquetWriteRows } from "hyparquet-writer";
import { faultOf, like, oneOf, only } from "../data/check.ts";
import { replaceWhole } from "../data/write.ts";
import type { Episode, Step } from "../episode/index.ts";
import { partsOf } from "./body.ts";
import { genomeText, sha256 } from "./canonical.ts";
import { csvLines } from "./csv.ts";
import { RecordFailure } from "./error.ts";
import { recordSchema } from "./given.ts";
import { holdRecord } from "./hold.ts";
import { editOf } from "./read.ts";
import type { EpisodeRecord } from "./store.ts";
import type { EpisodeSummary } from "./types.ts";

/** What a record can be written as. */
export const exportFormats = ["jsonl", "csv", "parquet"] as const;

/** How a record is exported. */
export interface ExportOptions {
  format: (typeof exportFormats)[number];
  /** The file to write; an existing one is replaced. `-` is standard output, for JSONL and CSV. */
  output: string;
}

/** One row: a step with what its episode says about it. */
export interface ExportRow {
  episode: number;
  step: number;
  seed: number;
  program: string;
  verdict: string;
  cause: string;
  alive: boolean;
  reward: number | null;
  printed: string;
  query: string;
  response: string;
  prompt: string | null;
  output: string | null;
  prompt_tokens: number | null;
  output_tokens: number | null;
  log_prob: number | null;
  genome: string | null;
  ms: number;
  at: number;
  episode_steps: number;
  episode_verdict: string;
  episode_complete: boolean;
  error: unknown;
  effects: unknown;
  calls: unknown;
  rewards: unknown;
  token_ids: unknown;
  log_probs: unknown;
  seeds: unknown;
  edit: unknown;
  labels: unknown;
  fork_of: unknown;
}

const columns: { [name in keyof ExportRow]: BasicType } = {
  episode: "INT32",
  step: "INT32",
  seed: "DOUBLE",
  program: "STRING",
  verdict: "STRING",
  cause: "STRING",
  alive: "BOOLEAN",
  reward: "DOUBLE",
  printed: "STRING",
  query: "STRING",
  response: "STRING",
  prompt: "STRING",
  output: "STRING",
  prompt_tokens: "INT32",
  output_tokens: "INT32",
  log_prob: "DOUBLE",
  genome: "STRING",
  ms: "DOUBLE",
  at: "DOUBLE",
  episode_steps: "INT32",
  episode_verdict: "STRING",
  episode_complete: "BOOLEAN",
  error: "JSON",
  effects: "JSON",
  calls: "JSON",
  rewards: "JSON",
  token_ids: "JSON",
  log_probs: "JSON",
  seeds: "JSON",
  edit: "JSON",
  labels: "JSON",
  fork_of: "JSON",
};

/** The rows of a record, episode by episode: memory stays that of one episode. */
export function* exportRows(record: EpisodeRecord): Generator<ExportRow> {
  for (const { id, steps, verdict, complete, labels, forkOf } of record.episodes()) {
    const episode = record.episode(id);
    const whole = { steps, verdict, complete, labels, forkOf };
    for (const [i, step] of episode.steps.entries()) yield rowOf(episode, i, step, whole);
  }
}

function rowOf(
  episode: Episode,
  i: number,
  { program, report, calls, action, rewards, reward, at }: Step,
  whole: Pick<EpisodeSummary, "steps" | "verdict" | "complete" | "labels" | "forkOf">,
): ExportRow {
  const { verdict, cause, alive, output, query, response, genome, ms, error, effects } = report!;
  const drawn = partsOf({ action, rewards });
  return {
    episode: episode.id!,
    step: i,
    seed: episode.seed,
    program,
    verdict,
    cause,
    alive,
    // The environment's own word, which a class that overrides `step` may have made another than the sum of the parts.
    reward: Number.isNaN(reward) || (drawn.rewards === undefined && reward === 0) ? null : reward,
    printed: output,
    query,
    response,
    prompt: drawn.prompt ?? null,
    output: drawn.output ?? null,
    prompt_tokens: drawn.tokens?.prompt ?? null,
    output_tokens: drawn.tokens?.output ?? null,
    log_prob: drawn.logProbs === undefined ? null : sum(drawn.logProbs),
    genome: genome.length === 0 ? null : sha256(genomeText(genome)),
    ms,
    at: at!,
    episode_steps: whole.steps,
    episode_verdict: whole.verdict,
    episode_complete: whole.complete,
    error,
    effects,
    calls,
    rewards: drawn.rewards ?? null,
    token_ids: drawn.tokens?.ids ?? null,
    log_probs: drawn.logProbs ?? null,
    seeds: drawn.seeds ?? null,
    edit: editOf(episode, i),
    labels: whole.labels,
    fork_of: whole.forkOf,
  };
}

const optionsSchema = only<ExportOptions>({
  format: oneOf(...exportFormats),
  output: like<string>(
    (value) => typeof value === "string" && value !== "",
    "the path of a file, or - for standard output",
  ),
});

/**
 * Writes the rows of a record, an open one or one by its path, to a file and returns their number.
 * @throws {RecordFailure} for another format, and where there is no record; nothing is written then
 * @throws {DiskFailure} where the disk is full or the place is not writable; an existing file is kept
 */
export function exportRecord(given: EpisodeRecord | string, options: ExportOptions): number {
  const fault =
    faultOf(recordSchema, given, "record") ?? faultOf(optionsSchema, options, "the options of exportRecord");
  if (fault !== null) throw new RecordFailure(fault);
  const { format, output } = options;
  if (format === "parquet" && output === "-")
    throw new RecordFailure({
      kind: "option",
      name: "output",
      expected: "a file name for Parquet, whose parts are written out of order",
      value: "-",
    });
  const { record, release } = holdRecord(given, { readOnly: true });
  let rows = 0;
  const counted = function* (): Generator<ExportRow> {
    for (const row of exportRows(record)) {
      rows++;
      yield row;
    }
  };
  try {
    if (output !== "-" && isPartOf(record.path, output))
      throw new RecordFailure({
        kind: "option",
        name: "output",
        expected: "a file that is none of the record's own, which the export would take the place of",
        value: output,
      });
    const write = (path: string): void => writers[format](path, counted());
    if (output === "-") write(output);
    else replaceWhole(output, write);
  } finally {
    release();
  }
  return rows;
}

/** Whether a path is a record's file, or one of those beside it, under whatever name. */
function isPartOf(record: string, path: string): boolean {
  const is = statSync(path, { throwIfNoEntry: false });
  if (is === undefined) return false;
  return ["", "-head", "-wal", "-shm"].some((end) => {
    const own = statSync(`${record}${end}`, { throwIfNoEntry: false });
    return own !== undefined && own.ino === is.ino && own.dev === is.dev;
  });
}

const writers: { [format in ExportOptions["format"]]: (output: string, rows: Iterable<ExportRow>) => void } = {
  jsonl: (output, rows) => writeLines(output, jsonLines(rows)),
  csv: (output, rows) =>
    writeLines(output, csvLines(Object.keys(columns), rows as Iterable<ExportRow & { [column: string]: unknown }>)),
  parquet: writeParquet,
};

function* jsonLines(rows: Iterable<ExportRow>): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}

function writeLines(output: string, lines: Iterable<string>): void {
  const file = output === "-" ? 1 : openSync(output, "w");
  try {
    for (const line of lines) writeAll(file, Buffer.from(line));
  } catch (error) {
    // Whoever reads our standard output may stop when they have seen enough.
    if (file !== 1 || (error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  } finally {
    if (file !== 1) closeSync(file);
  }
}

/** A pipe may take less than it is given, or nothing for a moment. */
function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(file, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function writeParquet(output: string, rows: Iterable<ExportRow>): void {
  const names = Object.keys(columns) as (keyof ExportRow)[];
  const fields = names.map((name) => ({ name, type: columns[name], nullable: true }));
  parquetWriteRows({ writer: fileWriter(output), rows: plainRows(rows), columns: fields, rowGroupSize: 5000 });
}

function* plainRows(rows: Iterable<ExportRow>): Generator<{ [column: string]: unknown }> {
  for (const row of rows) {
    const plain: { [column: string]: unknown } = { ...row };
    for (const [name, type] of Object.entries(columns)) {
      const value = plain[name];
      if (type === "JSON") plain[name] = value ?? undefined;
      else if (typeof value === "string") plain[name] = value.toWellFormed();
      else plain[name] = value ?? undefined;
    }
    yield plain;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
