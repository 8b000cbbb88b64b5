/** Values as bytes and back, and batches in parts. */

import assert from "node:assert/strict";
import { zstdDecompressSync } from "node:zlib";
import { pack, unpack } from "../../src/workers/pack.ts";
import { partSize, partsOf } from "../../src/workers/part.ts";

describe("a value that is packed", () => {
  const value = {
    numbers: [Number.NaN, -0, 0, Number.NEGATIVE_INFINITY, 0.1],
    words: new Int32Array([3, -1]),
    inner: [
      { hidden: Float32Array.of(0.1, Number.NaN), sums: Float64Array.of(Math.PI) },
      { hidden: new Float32Array(0) },
    ],
    text: 'two\nlines, and {"$array": 1}',
    none: null,
  };

  it("comes back the same, its arrays of the same types, what JSON cannot say included", () => {
    const { bytes, hash } = pack(value, { beside: { ms: [1, 2] } });
    const back = unpack(bytes);
    assert.deepEqual(back.value, value);
    assert.deepEqual(back.beside, { ms: [1, 2] });
    assert.equal(back.hash, hash);
  });

  it("has a name that follows from its content alone, arrays included", () => {
    const { hash } = pack(value);
    assert.equal(pack(value, { beside: "another clock" }).hash, hash);
    assert.notEqual(pack({ ...value, words: new Int32Array([3, 1]) }).hash, hash);
    assert.notEqual(pack({ ...value, none: 0 }).hash, hash);
    assert.notEqual(pack({ ...value, numbers: [Number.NaN, 0, 0, Number.NEGATIVE_INFINITY, 0.1] }).hash, hash);
  });

  it("can be looked at: its first line is JSON", () => {
    const [line] = zstdDecompressSync(pack({ a: [1] }).bytes)
      .toString()
      .split("\n");
    assert.deepEqual(JSON.parse(line!), { a: [1] });
  });

  it("is plain data, else the field is named", () => {
    assert.throws(() => pack({ steps: [{ act: () => 1 }] }, { name: "spec" }), {
      message: "Expected `spec.steps[0].act` to be plain data, got the function act",
    });
  });
});

describe("the parts of a batch", () => {
  const cut = (first: number, episodes: number, size: number) =>
    partsOf({ seed: 1, first, episodes, group: 4 }, size).map((part) => [part.first, part.episodes]);

  it("make up the batch, also where they cut through groups", () => {
    assert.deepEqual(cut(0, 20, 8), [
      [0, 8],
      [8, 8],
      [16, 4],
    ]);
    assert.deepEqual(cut(0, 3, 1), [
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });

  it("end at multiples of their size, wherever the batch begins", () => {
    assert.deepEqual(cut(6, 11, 4), [
      [6, 2],
      [8, 4],
      [12, 4],
      [16, 1],
    ]);
  });

  it("are of 8 episodes, and of more where that leaves two dozen parts", () => {
    const sizes = [1, 48, 383, 384, 767, 768, 10_000].map(partSize);
    assert.deepEqual(sizes, [8, 8, 8, 16, 16, 32, 32]);
  });
});
