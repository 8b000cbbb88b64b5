/**
 * A record as a table for pandas, DuckDB and the like: one row a step. JSONL keeps nested values and every character;
 * Parquet holds nested values as JSON text, and replaces lone surrogates, which UTF-8 cannot carry, by U+FFFD.
 * The columns are described in docs/formats.md.
 */

import { closeSync, openSync, writeSync } from "node:fs";
import { type BasicType, fileWriter, parquetWriteRows } from "hyparquet-writer";
import { replaceWhole } from "../data/write.ts";
import { RecordFailure } from "./error.ts";
import type { EpisodeRecord } from "./store.ts";

/** How a record is exported. */
export interface ExportOptions {
  format: "jsonl" | "parquet";
  /** The file to write; an existing one is replaced. `-` is standard output, for JSONL only. */
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
  for (const { id } of record.episodes()) {
    const episode = record.episode(id);
    for (const { step, program, report, calls, parts, edit, genome, at } of episode.list) {
      const { prompt, output, tokens, logProbs, seeds, rewards } = parts;
      yield {
        episode: id,
        step,
        seed: episode.seed,
        program,
        verdict: report.verdict,
        cause: report.cause,
        alive: report.alive,
        reward: rewards === undefined ? null : sum(Object.values(rewards)),
        printed: report.output,
        query: report.query,
        response: report.response,
        prompt: prompt ?? null,
        output: output ?? null,
        prompt_tokens: tokens?.prompt ?? null,
        output_tokens: tokens?.output ?? null,
        log_prob: logProbs === undefined ? null : sum(logProbs),
        genome,
        ms: report.ms,
        at,
        episode_steps: episode.steps,
        episode_verdict: episode.verdict,
        episode_complete: episode.complete,
        error: report.error,
        effects: report.effects,
        calls,
        rewards: rewards ?? null,
        token_ids: tokens?.ids ?? null,
        log_probs: logProbs ?? null,
        seeds: seeds ?? null,
        edit,
        labels: episode.labels,
        fork_of: episode.forkOf,
      };
    }
  }
}

/**
 * Writes the rows to a file and returns their number.
 * @throws {DiskFailure} where the disk is full or the place is not writable; an existing file is kept
 */
export function exportRecord(record: EpisodeRecord, { format, output }: ExportOptions): number {
  let rows = 0;
  const counted = function* (): Generator<ExportRow> {
    for (const row of exportRows(record)) {
      rows++;
      yield row;
    }
  };
  const write = (path: string): void =>
    format === "jsonl" ? writeLines(path, counted()) : writeParquet(path, counted());
  if (output === "-") write(output);
  else replaceWhole(output, write);
  return rows;
}

function writeLines(output: string, rows: Iterable<ExportRow>): void {
  const file = output === "-" ? 1 : openSync(output, "w");
  try {
    for (const row of rows) writeAll(file, Buffer.from(`${JSON.stringify(row)}\n`));
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
  if (output === "-")
    throw new RecordFailure({
      kind: "value",
      name: "output",
      expected: "a file name for Parquet, whose parts are written out of order",
      value: "-",
    });
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
