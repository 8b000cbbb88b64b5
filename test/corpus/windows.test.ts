/** Windows of token ids, with a tokenizer of letters: each begins with a document, an end token after each. */

import assert from "node:assert/strict";
import { drawBatch, drawDocument, drawExample, drawTexts } from "../../corpus/index.ts";
import { drawWindow } from "../../corpus/windows.ts";
import type { Tokenizer } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";

const end = 70_000;
const tokens = {
  end: [end],
  encode: (text: string) => [...text].map((letter) => letter.codePointAt(0)!),
} as unknown as Tokenizer;

describe("a window", () => {
  it("is documents with an end token after each, from the seed, the split and its number; targets are one ahead", () => {
    for (const split of ["training", "held-out"] as const) {
      const random = createRandom(3, "window", split, 5);
      const whole: number[] = [];
      for (let i = 0; i < 4; i++) whole.push(...tokens.encode(drawDocument(random, { split }).text), end);
      const length = whole.length - 10;
      const { ids, targets } = drawWindow(5, { seed: 3, length, tokens, split });
      assert.deepEqual([...ids], whole.slice(0, length));
      assert.deepEqual([...targets], whole.slice(1, length + 1));
      assert.equal(ids.filter((id) => id === end).length, 3);
      if (split === "training")
        assert.deepEqual(drawWindow(5, { seed: 3, length, tokens }).ids, ids, "the default split");
    }
  });

  it("is full, whether a document ends just there or not", () => {
    const first = tokens.encode(drawDocument(createRandom(3, "window", "training", 0)).text).length;
    for (const length of [first - 1, first, first + 1, first + 2]) {
      const { ids, targets } = drawWindow(0, { seed: 3, length, tokens });
      assert.deepEqual([ids.length, targets.length], [length, length]);
      assert.ok(
        [...ids, ...targets].every((id) => id > 0),
        `${length}`,
      );
      assert.equal(targets[first - 1], length >= first ? end : undefined);
    }
  });

  it("of a batch stand one after the other", () => {
    const options = { seed: 3, length: 50, tokens };
    const { ids, targets } = drawBatch(7, 3, options);
    for (let i = 0; i < 3; i++) {
      const one = drawWindow(7 + i, options);
      assert.deepEqual([ids.slice(i * 50, i * 50 + 50), targets.slice(i * 50, i * 50 + 50)], [one.ids, one.targets]);
    }
    assert.deepEqual([ids.length, targets.length], [150, 150]);
  });
});

describe("what is drawn without options", () => {
  it("is of the training split and has no types; documents have one to eight examples, three in ten with types", () => {
    const typed = /\w: (?:number|string|boolean|unknown|\w+\[\])\b/;
    for (let i = 0; i < 300; i++) {
      const { program } = drawExample(createRandom(i));
      assert.doesNotMatch(program, /\): (?:number|string|boolean)|\w+: (?:number|string|boolean)[,)]/, program);
      const same = drawExample(createRandom(i), { split: "training", of: "all", style: { typed: false } });
      assert.equal(same.program, program);
    }
    const documents = Array.from({ length: 600 }, (_, i) => drawDocument(createRandom(9, i)));
    const counts = documents.map(({ examples }) => examples.length);
    assert.deepEqual([Math.min(...counts), Math.max(...counts), new Set(counts).size], [1, 8, 8]);
    const withTypes = documents.filter(({ text }) => typed.test(text)).length / documents.length;
    assert.ok(withTypes > 0.15 && withTypes < 0.35, `${withTypes}`);
    const { text, examples } = documents.find(({ examples: all }) => all.length === 2)!;
    assert.equal(text, examples.map(({ ask, program }) => `// ${ask}\n${program}\n`).join("\n"));
    const [first] = drawTexts(4, 1);
    assert.equal(first, drawDocument(createRandom(4, "vocabulary", 0)).text);
  });

  it("has shares that are shares: rates below 0 or above 1 in sum are refused by name", () => {
    const rates = { fatal: 0, harmful: 0, noOp: 0, other: 0 };
    for (const [name, given, shown] of [
      ["fatal", { fatal: -0.1 }, -0.1],
      ["harmful", { harmful: 1.5 }, 1.5],
      ["noOp", { noOp: Number.NaN }, Number.NaN],
      ["good", { other: 0.75, fatal: 0.5 }, -0.25],
    ] as const)
      assert.throws(() => drawExample(createRandom(1), { rates: { ...rates, ...given } }), {
        name: "RangeError",
        message: `Expected the rates to be shares that sum to at most 1, got ${shown} for ${name}`,
      });
    assert.equal(drawExample(createRandom(1), { rates: { ...rates, other: 1 } }).kind, "other");
    assert.ok(1 - 0.1 - 0.2 - 0.3 - 0.4 < 0, "as numbers are");
    const all = { fatal: 0.1, harmful: 0.2, noOp: 0.3, other: 0.4 };
    assert.notEqual(drawExample(createRandom(1), { rates: all }).kind, "good");
    assert.throws(() => drawExample(createRandom(1), { of: "unseen" }), {
      message: "Unseen families have no tasks in the training split",
    });
  });
});
