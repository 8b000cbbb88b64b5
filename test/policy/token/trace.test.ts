/** What a trace keeps of a token at the edge of arithmetic: next to nothing outside the head's words. */

import assert from "node:assert/strict";
import { createTraces } from "../../../src/policy/token/trace.ts";

/** What float32 has instead of minus infinity. */
const never = Math.fround(-1e30);

/**
 * One token of three equally likely words that the head has lifted by about 50 nats, to weights of 0.1, 0.2 and 0.3. The
 * frozen model's share of them is then 3 exp(-50), far below the rounding of a sum of weights.
 */
function traceOf({ tokenSubset, vocabulary, total }: { tokenSubset: number[]; vocabulary: number; total: number }) {
  const place = new Int32Array(vocabulary).fill(-1);
  for (const [i, word] of tokenSubset.entries()) place[word] = i;
  const traces = createTraces(1, 1, {
    ...{ tokenSubset: Int32Array.from(tokenSubset), place, width: 1, temperature: 1 },
    standardise: (from: Float32Array, into: Float32Array) => into.set(from),
  });
  const weights = new Float64Array(vocabulary);
  weights.set([0.1, 0.2, 0.3]);
  const logits = new Float32Array(vocabulary);
  traces.before({ rows: [0], hidden: new Float32Array(1), logits });
  for (let i = 0; i < 3; i++) logits[i] = 50 + Math.log(weights[i]!);
  traces.after({ row: 0, id: 0, weights, total });
  return traces.finish()[0]!;
}

describe("a token's trace", () => {
  for (const [what, settings] of [
    // 0.3 + 0.2 + 0.1 is 0.6, and 0.1 + 0.2 + 0.3 a bit above it.
    [
      "every word is the head's, and rounding leaves something",
      { tokenSubset: [2, 1, 0], vocabulary: 3, total: 0.1 + 0.2 + 0.3 },
    ],
    [
      "no other word is allowed, and rounding leaves less than nothing",
      { tokenSubset: [0, 1, 2], vocabulary: 4, total: 0.6 },
    ],
  ] as const)
    it(`gives the other words nothing where ${what}`, () => {
      const { base, logRest, restEntropy } = traceOf({ ...settings, tokenSubset: [...settings.tokenSubset] });
      assert.deepEqual([...logRest], [never]);
      assert.deepEqual([...restEntropy], [0]);
      for (const value of base) assert.ok(Math.abs(value + Math.log(3)) < 1e-5, `${value}, not log(1/3)`);
    });
});
