/** How long an answer may be, how warm it is drawn and what a server is told of who asks, by whoever says so: all the defaults. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { models } from "../../src/llm/index.ts";
import { alphabet, toyDecoder } from "../policy/token/toy.ts";

const design = {
  ...{ name: "toy", version: 1, examples: [], before: "/", after: "\n", separator: "\n\n", primed: "", stop: [] },
};
/** A decoder that never ends a text by itself, and whose likeliest token is always the same. */
const endless = () => {
  const toy = toyDecoder();
  return { ...toy, tokenizer: { ...toy.tokenizer, end: [] }, config: { ...toy.config, context: 1024 } };
};

describe("a local model", () => {
  it("answers as long as its options say, else its design, else 256 tokens, and never longer than the question asks", async () => {
    const cases: [options: number | undefined, design: number | null, question: number | undefined, most: number][] = [
      [undefined, null, undefined, 256],
      [undefined, null, 3, 3],
      [undefined, null, 300, 256],
      [5, null, undefined, 5],
      [5, null, 9, 5],
      [5, null, 2, 2],
      [undefined, 7, undefined, 7],
      [undefined, 7, 4, 4],
      [undefined, 7, 20, 7],
      [9, 7, undefined, 9],
    ];
    for (const [own, designed, asked, most] of cases) {
      const model = models.local(endless(), {
        prompt: designed === null ? "plain" : { ...design, maxTokens: designed },
        ...(own !== undefined && { maxTokens: own }),
      });
      const { usage, finish } = await model.complete({
        prompt: "abc",
        ...(asked !== undefined && { maxTokens: asked }),
      });
      const what = JSON.stringify([own, designed, asked]);
      assert.deepEqual([usage.completionTokens, finish], [most, "length"], what);
      assert.equal(model.maxTokens, own ?? designed ?? 256, what);
    }
  });

  it("is as warm as the question says, else its options, else its design, else 1", async () => {
    const texts = async (how: { question?: number; options?: number; design?: number }) => {
      const prompt = { ...design, maxTokens: 24, ...(how.design !== undefined && { temperature: how.design }) };
      const model = models.local(endless(), { prompt, ...(how.options !== undefined && { temperature: how.options }) });
      const ask = { prompt: "abc", ...(how.question !== undefined && { temperature: how.question }) };
      return Promise.all([1, 2, 3].map(async (seed) => (await model.complete({ ...ask, seed })).text));
    };
    const [cold, cool, warm] = [
      await texts({ options: 0 }),
      await texts({ options: 0.5 }),
      await texts({ options: 1 }),
    ];
    assert.equal(new Set(cold).size, 1, "the likeliest token, whatever the seed");
    assert.equal(new Set([...cold, ...cool, ...warm]).size, 7);
    const cases: [how: Parameters<typeof texts>[0], expected: string[]][] = [
      [{}, warm],
      [{ design: 0.5 }, cool],
      [{ design: 0.5, options: 1 }, warm],
      [{ design: 1, options: 0 }, cold],
      [{ design: 0.5, question: 1 }, warm],
      [{ options: 1, question: 0.5 }, cool],
      [{ design: 1, options: 0.5, question: 0 }, cold],
    ];
    for (const [how, expected] of cases) assert.deepEqual(await texts(how), expected, JSON.stringify(how));
  });

  it("draws from all tokens unless its options or the question cut them, and by the seed of its options where a question has none", async () => {
    const used = async (options: object, question: object = {}) => {
      const model = models.local(endless(), { prompt: "plain", maxTokens: 200, temperature: 9, ...options });
      return (await model.complete({ prompt: "abc", ...question })).text;
    };
    const kinds = async (...how: Parameters<typeof used>) => new Set(await used(...how)).size;
    assert.equal(await kinds({}), alphabet.length);
    assert.equal(await used({ topK: 1 }), await used({ temperature: 0 }));
    assert.equal(await used({ topP: 1e-9 }), await used({ temperature: 0 }));
    assert.equal(await used({}, { topP: 1e-9 }), await used({ temperature: 0 }));
    assert.equal(await used({ topP: 1e-9 }, { topP: 1 }), await used({}));
    assert.equal(await used({}), await used({ seed: 0 }));
    assert.notEqual(await used({}), await used({ seed: 1 }));
    assert.notEqual(await used({}, { seed: 3 }), await used({}));
  });
});

describe("a server of one's own", () => {
  it("is asked with the key that is given, else that of the environment, else with a word in its place", async () => {
    const heard: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      heard.push(headers.authorization);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ choices: [{ message: { content: "1" }, finish_reason: "stop" }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const { OPENAI_API_KEY: key, OPENAI_BASE_URL: url } = process.env;
    try {
      for (const [name, given] of [
        [undefined, {}],
        ["mine", {}],
        ["mine", { apiKey: "other" }],
        [undefined, { apiKey: "other" }],
      ] as const) {
        delete process.env.OPENAI_API_KEY;
        if (name !== undefined) process.env.OPENAI_API_KEY = name;
        await models.openai({ model: "m", baseURL, ...given }).complete({ prompt: "x" });
        // The address may be the environment's, too.
        process.env.OPENAI_BASE_URL = baseURL;
        await models.openai({ model: "m", ...given }).complete({ prompt: "x" });
        delete process.env.OPENAI_BASE_URL;
      }
      const keys = ["none", "mine", "other", "other"];
      assert.deepEqual(
        heard,
        keys.flatMap((one) => [`Bearer ${one}`, `Bearer ${one}`]),
      );
    } finally {
      for (const [name, value] of Object.entries({ OPENAI_API_KEY: key, OPENAI_BASE_URL: url }))
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
