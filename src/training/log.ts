/**
 * Writes a run's figures as it goes: JSON lines, and event files that TensorBoard opens. Each update is on disk before the
 * next begins. Format: TFRecord with masked CRC-32C, and the messages Event and Summary of TensorFlow's event.proto and
 * summary.proto, of which a dozen bytes are needed. Not here: which figures (`metrics.ts`).
 */

import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { metricsOf } from "./metrics.ts";
import type { Update } from "./reinforce.ts";

/** Where a run is logged. */
export interface LogOptions {
  /** A file that gets a JSON line an update; it is appended to. */
  jsonl?: string;
  /** A folder that gets an event file of TensorBoard's. */
  tensorboard?: string;
}

/** A logger for `train({ onUpdate: logTo({ ... }) })`. Throws at once if a place cannot be written to. */
export function logTo({ jsonl, tensorboard }: LogOptions): (update: Update) => void {
  if (jsonl === undefined && tensorboard === undefined)
    throw new TypeError("Expected `jsonl` or `tensorboard` to be a path, got neither");
  if (jsonl !== undefined) {
    mkdirSync(dirname(jsonl), { recursive: true });
    appendFileSync(jsonl, "");
  }
  const events = tensorboard === undefined ? null : openEvents(tensorboard);
  return (update) => {
    const time = Date.now() / 1000;
    const metrics = metricsOf(update);
    if (jsonl !== undefined) appendFileSync(jsonl, `${JSON.stringify({ update: update.update, time, ...metrics })}\n`);
    events?.(update.update, time, metrics);
  };
}

type WriteEvent = (step: number, time: number, metrics: { [name: string]: number | null }) => void;

/** Begins an event file; a run that is resumed begins another in the same folder, which TensorBoard reads as one. */
function openEvents(folder: string): WriteEvent {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${process.pid}.autoagent-lab`);
  appendFileSync(path, record(Buffer.concat([double(1, Date.now() / 1000), bytes(3, Buffer.from("brain.Event:2"))])));
  return (step, time, metrics) => {
    const values = Object.entries(metrics)
      .filter((entry): entry is [string, number] => entry[1] !== null && Number.isFinite(entry[1]))
      .map(([name, value]) => bytes(1, Buffer.concat([bytes(1, Buffer.from(name)), float(2, value)])));
    const summary = bytes(5, Buffer.concat(values));
    appendFileSync(path, record(Buffer.concat([double(1, time), whole(2, step), summary])));
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
