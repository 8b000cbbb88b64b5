/** A language model as a policy: what it is asked out of an observation, and what an action says of its answer. */

import assert from "node:assert/strict";
import { modelPolicy } from "../../src/agent/index.ts";
import type { Completion, LanguageModel, Prompt } from "../../src/llm/index.ts";
import { createRandom } from "../../src/random/index.ts";

/** A model whose answer has this, and what it was asked. */
function spy(answer: Partial<Completion> = {}) {
  const asked: Prompt[] = [];
  const model: LanguageModel = {
    name: "spy",
    async complete(prompt) {
      asked.push(prompt);
      return { text: "self.a = 1;", model: "spy", usage: { promptTokens: 1, completionTokens: 2 }, ...answer };
    },
  };
  return { asked, model };
}

const streams = (count: number) => Array.from({ length: count }, (_, i) => createRandom("policy", i));

describe("a language model as a policy", () => {
  it("is asked what the last step answered, else the query, else what comes next; or what it is told to make of it", async () => {
    const { asked, model } = spy();
    const seen = [
      { response: "an answer", query: "a query" },
      { response: "", query: "a query" },
      { query: "a query" },
      { response: "", query: "" },
      {},
    ];
    await modelPolicy(model).act(seen, streams(5));
    assert.deepEqual(
      asked.map(({ prompt }) => prompt),
      ["an answer", "a query", "a query", "What next?", "What next?"],
    );
    const seeds = asked.map(({ seed }) => seed!);
    assert.ok(new Set(seeds).size === 5 && seeds.every((seed) => seed >= 0 && seed < 2 ** 31), `${seeds}`);
    assert.ok(asked.every((one) => one.logProbs === undefined));
    await modelPolicy<{ query?: string }>(model, { prompt: ({ query }) => `${query}!` }).act(seen, streams(5));
    assert.equal(asked[5]!.prompt, "a query!");
  });

  it("tells of an answer's odds where they are asked for and told, and never makes them up", async () => {
    const tokens = [-0.5, -1.5, -0.25].map((logProb) => ({ text: "x", logProb }));
    const ofAll = { tokens, ids: [5, 6, 7], finish: "length" } as const;
    const usual = { program: "self.a = 1;", label: "self.a = 1;", choice: -1, logProb: Number.NaN };
    for (const [logProbs, answer, told] of [
      [false, ofAll, {}],
      [true, {}, {}],
      [true, ofAll, { choice: [5, 6, 7], logProb: -2.25, logProbs: [-0.5, -1.5, -0.25], tokens: 3, cut: true }],
      [true, { tokens, finish: "stop" }, { logProb: -2.25, logProbs: [-0.5, -1.5, -0.25], tokens: 3, cut: false }],
      [true, { ids: [5] }, { choice: [5] }],
    ] as const) {
      const { asked, model } = spy(answer as Partial<Completion>);
      const [action] = await modelPolicy(model, { logProbs }).act([{}], streams(1));
      assert.deepEqual(action, { ...usual, ...told });
      assert.equal(asked[0]!.logProbs, logProbs ? true : undefined);
    }
    const long = spy({ text: `${"x".repeat(50)}\nsecond` });
    assert.equal((await modelPolicy(long.model).act([{}], streams(1)))[0]!.label, "x".repeat(40));
  });

  it("is another with another language, or where it tells its odds; one whose question is a function of the caller's is like no other", async () => {
    const { model } = spy();
    const known = { ...model, fingerprint: async () => "m" };
    const prints = [{}, { body: "javascript" }, { body: "python" }, { logProbs: true }] as const;
    assert.deepEqual(
      await Promise.all(prints.map((how) => (modelPolicy(known, how).fingerprint as () => Promise<string>)())),
      ['["m","javascript"]', '["m","javascript"]', '["m","python"]', '["m","javascript","log-probabilities"]'],
    );
    const own = modelPolicy(known, { prompt: () => "x" });
    assert.deepEqual([own.fingerprint, own.plan, modelPolicy(model).fingerprint], [undefined, undefined, undefined]);
  });
});
