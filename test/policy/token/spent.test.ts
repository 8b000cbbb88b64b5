/** What a generator of programs tells of itself: tokens and seconds, how it would ask a server, and what the same programs are when they are read. */

import assert from "node:assert/strict";
import type { Decoder } from "../../../src/model/index.ts";
import { openPretrained } from "../../../src/policy/index.ts";
import { createProgramGenerator } from "../../../src/policy/token/generator.ts";
import { createRandom } from "../../../src/random/index.ts";
import { toyDecoder } from "./toy.ts";

const prompt = {
  ...{ name: "toy", version: 1, examples: [], before: "/", after: "\n", separator: "\n\n", primed: "a.", stop: [";"] },
  maxTokens: 12,
};
const tasks = ["a", "bc", "def", "a", "bc"].map((task) => ({ task }));
const streams = () => tasks.map((_, i) => createRandom(4, "spent", i));

/** A real model, which reads several tokens at once. */
async function openTiny(): Promise<Decoder & AsyncDisposable> {
  const decoder = await openPretrained("tiny", { threads: 1 });
  return { ...decoder, [Symbol.asyncDispose]: () => decoder.dispose() };
}

describe("a generator of programs", () => {
  it("counts the tokens that it drew, and the seconds in which it drew any, for however many at once", async () => {
    const real = performance.now;
    let clock = 5000;
    let passes = 0;
    const toy = toyDecoder();
    const slow: typeof toy = {
      ...toy,
      forward: (input) => {
        passes++;
        clock += 1000;
        return toy.forward(input);
      },
    };
    const generator = await createProgramGenerator(slow, { prompt });
    assert.deepEqual(generator.spent, { tokens: 0, seconds: 0 });
    const tokensOf = (all: readonly { ids: readonly number[] }[]) => all.reduce((sum, { ids }) => sum + ids.length, 0);
    const write = () => generator.write(tasks, streams(), () => ({}));
    performance.now = () => clock;
    try {
      passes = 0;
      const drawn = tokensOf(await write());
      assert.ok(drawn > 0);
      assert.deepEqual(generator.spent, { tokens: drawn, seconds: passes });
      clock += 60_000;
      await Promise.all([write(), write()]);
      assert.deepEqual(generator.spent, { tokens: 3 * drawn, seconds: passes }, "nothing was drawn for a minute");
    } finally {
      performance.now = real;
    }
  });

  it("reads programs that were written elsewhere as if it had drawn them: ids, ends, log-probabilities, features", async () => {
    await using decoder = await openTiny();
    const generator = await createProgramGenerator(decoder, { temperature: 0.8, maxTokens: 10 });
    const drawn = await generator.write(tasks, streams(), () => ({}));
    const written = drawn.map(({ ids, text, ended }) => ({ ids, text, cut: ended === "length" }));
    const read = await generator.force(tasks, written, () => ({}));
    assert.ok(drawn.some(({ ids }) => ids.length > 2));
    const near = (found: ArrayLike<number>, wanted: ArrayLike<number>, what: string) => {
      assert.equal(found.length, wanted.length, what);
      for (let i = 0; i < wanted.length; i++) assert.ok(Math.abs(found[i]! - wanted[i]!) < 1e-4, `${what} ${i}`);
    };
    for (const [i, one] of read.entries()) {
      const own = drawn[i]!;
      assert.deepEqual([one.ids, one.text, one.ended], [own.ids, own.text, own.ended === "length" ? "length" : "stop"]);
      near(one.logProbs, own.logProbs, "log-probability");
      near(one.features, own.features, "the prompt's last state, number");
    }
  });

  it("would ask a server for the whole prompts, in the way in which it draws", async () => {
    const toy = toyDecoder();
    for (const [options, how] of [
      [{}, { maxTokens: 12, temperature: 1, topK: 0, topP: 1 }],
      [
        { maxTokens: 5, temperature: 0.5, topK: 3, topP: 0.25 },
        { maxTokens: 5, temperature: 0.5, topK: 3, topP: 0.25 },
      ],
    ] as const) {
      const generator = await createProgramGenerator(toy, { prompt, ...options });
      const { prompts, ...asked } = await generator.asked(tasks.slice(0, 2));
      assert.deepEqual(asked, { ...how, stop: [";"] });
      assert.deepEqual(
        prompts.map((ids) => toy.tokenizer.decode(ids)),
        ["/a\na.", "/bc\na."],
      );
    }
  });
});
