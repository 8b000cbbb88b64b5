/** Drawing a token, by distributions that can be worked out by hand; and where a stop text cuts. */

import assert from "node:assert/strict";
import { generate } from "../../src/model/index.ts";
import { checkSampling, draw, type SamplingOptions } from "../../src/model/sample.ts";
import { createRandom } from "../../src/random/index.ts";
import { toyDecoder } from "../policy/token/toy.ts";

/** The ids that may be drawn from these probabilities. */
function possible(probabilities: readonly number[], options: SamplingOptions): number[] {
  const logits = Float32Array.from(probabilities, Math.log);
  const weights = new Float64Array(logits.length);
  draw(logits, weights, options, { uniform: () => 0.5 });
  return [...weights.keys()].filter((id) => weights[id]! > 0);
}

describe("drawing a token", () => {
  const three = [0.2, 0.5, 0.3];

  it("with top-p keeps the fewest of the likeliest that reach the share, and no more", () => {
    assert.deepEqual(possible(three, { topP: 0.49 }), [1]);
    assert.deepEqual(possible(three, { topP: 0.51 }), [1, 2]);
    assert.deepEqual(possible(three, { topP: 0.79 }), [1, 2]);
    assert.deepEqual(possible(three, { topP: 0.81 }), [0, 1, 2]);
    assert.deepEqual(possible(three, { topP: 1e-9 }), [1], "at least one");
    assert.deepEqual(possible([0.5, 0.25, 0.25], { topP: 0.5 }), [0], "just reached");
  });

  it("with top-k keeps k, of equals the first, and all where k is 0 or too many", () => {
    assert.deepEqual(possible(three, { topK: 1 }), [1]);
    assert.deepEqual(possible(three, { topK: 2 }), [1, 2]);
    for (const topK of [0, 3, 9]) assert.deepEqual(possible(three, { topK }), [0, 1, 2]);
    assert.deepEqual(possible([0.25, 0.25, 0.25, 0.25], { topK: 2 }), [0, 1]);
    const seen = new Set<number>();
    const random = createRandom(1, "top-k");
    const logits = Float32Array.from(three, Math.log);
    for (let i = 0; i < 1000; i++) seen.add(draw(logits, new Float64Array(3), { topK: 2 }, random).id);
    assert.deepEqual([...seen].sort(), [1, 2]);
  });

  it("refuses options past their edges, naming the value", () => {
    const edges: [keyof SamplingOptions, number[], number[], string][] = [
      ["temperature", [0, 1e-9, 5], [-1e-9, Infinity, Number.NaN], "0 or a positive number"],
      ["topK", [0, 1], [-1, 1.5, Infinity, Number.NaN], "0 (all) or a positive integer"],
      ["topP", [1e-9, 1], [0, -1, 1 + 1e-9, Number.NaN], "above 0 and at most 1"],
    ];
    for (const [name, right, wrong, expected] of edges) {
      for (const value of right) checkSampling({ [name]: value });
      for (const value of wrong)
        assert.throws(() => checkSampling({ [name]: value }), {
          name: "RangeError",
          message: `Expected \`${name}\` to be ${expected}, got ${value}`,
        });
    }
  });
});

describe("a text with several stops in it", () => {
  it("is cut at the first of them, in whatever order they are given", async () => {
    const toy = toyDecoder({ sharp: 0.2 });
    const text = async (stop: string[]) => {
      const streams = Array.from({ length: 200 }, (_, i) => createRandom(3, i));
      const drawn = await generate(toy, { prompts: streams.map(() => [1, 2]), streams, maxTokens: 6, stop });
      return drawn.map((one) => one.text);
    };
    const whole = await text([]);
    // "b" and "ab" end with the same token: both are there at once, and "ab" begins first.
    const both = await text(["b", "ab"]);
    assert.ok(
      whole.some((one) => /^[^b]*ab/.test(one)),
      "some have both",
    );
    for (const [i, one] of whole.entries()) {
      const at = [one.indexOf("b"), one.indexOf("ab")].filter((place) => place >= 0);
      assert.equal(both[i], at.length === 0 ? one : one.slice(0, Math.min(...at)));
    }
    assert.deepEqual(await text(["ab", "b"]), both);
  });
});
