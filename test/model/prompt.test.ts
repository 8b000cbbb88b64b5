/** Prompt designs: which values are none, and which part the error names. */

import assert from "node:assert/strict";
import { checkPrompt } from "../../src/model/index.ts";
import { tokenPolicy } from "../../src/policy/index.ts";
import { toyDecoder } from "../policy/token/toy.ts";

const design = {
  ...{ name: "letters", version: 1, preamble: "Letters.\n", before: "/", after: "\n", separator: "\n\n", primed: "" },
  ...{ stop: [";"], maxTokens: 12, temperature: 0.5, examples: [{ ask: "a", program: "b" }] },
};

/** What each part may not be; those that may be left out are not asked for `undefined`. */
const wrong: { [field: string]: unknown[] } = {
  ...Object.fromEntries(["name", "before", "after", "separator", "primed"].map((name) => [name, [undefined, null, 1]])),
  preamble: [null, 1],
  version: [undefined, 1.5, "1"],
  maxTokens: [undefined, 0, -1, 1.5, "9"],
  temperature: [null, 0, -1, "warm", Number.POSITIVE_INFINITY, Number.NaN],
  stop: [undefined, ";", [1], [""], null],
  examples: [undefined, {}, ["a"], [null], [{ ask: "a" }], [{ ask: "", program: "b" }], [{ ask: "a", program: 1 }]],
};

describe("a prompt design", () => {
  it("is what has all its parts, whether it says what need not be said or not", () => {
    assert.equal(checkPrompt(design), design);
    const { preamble: _, temperature: __, ...least } = { ...design, stop: [], examples: [], primed: "" };
    assert.equal(checkPrompt(least), least);
  });

  it("is refused by the part that is wrong", () => {
    for (const [field, values] of Object.entries(wrong))
      for (const value of values)
        assert.throws(
          () => checkPrompt({ ...design, [field]: value }),
          (error) =>
            error instanceof TypeError && error.message.startsWith(`Expected a prompt design's \`${field}\` to be `),
          `${field} ${JSON.stringify(value)}`,
        );
    assert.throws(() => checkPrompt(null), /Expected a prompt design's `name` to be a text, got undefined/);
  });

  it("that is given as an object is looked at before a model is asked by it", async () => {
    const { separator: _, ...lacking } = design;
    await assert.rejects(tokenPolicy(toyDecoder(), { asks: ["a"], samples: 1, prompt: lacking as typeof design }), {
      name: "TypeError",
      message: "Expected a prompt design's `separator` to be a text, got undefined",
    });
  });
});
