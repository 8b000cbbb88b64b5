/** An episode goes through JSON and comes back the same, to the sign of a zero. */

import assert from "node:assert/strict";
import {
  decode,
  type Episode,
  encode,
  figuresOf,
  fromJson,
  type Plain,
  type Step,
  toJson,
} from "../../src/episode/index.ts";

const step: Step = {
  program: "self.n = '\ud800\u0000';",
  calls: [
    { query: "q", answer: "a" },
    { query: "r", error: "no" },
  ],
  report: null,
  action: { label: "l", choice: [3, 1], logProb: Number.NaN, referenceLogProb: -0 },
  verdict: "survived",
  cause: "",
  effects: [],
  rewards: { odd: Number.NEGATIVE_INFINITY, more: Number.POSITIVE_INFINITY, small: 5e-324, third: 1 / 3 },
  reward: Number.NaN,
};

const episode: Episode = {
  ...{ version: 1, id: null, seed: 7, index: 0, group: 0 },
  start: { seed: 7, labels: { $number: "NaN" } },
  steps: [step],
  ...{ terminated: false, truncated: true },
  ...figuresOf({ steps: [step], terminated: false }),
};

describe("an episode as JSON", () => {
  it("comes back the same: NaN, infinities, -0, lone surrogates and null bytes too", () => {
    const back = fromJson(toJson(episode));
    assert.deepStrictEqual(back, episode);
    assert.ok(Object.is(back.steps[0]!.action.referenceLogProb, -0));
    assert.equal(toJson(back), toJson(episode));
  });

  it("is JSON that any reader takes, on one line", () => {
    const text = toJson(episode);
    assert.ok(!text.includes("\n"));
    const { steps } = JSON.parse(text) as { steps: { action: { logProb: unknown; referenceLogProb: unknown } }[] };
    assert.deepEqual(steps[0]!.action.logProb, { $number: "NaN" });
    assert.deepEqual(steps[0]!.action.referenceLogProb, { $number: "-0" });
  });

  it("keeps data that looks like its own words, however deep", () => {
    const values: unknown[] = [
      { $number: "NaN" },
      { $number: "12" },
      { $literal: { $number: "-0" } },
      { $literal: { $literal: [] } },
      [{ $literal: 3 }, { $number: null, more: 1 }],
      JSON.parse('{"__proto__": {"$number": "-0"}}') as unknown,
    ];
    for (const value of values) {
      const back = decode(JSON.parse(JSON.stringify(encode(value))) as Plain);
      assert.deepStrictEqual(back, value, JSON.stringify(value));
    }
  });

  it("leaves what only looks like its own words, and it never wrote, as it is", () => {
    const texts = ['{"$number":"five"}', '{"$number":5}', '{"$literal":3}', '{"$literal":null}', '{"$literal":"a"}'];
    for (const text of texts) assert.deepEqual(decode(JSON.parse(text) as Plain), JSON.parse(text), text);
  });

  it("names what is no data, by its place", () => {
    const circle: { own?: unknown } = {};
    circle.own = circle;
    const wrong: [unknown, string][] = [
      [() => 1, "Expected `value.steps[1].a` to be plain data, got a function"],
      [new Map(), "Expected `value.steps[1].a` to be plain data, got a Map"],
      [Int32Array.of(1), "Expected `value.steps[1].a` to be plain data, got an Int32Array"],
      [[undefined], "Expected `value.steps[1].a[0]` to be plain data, got undefined"],
      [Float32Array.of(1), "Expected `value.steps[1].a` to be plain data, got a Float32Array"],
      [1n, "Expected `value.steps[1].a` to be plain data, got 1n"],
      [circle, "Expected `value.steps[1].a.own` to be plain data, got a circle"],
    ];
    for (const [a, message] of wrong)
      assert.throws(() => encode({ steps: [null, { a }] }), { name: "TypeError", message });
  });

  it("is refused where it is none, or of a newer version", () => {
    const refused: [string, string | RegExp][] = [
      ["{", /^Expected an episode as JSON: /],
      ["null", "Expected an episode as JSON: the text holds something else"],
      ['{"version":1}', "Expected an episode as JSON: the text holds something else"],
      ['{"version":2,"steps":[]}', "The episode has version 2, this library reads up to 1: update autoagent-lab"],
    ];
    for (const [text, message] of refused) assert.throws(() => fromJson(text), { name: "TypeError", message });
  });
});

describe("an episode's figures", () => {
  it("count the steps before the one that ended it, and sum the rewards", () => {
    const steps = [1, 1, 1, -1000].map((reward) => ({ ...step, reward }));
    const died = [...steps.slice(0, 3), { ...steps[3]!, verdict: "attempted_harm" as const }];
    const figures = { survival: 3, return: -997, verdict: "attempted_harm", fault: false };
    assert.deepEqual(figuresOf({ steps: died, terminated: true }), figures);
    assert.equal(figuresOf({ steps, terminated: false }).survival, 4);
    const spoiled = [...steps.slice(0, 3), { ...step, reward: 0, verdict: "infrastructure_error" as const }];
    assert.deepEqual(figuresOf({ steps: spoiled, terminated: false }), {
      survival: 4,
      return: 3,
      verdict: "infrastructure_error",
      fault: true,
    });
    assert.deepEqual(figuresOf({ steps: [], terminated: false }), {
      survival: 0,
      return: 0,
      verdict: "survived",
      fault: false,
    });
  });
});
