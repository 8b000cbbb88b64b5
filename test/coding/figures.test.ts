/** pass@k against counting, and the distance of two programs against distances worked out by hand. */

import assert from "node:assert/strict";
import { passAtK } from "../../src/coding/index.ts";
import { editDistance, wordsOf } from "../../src/coding/words.ts";

/** The share of all choices of k among n, of which the first c are right, that hold a right one: counted one by one. */
function counted(n: number, c: number, k: number): number {
  let [all, right] = [0, 0];
  for (let choice = 0; choice < 2 ** n; choice++) {
    const taken = Array.from({ length: n }, (_, i) => i).filter((i) => (choice >> i) & 1);
    if (taken.length !== k) continue;
    all++;
    if (taken.some((i) => i < c)) right++;
  }
  return right / all;
}

describe("pass@k", () => {
  it("is the share of choices of k samples that hold one that passes", () => {
    for (let n = 1; n <= 7; n++)
      for (let c = 0; c <= n; c++)
        for (let k = 1; k <= n; k++) {
          const [is, expected] = [passAtK(n, c, k), counted(n, c, k)];
          assert.ok(Math.abs(is - expected) < 1e-12, `n ${n}, c ${c}, k ${k}: ${is}, not ${expected}`);
        }
    assert.throws(() => passAtK(2, 1, 3), { message: "Expected k from 1 to n and c from 0 to n, got n 2, c 1, k 3" });
  });
});

describe("the distance of two programs", () => {
  it("is the fewest words of code put in, taken out or changed, whatever the spaces", () => {
    const apart = (one: string, other: string) => editDistance(wordsOf(one), wordsOf(other));
    assert.equal(apart("return n * 2;", "return  n*2 ;"), 0);
    assert.equal(apart("return n * 2;", "return n + 2;"), 1);
    assert.equal(apart("return n * 2;", "return total;"), 3);
    assert.equal(apart("", "return n;"), 3);
    assert.equal(editDistance([..."kitten"], [..."sitting"]), 3); // the textbook's own example
  });
});
