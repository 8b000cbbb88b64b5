/**
 * Writes a run's figures as it goes: JSON lines, and event files that TensorBoard opens. Each update is on disk before the
 * next begins, and once: a run that goes on from a checkpoint cuts off what it is about to write again. Format: TFRecord with masked CRC-32C, and the messages Event and Summary of TensorFlow's event.proto and
 * summary.proto, of which a dozen bytes are needed. Not here: which figures (`metrics.ts`).
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { checkOptions, only, optional, text } from "../data/check.ts";
import { type LinesFile, openLines } from "../data/lines.ts";
import { appendWhole, diskFailure } from "../data/write.ts";
import { metricsOf } from "./metrics.ts";
import type { Update } from "./types.ts";

/** Where a run is logged. */
export interface LogOptions {
  /** A file that gets a JSON line an update; it is appended to. */
  jsonl?: string;
  /** A folder that gets an event file of TensorBoard's. */
  tensorboard?: string;
}

const optionsSchema = only<LogOptions>({ jsonl: optional(text), tensorboard: optional(text) });

/** A logger for `train({ onUpdate: logTo({ ... }) })`. Throws at once if a place cannot be written to. */
export function logTo(options: LogOptions): (update: Update) => void {
  checkOptions(optionsSchema, options, "the options of logTo");
  const { jsonl, tensorboard } = options;
  if (jsonl === undefined && tensorboard === undefined)
    throw new TypeError("Expected `jsonl` or `tensorboard` to be a path, got neither");
  const lines = jsonl === undefined ? null : openLines(jsonl);
  const events = tensorboard === undefined ? null : openEvents(tensorboard);
  let first = true;
  return (done) => {
    const { update, run, resumed } = done;
    const time = Date.now() / 1000;
    if (first && resumed) {
      lines?.drop(outdated(lines, done));
      events?.restart(update, time);
    }
    first = false;
    const metrics = metricsOf(done);
    lines?.append({ update, time, run, ...metrics });
    events?.write(update, time, metrics);
  };
}

/** How many lines at the end are of this run and of updates that it makes again. */
function outdated({ values }: LinesFile, { update, run }: Update): number {
  const kept = values.findLastIndex((value) => {
    const line = value as { update?: unknown; run?: unknown } | null;
    return !(line?.run === run && typeof line.update === "number" && line.update >= update);
  });
  return values.length - 1 - kept;
}

interface EventFile {
  write(step: number, time: number, metrics: { [name: string]: number | null }): void;
  /** Says that the run goes on at this step: what stands in earlier files from there on counts no more. */
  restart(step: number, time: number): void;
}

/** Begins an event file; a run that is resumed begins another in the same folder, which TensorBoard reads as one. */
function openEvents(folder: string): EventFile {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw diskFailure(folder, cause, { wanted: "folder" });
  }
  // TensorBoard reads files in the order of their names: to the millisecond, so that a resumed run's comes later.
  const path = join(folder, `events.out.tfevents.${(Date.now() / 1000).toFixed(3)}.${process.pid}.autoagent-lab`);
  let length = 0;
  const append = (...fields: Buffer[]): void => {
    length = appendWhole(path, record(Buffer.concat(fields)), length);
  };
  append(double(1, Date.now() / 1000), bytes(3, Buffer.from("brain.Event:2")));
  return {
    write(step, time, metrics) {
      const values = Object.entries(metrics)
        .filter((entry): entry is [string, number] => entry[1] !== null && Number.isFinite(entry[1]))
        .map(([name, value]) => bytes(1, Buffer.concat([bytes(1, Buffer.from(name)), float(2, value)])));
      append(double(1, time), whole(2, step), bytes(5, Buffer.concat(values)));
    },
    // SessionLog with status START.
    restart: (step, time) => append(double(1, time), whole(2, step), bytes(7, whole(1, 1))),
  };
}

/** One TFRecord: length, its checksum, data, its checksum. */
function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, masked(length), data, masked(data)]);
}

function masked(data: Buffer): Buffer {
  const crc = crc32c(data);
  const result = Buffer.alloc(4);
  result.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return result;
}

const table = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC-32C (Castagnoli), reflected. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = table[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function varint(value: number): Buffer {
  const list: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...list, left]);
    list.push((left % 128) | 128);
  }
}

const key = (field: number, wire: number): Buffer => varint(field * 8 + wire);
const whole = (field: number, value: number): Buffer => Buffer.concat([key(field, 0), varint(value)]);
const bytes = (field: number, value: Buffer): Buffer => Buffer.concat([key(field, 2), varint(value.length), value]);
const double = (field: number, value: number): Buffer => {
  const data = Buffer.alloc(8);
  data.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), data]);
};
const float = (field: number, value: number): Buffer => {
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return Buffer.concat([key(field, 5), data]);
};
