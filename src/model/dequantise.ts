/**
 * The blocks of GGUF files as float32: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K. A block holds some weights as small
 * whole numbers and the scale (and offset) that they share. Layouts: ggml's `ggml-common.h`; sums are rounded as there, so
 * that the values equal those of llama.cpp and Transformers to the last bit.
 */

/** A type of block: ggml's number, weights in a block, bytes of a block. */
export interface BlockType {
  name: string;
  weights: number;
  bytes: number;
  /** Writes the weights of the block at byte `from` to `to` of `out`. */
  unpack(view: DataView, from: number, out: Float32Array, to: number): void;
}

const round = Math.fround;
const half = (view: DataView, at: number): number => view.getFloat16(at, true);

/** By ggml's number. */
export const blockTypes: ReadonlyMap<number, BlockType> = new Map<number, BlockType>([
  [0, { name: "F32", weights: 1, bytes: 4, unpack: unpackF32 }],
  [1, { name: "F16", weights: 1, bytes: 2, unpack: unpackF16 }],
  [2, { name: "Q4_0", weights: 32, bytes: 18, unpack: unpackQ40 }],
  [3, { name: "Q4_1", weights: 32, bytes: 20, unpack: unpackQ41 }],
  [6, { name: "Q5_0", weights: 32, bytes: 22, unpack: unpackQ50 }],
  [7, { name: "Q5_1", weights: 32, bytes: 24, unpack: unpackQ51 }],
  [8, { name: "Q8_0", weights: 32, bytes: 34, unpack: unpackQ80 }],
  [12, { name: "Q4_K", weights: 256, bytes: 144, unpack: unpackQ4K }],
  [13, { name: "Q5_K", weights: 256, bytes: 176, unpack: unpackQ5K }],
  [14, { name: "Q6_K", weights: 256, bytes: 210, unpack: unpackQ6K }],
  [30, { name: "BF16", weights: 1, bytes: 2, unpack: unpackBF16 }],
]);

/** All weights of a tensor. Throws a RangeError if the bytes are not a whole number of blocks. */
export function dequantise(bytes: Uint8Array, type: BlockType): Float32Array {
  const blocks = bytes.length / type.bytes;
  if (!Number.isInteger(blocks))
    throw new RangeError(`Expected blocks of ${type.bytes} bytes of ${type.name}, got ${bytes.length} bytes`);
  if (type.name === "F32" && bytes.byteOffset % 4 === 0)
    return new Float32Array(bytes.buffer, bytes.byteOffset, blocks).slice();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float32Array(blocks * type.weights);
  for (let block = 0; block < blocks; block++) type.unpack(view, block * type.bytes, out, block * type.weights);
  return out;
}

const word = new Uint32Array(1);
const asFloat = new Float32Array(word.buffer);

function unpackF32(view: DataView, at: number, out: Float32Array, to: number): void {
  out[to] = view.getFloat32(at, true);
}

function unpackF16(view: DataView, at: number, out: Float32Array, to: number): void {
  out[to] = half(view, at);
}

function unpackBF16(view: DataView, at: number, out: Float32Array, to: number): void {
  word[0] = view.getUint16(at, true) << 16;
  out[to] = asFloat[0]!;
}

/** Scale, then 16 bytes of which the low halves are the first 16 weights and the high halves the others. */
function unpackQ40(view: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(view, at);
  for (let i = 0; i < 16; i++) {
    const pair = view.getUint8(at + 2 + i);
    out[to + i] = scale * ((pair & 15) - 8);
    out[to + 16 + i] = scale * ((pair >> 4) - 8);
  }
}

/** The same with an offset. */
function unpackQ41(view: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(view, at);
  const least = half(view, at + 2);
  for (let i = 0; i < 16; i++) {
    const pair = view.getUint8(at + 4 + i);
    out[to + i] = round(scale * (pair & 15)) + least;
    out[to + 16 + i] = round(scale * (pair >> 4)) + least;
  }
}

/** As Q4_0, with the fifth bits of all 32 weights in four bytes behind the scale. */
function unpackQ50(view: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(view, at);
  const fifth = view.getUint32(at + 2, true);
  for (let i = 0; i < 16; i++) {
    const pair = view.getUint8(at + 6 + i);
    out[to + i] = scale * (((pair & 15) | (((fifth >>> i) & 1) << 4)) - 16);
    out[to + 16 + i] = scale * (((pair >> 4) | (((fifth >>> (i + 16)) & 1) << 4)) - 16);
  }
}

/** The same with an offset. */
function unpackQ51(view: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(view, at);
  const least = half(view, at + 2);
  const fifth = view.getUint32(at + 4, true);
  for (let i = 0; i < 16; i++) {
    const pair = view.getUint8(at + 8 + i);
    out[to + i] = round(scale * ((pair & 15) | (((fifth >>> i) & 1) << 4))) + least;
    out[to + 16 + i] = round(scale * ((pair >> 4) | (((fifth >>> (i + 16)) & 1) << 4))) + least;
  }
}

function unpackQ80(view: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(view, at);
  for (let i = 0; i < 32; i++) out[to + i] = scale * view.getInt8(at + 2 + i);
}

/** Two scales, then eight pairs of a six-bit scale and a six-bit offset in 12 bytes, then 256 halves of bytes. */
function unpackQ4K(view: DataView, at: number, out: Float32Array, to: number): void {
  unpackGroups(view, at, { low: at + 16, high: null }, out, to);
}

/** The same, with 256 fifth bits between: bit g of byte i is that of weight i of group g. */
function unpackQ5K(view: DataView, at: number, out: Float32Array, to: number): void {
  unpackGroups(view, at, { low: at + 48, high: at + 16 }, out, to);
}

function unpackGroups(
  view: DataView,
  at: number,
  { low, high }: { low: number; high: number | null },
  out: Float32Array,
  to: number,
): void {
  const scale = half(view, at);
  const least = half(view, at + 2);
  const six = (i: number): number => view.getUint8(at + 4 + i);
  for (let group = 0; group < 8; group++) {
    const first = group < 4;
    const ownScale = first ? six(group) & 63 : (six(group + 4) & 15) | ((six(group - 4) >> 6) << 4);
    const ownLeast = first ? six(group + 4) & 63 : (six(group + 4) >> 4) | ((six(group) >> 6) << 4);
    const times = round(scale * ownScale);
    const minus = round(least * ownLeast);
    const from = low + (group >> 1) * 32;
    const shift = (group & 1) * 4;
    for (let i = 0; i < 32; i++) {
      const fifth = high === null ? 0 : ((view.getUint8(high + i) >> group) & 1) << 4;
      out[to + group * 32 + i] = round(times * (((view.getUint8(from + i) >> shift) & 15) | fifth)) - minus;
    }
  }
}

/** 256 low halves, 256 pairs of high bits, 16 scales, then the scale of those. */
function unpackQ6K(view: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(view, at + 208);
  for (let i = 0; i < 256; i++) {
    const upper = i >> 7;
    const group = (i & 127) >> 5;
    const lane = i & 31;
    const low = (view.getUint8(at + upper * 64 + (group & 1) * 32 + lane) >> ((group >> 1) * 4)) & 15;
    const high = (view.getUint8(at + 128 + upper * 32 + lane) >> (group * 2)) & 3;
    out[to + i] = round(scale * view.getInt8(at + 192 + (i >> 4))) * ((low | (high << 4)) - 32);
  }
}
