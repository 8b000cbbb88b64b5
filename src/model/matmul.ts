/**
 * How a decoder's graph multiplies by a weight: as float32, or in 8 bits. In 8 bits each output has a scale for its weights,
 * and each row of the input a scale of its own, found when it runs; the sums between are whole numbers. They have no
 * rounding and no order, so a row's result does not depend on its batch.
 */

import type { GraphParts, LoadFloats } from "./onnx.ts";

/** Numbers of the weights, and the bytes of one: floats, or whole numbers with a scale for each output. */
export const dtypes = { fp32: 4, q8: 1 } as const;
export type Dtype = keyof typeof dtypes;

/** Matrix products with weights. */
export interface Matmuls {
  /** x [rows, from] times a weight [from, to]. */
  linear(x: string, weight: LoadFloats, from: number, to: number): string;
  /** x [rows, from] times the words transposed, [to, from], under the name `into`. `held`: a constant that holds them already. */
  output(x: string, words: { load: LoadFloats; held?: string }, from: number, to: number, into: string): void;
}

/** Products of float32. */
export function floatMatmuls(g: GraphParts): Matmuls {
  return {
    linear: (x, weight, from, to) => g.op("MatMul", [x, g.constant(weight, [from, to])]),
    output(x, { load, held }, from, to, into) {
      g.op("Gemm", [x, held ?? g.constant(load, [to, from])], { transB: { int: 1 } }, into);
    },
  };
}

const most = 127;

/** Products of 8 bits. `rows` is the number of rows of every `linear`'s input, as a tensor of one whole number. */
export function eightBitMatmuls(g: GraphParts, rows: string): Matmuls {
  const middle = g.constant(Uint8Array.of(128), []);
  const inputs = new Map<string, { whole: string; scale: string }>();
  const quantised = (x: string, count: string): { whole: string; scale: string } => {
    const known = inputs.get(x);
    if (known) return known;
    const largest = g.op("ReduceMax", [g.op("Abs", [x]), g.int64(-1)], { keepdims: { int: 1 } });
    const scale = g.op("Mul", [g.op("Max", [largest, g.float(1e-30)]), g.float(1 / most)]);
    const zeros = g.op("Expand", [middle, count]);
    const whole = g.op("QuantizeLinear", [x, g.op("Reshape", [scale, g.int64(-1)]), zeros], { axis: { int: 0 } });
    inputs.set(x, { whole, scale });
    return { whole, scale };
  };
  const product = (x: string, weight: LoadFloats, shape: [number, number], count: string, into?: string): string => {
    const { whole, scale } = quantised(x, count);
    const { values, scales } = eightBit(weight, ...shape);
    const sums = g.op("MatMulInteger", [whole, g.constant(values, shape), middle]);
    const scaled = g.op("Mul", [g.op("Cast", [sums], { to: { int: 1 } }), g.constant(scales, [shape[1]])]);
    return g.op("Mul", [scaled, scale], {}, into);
  };
  return {
    linear: (x, weight, from, to) => product(x, weight, [from, to], rows),
    output(x, { load }, from, to, into) {
      const count = g.op("Shape", [x], { start: { int: 0 }, end: { int: 1 } });
      product(x, async () => transpose(await load(), to, from), [from, to], count, into);
    },
  };
}

/** A weight [from, to] as whole numbers from -127 to 127 and a scale for each column. Reads it once if values come first. */
function eightBit(
  weight: LoadFloats,
  from: number,
  to: number,
): { values: { bytes(): Promise<Int8Array> }; scales: LoadFloats } {
  let found: Float32Array | undefined;
  const values = async (): Promise<Int8Array> => {
    const floats = await weight();
    const largest = new Float32Array(to);
    for (let i = 0; i < floats.length; i++) largest[i % to] = Math.max(largest[i % to]!, Math.abs(floats[i]!));
    const scales = largest.map((value) => (value === 0 ? 1 : value / most));
    const result = new Int8Array(from * to);
    for (let i = 0; i < floats.length; i++) result[i] = Math.round(floats[i]! / scales[i % to]!);
    found = scales;
    return result;
  };
  const scales = async (): Promise<Float32Array> => {
    if (found === undefined) await values();
    return found!;
  };
  return { values: { bytes: values }, scales };
}

/** Rows become columns; in blocks, for the caches. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  const block = 32;
  for (let top = 0; top < rows; top += block)
    for (let left = 0; left < columns; left += block)
      for (let r = top; r < Math.min(rows, top + block); r++)
        for (let c = left; c < Math.min(columns, left + block); c++) result[c * rows + r] = values[r * columns + c]!;
  return result;
}
