/**
 * Values as bytes, and back. Packed they are one zstd frame: a line of JSON (as `episode/json.ts` writes it, NaN and -0
 * included), a line of what stands beside it, then the numbers of its arrays as they lie in memory, which the first line names
 * by `{"$array": [type, length]}` in the order of the walk. `zstdcat FILE | head -1` shows it. A content's name is the hash of
 * the value and its arrays: equal values have equal names, whatever stands beside them.
 */

import { createHash } from "node:crypto";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { decode, encode, type Plain } from "../episode/index.ts";

const types = { f32: Float32Array, i32: Int32Array, f64: Float64Array, u8: Uint8Array } as const;
type Type = keyof typeof types;
type Numbers = InstanceType<(typeof types)[Type]>;

/** Bytes that travel, and the name of their content. */
export interface Packed {
  bytes: Buffer;
  hash: string;
}

/**
 * Packs plain data in which arrays of numbers may stand. Throws a TypeError for what is none.
 * @param beside plain data that is no part of the content: what a clock decided, who played it
 */
export function pack(
  value: unknown,
  { name = "value", beside = null }: { name?: string; beside?: unknown } = {},
): Packed {
  const arrays: Numbers[] = [];
  const content = Buffer.from(`${JSON.stringify(encode(lift(value, arrays), name))}\n`);
  const numbers = arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  const bytes = zstdCompressSync(Buffer.concat([content, Buffer.from(`${JSON.stringify(beside)}\n`), ...numbers]));
  return { bytes, hash: hashOf(content, Buffer.concat(numbers)) };
}

/** What was packed, what stood beside it, and the name of its content. */
export function unpack(bytes: Uint8Array): { value: unknown; beside: unknown; hash: string } {
  const whole = zstdDecompressSync(bytes);
  const end = whole.indexOf(10) + 1;
  const start = whole.indexOf(10, end) + 1;
  let at = start;
  const take = (type: Type, length: number): Numbers => {
    const numbers = new types[type](length);
    const size = numbers.byteLength;
    new Uint8Array(numbers.buffer).set(whole.subarray(at, at + size));
    at += size;
    return numbers;
  };
  const value = lower(decode(JSON.parse(whole.toString("utf8", 0, end)) as Plain), take);
  const beside = JSON.parse(whole.toString("utf8", end, start)) as unknown;
  return { value, beside, hash: hashOf(whole.subarray(0, end), whole.subarray(start)) };
}

function hashOf(content: Uint8Array, numbers: Uint8Array): string {
  return createHash("sha256").update(content).update(numbers).digest("hex");
}

function typeOf(value: object): Type | undefined {
  return (Object.keys(types) as Type[]).find((type) => Object.getPrototypeOf(value) === types[type].prototype);
}

/** The same value with its arrays taken out. */
function lift(value: unknown, arrays: Numbers[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => lift(one, arrays));
  const type = ArrayBuffer.isView(value) ? typeOf(value) : undefined;
  if (type !== undefined) return { $array: [type, arrays[arrays.push(value as Numbers) - 1]!.length] };
  if (Object.getPrototypeOf(value) !== Object.prototype) return value; // `encode` says what it is
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, lift(one, arrays)]));
}

/** Puts them back, in the same order. */
function lower(value: unknown, take: (type: Type, length: number) => Numbers): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => lower(one, take));
  const { $array: array } = value as { $array?: unknown };
  if (Array.isArray(array) && array.length === 2 && (array[0] as string) in types)
    return take(array[0] as Type, array[1] as number);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, lower(one, take)]));
}
