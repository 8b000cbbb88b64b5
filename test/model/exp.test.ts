/** The exponentials of a draw against `Math.exp`. */

import assert from "node:assert/strict";
import { fillExp } from "../../src/model/exp.ts";
import { draw } from "../../src/model/sample.ts";
import { createRandom } from "../../src/random/index.ts";

describe("the exponentials of a draw", () => {
  it("are those of Math.exp to 1e-11, and so is their sum, from the smallest to the largest", () => {
    const values = Float32Array.from({ length: 60_000 }, (_, i) => 3 - i / 100);
    for (const divisor of [0.3, 1, 1.7]) {
      const found = new Float64Array(values.length);
      const total = fillExp(values, 3, divisor, found);
      assert.equal(
        total,
        found.reduce((sum, value) => sum + value, 0),
      );
      for (const [i, value] of found.entries()) {
        const x = (values[i]! - 3) / divisor;
        if (x < -700) assert.equal(value, 0);
        else assert.ok(Math.abs(value / Math.exp(x) - 1) < 1e-11, `e^${x}: ${value}`);
      }
    }
  });

  it("are 1 for the likeliest, 0 for one that is ruled out, and an error for what is not a number", () => {
    const found = new Float64Array(3);
    assert.equal(fillExp(Float32Array.of(5, Number.NEGATIVE_INFINITY, 5), 5, 1, found), 2);
    assert.deepEqual([...found], [1, 0, 1]);
    const broken = () => draw(Float32Array.of(1, Number.NaN, 0), new Float64Array(3), {}, createRandom(1));
    assert.throws(broken, { name: "RangeError", message: /^A logit is not a number/ });
  });
});
