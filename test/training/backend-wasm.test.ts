/** The kernel that TF.js's wasm backend lacks, against sums made by hand. */

import assert from "node:assert/strict";
import { tf } from "../../src/policy/index.ts";
import { prepareBackend } from "../../src/training/backend.ts";
import { registerSegmentSum } from "../../src/training/backend-wasm.ts";

describe("the sum of rows by segment, on wasm", () => {
  before(() => prepareBackend({ backend: "wasm" }));
  after(() => prepareBackend({ backend: "cpu" }));

  const sums = (rows: number[], shape: number[], ids: number[], segments: number): unknown =>
    tf.tidy(() => tf.unsortedSegmentSum(tf.tensor(rows, shape), tf.tensor1d(ids, "int32"), segments).arraySync());

  it("adds each row to its segment's, and a segment without rows is zero", () => {
    const rows = [1, 2, 3, 10, 20, 30, 100, 200, 300, 1000, 2000, 3000];
    assert.deepEqual(sums(rows, [4, 3], [2, 0, 2, 0], 4), [
      [1010, 2020, 3030],
      [0, 0, 0],
      [101, 202, 303],
      [0, 0, 0],
    ]);
    assert.deepEqual(sums(rows, [4, 3], [1, 1, 1, 1], 2), [
      [0, 0, 0],
      [1111, 2222, 3333],
    ]);
  });

  it("drops rows whose segment is below zero or beyond the last", () => {
    assert.deepEqual(sums([1, 2, 4, 8], [4], [-1, 1, 2, 0], 2), [8, 2]);
  });

  it("takes rows of any shape: numbers, and squares", () => {
    assert.deepEqual(sums([1, 2, 3, 4], [4], [1, 0, 1, 1], 2), [2, 8]);
    assert.deepEqual(sums([1, 2, 3, 4, 10, 20, 30, 40], [2, 2, 2], [1, 1], 2), [
      [
        [0, 0],
        [0, 0],
      ],
      [
        [11, 22],
        [33, 44],
      ],
    ]);
  });

  it("is registered once: who registers it again changes nothing", () => {
    const kernel = tf.getKernel("UnsortedSegmentSum", "wasm");
    assert.ok(kernel);
    registerSegmentSum();
    assert.equal(tf.getKernel("UnsortedSegmentSum", "wasm"), kernel);
  });
});
