/** An update's programs in parts: which stand together, and where their positions and tokens are. */

import assert from "node:assert/strict";
import { batchOf, longest, partsOf, placed, stride, tokensOf } from "../../../src/policy/token/adapter/parts.ts";
import type { AdapterTrace } from "../../../src/policy/token/adapter/trace.ts";

/** A program of so many tokens after a prompt of so many, which takes one position fewer; the states say whose they are. */
const trace = (asked: number, drawn: number, state = 0): AdapterTrace =>
  ({
    asked,
    ids: new Int32Array(drawn),
    entering: new Float32Array(asked + drawn - 1).fill(state),
  }) as AdapterTrace;
const firsts = (parts: readonly (readonly { first: number }[])[]) =>
  parts.map((part) => part.map(({ first }) => first));

describe("an update's programs in parts", () => {
  it("are the longest first, as many together as the longest of them times their number may be", () => {
    // Positions 2, 5, 3, 3, 1; their first tokens are 0, 1, 4, 7 and 8.
    const programs = placed([trace(2, 1), trace(3, 3), trace(1, 3), trace(3, 1), trace(1, 1)]);
    assert.deepEqual(firsts([programs]), [[0, 1, 4, 7, 8]]);
    assert.deepEqual(firsts(partsOf(programs, 10)), [
      [1, 4],
      [7, 0, 8],
    ]);
    assert.deepEqual(firsts(partsOf(programs, 9)), [[1], [4, 7, 0], [8]]);
    assert.deepEqual(firsts(partsOf(programs, 1)), [[1], [4], [7], [0], [8]]);
    assert.deepEqual(firsts(partsOf(programs)), [[1, 4, 7, 0, 8]]);
    assert.deepEqual(partsOf([]), []);
    assert.deepEqual([longest(programs), longest(programs.slice(2))], [5, 3]);
    assert.deepEqual([...tokensOf(partsOf(programs, 10)[0]!)], [1, 2, 3, 4, 5, 6]);
  });

  it("are padded at their right, and are asked for what follows the prompt's last position and each token but the last", () => {
    const prefix = { length: 2, entering: Float32Array.of(8, 9) };
    const part = placed([trace(1, 3, 1), trace(2, 1, 2)]);
    const { rows, length, entering, wanted, prefix: own } = batchOf(part, prefix, 1);
    assert.deepEqual([rows, length, [...entering], own], [2, 3, [1, 1, 1, 2, 2, 0], prefix]);
    assert.deepEqual([...wanted], [0, 1, 2, 4]);
  });

  it("where the divergence is only told tell that of eight at least, and of one in sixteen of many", () => {
    assert.deepEqual([1, 15, 16, 100, 128, 5000].map(stride), [1, 1, 2, 12, 16, 16]);
  });
});
