/** Products with weights, run by ONNX Runtime, against sums that are added up here. */

import assert from "node:assert/strict";
import { eightBitMatmuls, floatMatmuls, type Matmuls } from "../../src/model/matmul.ts";
import { createGraph, type GraphParts } from "../../src/model/onnx.ts";
import { loadRuntime, openSession } from "../../src/model/runtime.ts";
import { createRandom } from "../../src/random/index.ts";

const [rows, from, to] = [3, 40, 5];

/** Both products of `x` [rows, from] with one weight: [from, to] as it is, and transposed. */
async function products(
  of: (g: GraphParts, rows: string) => Matmuls,
  x: Float32Array,
  weight: Float32Array,
): Promise<Float32Array[]> {
  const g = createGraph("products", 23);
  const input = g.input("x", "float32", ["rows", from]);
  const { linear, output } = of(g, g.op("Shape", [input], { start: { int: 0 }, end: { int: 1 } }));
  g.op("Identity", [linear(input, async () => weight, from, to)], {}, "linear");
  const transposed = Float32Array.from(weight, (_, i) => weight[(i % from) * to + Math.floor(i / from)]!);
  output(input, { load: async () => transposed }, from, to, "output");
  for (const name of ["linear", "output"]) g.output(name, "float32", ["rows", to]);
  const ort = await loadRuntime();
  const session = await openSession(ort, Buffer.concat(await g.chunks()), "cpu", 1);
  const found = await session.run({ x: new ort.Tensor("float32", x, [rows, from]) });
  const values = ["linear", "output"].map((name) => found[name]!.data as Float32Array);
  await session.release();
  return values;
}

/** Whole numbers from -127 to 127, whose largest is 127 or -127 in every row and column: a scale of 1 holds them all. */
function wholeNumbers(count: number, isLargest: (i: number) => boolean, sign: number): Float32Array {
  const random = createRandom(count, sign);
  return Float32Array.from({ length: count }, (_, i) => (isLargest(i) ? 127 * sign : random.integer(255) - 127));
}

function expected(x: Float32Array, weight: Float32Array): number[] {
  return Array.from({ length: rows * to }, (_, at) => {
    const [row, column] = [Math.floor(at / to), at % to];
    return Array.from({ length: from }, (_, i) => x[row * from + i]! * weight[i * to + column]!).reduce(
      (a, b) => a + b,
    );
  });
}

const near = (found: Float32Array, wanted: readonly number[], share: number) => {
  const size = Math.max(...wanted.map(Math.abs));
  for (const [i, value] of found.entries())
    assert.ok(Math.abs(value - wanted[i]!) <= share * size, `${i}: ${value}, and not ${wanted[i]}`);
};

describe("a product with a weight", () => {
  for (const sign of [1, -1])
    it(`in 8 bits is exact where both are whole numbers up to ${127 * sign}`, async () => {
      const x = wholeNumbers(rows * from, (i) => i % from === 7, sign);
      const weight = wholeNumbers(from * to, (i) => i < to, sign);
      for (const found of await products(eightBitMatmuls, x, weight)) near(found, expected(x, weight), 1e-6);
    });

  it("in 8 bits has a scale for each row and each column, and none of a row or a column of zeros", async () => {
    const x = wholeNumbers(rows * from, (i) => i % from === 7, 1).map(
      (value, i) => value * [1e-6, 0, 1e4][Math.floor(i / from)]!,
    );
    const weight = wholeNumbers(from * to, (i) => i < to, 1).map(
      (value, i) => value * [1, 0.001, 0, 1000, -3][i % to]!,
    );
    for (const found of await products(eightBitMatmuls, x, weight))
      for (const [i, value] of expected(x, weight).entries())
        assert.ok(Math.abs(found[i]! - value) <= 1e-5 * Math.abs(value), `${i}: ${found[i]}, and not ${value}`);
  });

  it("of any numbers is float32's, and in 8 bits that but for half a step of each", async () => {
    const random = createRandom("floats");
    const [x, weight] = [rows * from, from * to].map((count) =>
      Float32Array.from({ length: count }, () => random.normal()),
    ) as [Float32Array, Float32Array];
    for (const found of await products(floatMatmuls, x, weight)) near(found, expected(x, weight), 1e-6);
    const far = Math.sqrt(from) * 2 * (3 / 127);
    for (const found of await products(eightBitMatmuls, x, weight))
      for (const [i, value] of expected(x, weight).entries()) assert.ok(Math.abs(found[i]! - value) < far, `${i}`);
  });
});
