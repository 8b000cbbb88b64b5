/**
 * Reads and writes safetensors: eight bytes with the header's length, a JSON header, raw little-endian data. Nothing of the size that
 * a header claims is taken before it was checked against the file. Source: the format's page at huggingface/safetensors.
 */

import { type FileHandle, open } from "node:fs/promises";
import { ModelFailure } from "./error.ts";

/** Where a tensor lies in its file. */
export interface TensorPlace {
  path: string;
  dtype: "F32" | "F16" | "BF16";
  shape: number[];
  /** First byte in the file, and number of bytes. */
  at: number;
  bytes: number;
}

const widths: { [dtype: string]: number } = { F32: 4, F16: 2, BF16: 2 };

/** Longest header that is read. The largest known models have a few hundred KiB. */
const longestHeader = 64 * 1024 * 1024;

/**
 * Reads the header: tensors by name, `others` of types that decoders do not have (name to type), and the file's own texts.
 * Throws a ModelFailure that says what does not fit. */
export async function readSafetensorsHeader(
  path: string,
): Promise<{ places: Map<string, TensorPlace>; others: Map<string, string>; metadata: { [key: string]: string } }> {
  const damaged = (reason: string, cause?: unknown) => new ModelFailure({ kind: "damaged", path, reason }, { cause });
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const length = size < 8 ? -1n : (await readBytes(file, { path, at: 0, bytes: 8 })).readBigUInt64LE(0);
    if (length < 0n) throw damaged(`it has ${size} bytes, a safetensors file has at least 8`);
    if (length > BigInt(Math.min(size - 8, longestHeader)))
      throw damaged(`its header claims ${length} bytes, the file has ${size}`);
    const start = 8 + Number(length);
    let header: unknown;
    try {
      header = JSON.parse((await readBytes(file, { path, at: 8, bytes: Number(length) })).toString("utf8"));
    } catch (cause) {
      throw damaged("its header is not JSON", cause);
    }
    if (typeof header !== "object" || header === null || Array.isArray(header))
      throw damaged("its header is not a JSON object");
    const places = new Map<string, TensorPlace>();
    const others = new Map<string, string>();
    const { __metadata__: metadata = {}, ...entries } = header as { __metadata__?: { [key: string]: string } };
    for (const [name, entry] of Object.entries(entries)) {
      const place = readPlace(entry, { path, name, start, size });
      if (typeof place === "string") throw damaged(`tensor ${JSON.stringify(name)} ${place}`);
      if (place === null) others.set(name, String((entry as { dtype: unknown }).dtype));
      else places.set(name, place);
    }
    const ordered = [...places].sort(([, a], [, b]) => a.at - b.at);
    for (const [i, [name, { at }]] of ordered.entries()) {
      const before = ordered[i - 1];
      if (before && before[1].at + before[1].bytes > at)
        throw damaged(`tensors ${JSON.stringify(before[0])} and ${JSON.stringify(name)} overlap`);
    }
    return { places, others, metadata };
  } finally {
    await file.close();
  }
}

/** A tensor's place; null for one of a type that decoders do not have; a text that says what is wrong. */
function readPlace(
  entry: unknown,
  { path, start, size }: { path: string; name: string; start: number; size: number },
): TensorPlace | null | string {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as { [key: string]: unknown };
  if (typeof dtype !== "string") return "has no dtype";
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(whole) || shape.length > 8) return `has the shape ${JSON.stringify(shape)}`;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole))
    return `has the offsets ${JSON.stringify(offsets)}`;
  const [from, to] = offsets as [number, number];
  if (to < from || start + to > size)
    return `lies at ${from} to ${to}, outside of the file's ${size - start} bytes of data`;
  const width = widths[dtype];
  if (width === undefined) return null;
  const count = (shape as number[]).reduce((product, length) => product * length, 1);
  if (count * width !== to - from)
    return `has ${to - from} bytes, its shape [${shape}] of ${dtype} needs ${count * width}`;
  return { path, dtype: dtype as TensorPlace["dtype"], shape: shape as number[], at: start + from, bytes: to - from };
}

/** Reads a tensor as float32. */
export async function readTensor({ path, dtype, at, bytes }: TensorPlace): Promise<Float32Array> {
  const file = await open(path, "r");
  try {
    const raw = await readBytes(file, { path, at, bytes });
    const buffer = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength) as ArrayBuffer;
    if (dtype === "F32") return new Float32Array(buffer);
    if (dtype === "F16") return new Float32Array(new Float16Array(buffer));
    const bits = new Uint32Array(new Uint16Array(buffer)).map((half) => half << 16);
    return new Float32Array(bits.buffer);
  } finally {
    await file.close();
  }
}

/** A tensor to be written. */
export interface NamedTensor {
  name: string;
  shape: readonly number[];
  values: Float32Array;
}

/** A safetensors file as bytes. Half precision rounds to the nearest. `metadata` goes into the header. */
export function packSafetensors(
  tensors: readonly NamedTensor[],
  { type = "F32", metadata = {} }: { type?: "F32" | "F16"; metadata?: { [key: string]: string } } = {},
): Buffer {
  const header: { [name: string]: unknown } = { __metadata__: metadata };
  const parts: Buffer[] = [];
  let at = 0;
  for (const { name, shape, values } of tensors) {
    const data = type === "F32" ? values : new Float16Array(values);
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype: type, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  return Buffer.concat([packHeader(header), ...parts]);
}

/** A tensor that is read when its turn comes to be written. */
export interface StreamedTensor {
  name: string;
  shape: readonly number[];
  read(): Promise<Float32Array>;
}

/** Writes a safetensors file of float32 one tensor after the other: no more than one is in memory. */
export async function writeSafetensors(
  path: string,
  tensors: readonly StreamedTensor[],
  { metadata = {} }: { metadata?: { [key: string]: string } } = {},
): Promise<void> {
  const entries: { [name: string]: unknown } = {};
  let at = 0;
  for (const { name, shape } of tensors) {
    const end = at + 4 * shape.reduce((product, length) => product * length, 1);
    entries[name] = { dtype: "F32", shape, data_offsets: [at, end] };
    at = end;
  }
  const file = await open(path, "w");
  try {
    await file.writeFile(packHeader({ __metadata__: metadata, ...entries }));
    for (const { read } of tensors) {
      const { buffer, byteOffset, byteLength } = await read();
      await file.writeFile(new Uint8Array(buffer, byteOffset, byteLength));
    }
  } finally {
    await file.close();
  }
}

/** The header with its length before it, padded with spaces so that the data begins at a multiple of eight. */
function packHeader(header: object): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, " ");
  head.writeBigUInt64LE(BigInt(head.length - 8));
  text.copy(head, 8);
  return head;
}

/** Reads so many bytes of a model's file, in several calls where one cannot bring them all. */
export async function readBytes(
  file: FileHandle,
  { path, at, bytes }: { path: string; at: number; bytes: number },
): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await file.read(buffer, done, Math.min(bytes - done, 2 ** 30), at + done);
    if (bytesRead === 0) throw new ModelFailure({ kind: "damaged", path, reason: `it ended at byte ${at + done}` });
    done += bytesRead;
  }
  return buffer;
}
