/** The server under OpenAI's own client: answers, streams, log-probabilities, refusals, and many at once of whom some hang up. */

import assert from "node:assert/strict";
import OpenAI from "openai";
import { models } from "../../../src/llm/index.ts";
import { generate, loadPrompt, promptOwn, promptPrefix } from "../../../src/model/index.ts";
import { createRandom } from "../../../src/random/index.ts";
import { serve } from "../../../src/serve/model/index.ts";
import { writingModel } from "../../model/shared.ts";
import { useServer } from "./use-server.ts";

describe("the server of a model", () => {
  const suite = useServer({ model: writingModel({ context: 512 }), threads: 2 });

  it("names its model", async () => {
    const { data } = await suite.client.models.list();
    assert.deepEqual(
      data.map(({ id }) => id),
      ["small"],
    );
    assert.equal((await suite.client.models.retrieve("small")).id, "small");
  });

  it("completes a prompt as the decoder does, by seed, with usage", async () => {
    const ask = { model: "small", prompt: "self.x = ", max_tokens: 20, seed: 7 };
    const answer = await suite.client.completions.create(ask);
    const ids = suite.decoder.tokenizer.encode("self.x = ");
    const [expected] = await generate(suite.decoder, {
      prompts: [ids],
      streams: [createRandom(7, "served", 0)],
      maxTokens: 20,
      padTo: 16,
    });
    assert.equal(answer.choices[0]!.text, expected!.text);
    const tokens = expected!.ids.length;
    assert.deepEqual(answer.usage, {
      prompt_tokens: ids.length,
      completion_tokens: tokens,
      total_tokens: ids.length + tokens,
    });
    assert.equal(
      (await suite.client.completions.create({ ...ask, seed: 8 })).choices[0]!.text === expected!.text,
      false,
    );
  });

  it("gives several choices of several prompts, and cuts them at a stop text", async () => {
    const { choices } = await suite.client.completions.create({
      model: "small",
      prompt: ["abc", "x"],
      n: 3,
      max_tokens: 9,
      seed: 1,
    });
    assert.deepEqual(
      choices.map(({ index }) => index),
      [0, 1, 2, 3, 4, 5],
    );
    assert.ok(new Set(choices.map(({ text }) => text)).size > 4);
    const mark = choices[0]!.text.slice(2, 4);
    const stopped = await suite.client.completions.create({
      model: "small",
      prompt: "abc",
      max_tokens: 9,
      seed: 1,
      stop: [mark],
    });
    assert.equal(stopped.choices[0]!.text, choices[0]!.text.slice(0, choices[0]!.text.indexOf(mark)));
    assert.equal(stopped.choices[0]!.finish_reason, "stop");
  });

  it("takes a developer's message for the system's, as newer clients send it", async () => {
    const ask = (role: "developer" | "system", seed = 3) =>
      suite.client.chat.completions.create({
        ...{ model: "small", seed, max_tokens: 12 },
        messages: [
          { role, content: "be brief" },
          { role: "user", content: "abc" },
        ],
      });
    const [developer, system] = [await ask("developer"), await ask("system")];
    assert.deepEqual(developer.choices, system.choices);
    assert.deepEqual(developer.usage, system.usage);
  });

  it("asks chats through a prompt design where it has one, at its own temperature unless told", async () => {
    const whole = await loadPrompt("few-shot");
    const design = { ...whole, examples: whole.examples.slice(0, 2) };
    await using designed = await serve(suite.decoder, { name: "small", port: 0, prompt: design, temperature: 0.5 });
    const asker = new OpenAI({ baseURL: designed.url, apiKey: "none", maxRetries: 0 });
    const messages = [
      { role: "system" as const, content: "left out" },
      { role: "user" as const, content: "Add a method twice(n)" },
    ];
    const ask = { model: "small", messages, seed: 3, max_tokens: 20 };
    const { choices, usage } = await asker.chat.completions.create(ask);
    const ids = suite.decoder.tokenizer.encode(promptPrefix(design) + promptOwn(design, "Add a method twice(n)"));
    const [expected] = await generate(suite.decoder, {
      ...{ prompts: [ids], streams: [createRandom(3, "served", 0)], maxTokens: 20, padTo: 256, stop: design.stop },
      temperature: 0.5,
    });
    assert.equal(choices[0]!.message.content, `self.${expected!.text}`);
    assert.equal(usage!.prompt_tokens, ids.length);
    const events = await asker.chat.completions.create({ ...ask, stream: true });
    let text = "";
    for await (const event of events) text += event.choices[0]?.delta.content ?? "";
    assert.equal(text, choices[0]!.message.content);
    const hot = await asker.chat.completions.create({ ...ask, temperature: 1.5 });
    assert.notEqual(hot.choices[0]!.message.content, text);
  });

  it("streams a chat whose pieces make up the whole answer, with usage at the end", async () => {
    const ask = { model: "small", messages: [{ role: "user" as const, content: "hi" }], max_tokens: 30, seed: 3 };
    const whole = await suite.client.chat.completions.create(ask);
    const events = await suite.client.chat.completions.create({
      ...ask,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let pieces = 0;
    let finish: string | null = null;
    let usage: unknown;
    for await (const { choices, usage: told } of events) {
      const piece = choices[0]?.delta.content ?? "";
      text += piece;
      if (piece !== "") pieces++;
      finish = choices[0]?.finish_reason ?? finish;
      usage = told ?? usage;
    }
    assert.equal(text, whole.choices[0]!.message.content);
    assert.equal(finish, whole.choices[0]!.finish_reason);
    assert.deepEqual(usage, whole.usage);
    assert.ok(pieces > 3, `${pieces} pieces`);
  });

  it("tells log-probabilities and the likeliest other tokens, whole and in a stream", async () => {
    const ask = { model: "small", messages: [{ role: "user" as const, content: "hi" }], max_tokens: 5, temperature: 0 };
    const { choices } = await suite.client.chat.completions.create({ ...ask, logprobs: true, top_logprobs: 3 });
    const content = choices[0]!.logprobs!.content!;
    assert.equal(content.map(({ token }) => token).join(""), choices[0]!.message.content);
    for (const { logprob, top_logprobs: top, token } of content) {
      assert.equal(top.length, 3);
      assert.deepEqual([top[0]!.token, top[0]!.logprob], [token, logprob]);
      assert.ok(logprob < 0 && top[0]!.logprob >= top[1]!.logprob);
    }
    const told: unknown[] = [];
    const events = await suite.client.chat.completions.create({
      ...ask,
      logprobs: true,
      top_logprobs: 3,
      stream: true,
    });
    for await (const event of events) told.push(...(event.choices[0]?.logprobs?.content ?? []));
    assert.deepEqual(told, content);
    const plain = await suite.client.completions.create({
      model: "small",
      prompt: "abc",
      max_tokens: 4,
      logprobs: 2,
      seed: 2,
    });
    const { tokens, token_logprobs: logProbs, text_offset: offsets } = plain.choices[0]!.logprobs!;
    assert.equal(tokens!.join(""), plain.choices[0]!.text);
    assert.equal(logProbs!.length, tokens!.length);
    assert.deepEqual(
      offsets,
      tokens!.map((_, i) => tokens!.slice(0, i).join("").length),
    );
  });

  it("answers this project's own openai provider", async () => {
    const model = models.openai({ model: "small", baseURL: suite.server.url, maxTokens: 12 });
    const pieces: string[] = [];
    const { text, tokens } = await model.complete({
      prompt: "hi",
      seed: 4,
      logProbs: true,
      onText: (p) => pieces.push(p),
    });
    assert.equal(pieces.join(""), text);
    assert.equal(tokens!.map((token) => token.text).join(""), text);
  });

  const refusals: [name: string, status: number, body: unknown, message: string][] = [
    [
      "no JSON",
      400,
      "{",
      "The body is not a JSON object: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    ],
    ["a list", 400, "[]", "The body is not a JSON object: it is no object"],
    ["no model", 400, { prompt: "a" }, 'Expected `model` to be the text "small", got nothing'],
    ["another model", 404, { model: "gpt-4", prompt: "a" }, 'There is no model "gpt-4" here: this server has "small"'],
    [
      "no prompt",
      400,
      { model: "small" },
      "Expected `prompt` to be a text, token ids, or a list of 1 to 64 of those, got nothing",
    ],
    [
      "an empty prompt",
      400,
      { model: "small", prompt: "" },
      'Expected `prompt` to be of at least one token, with ids from 0 to 39, got ""',
    ],
    [
      "an unknown id",
      400,
      { model: "small", prompt: [[3, 40]] },
      "Expected `prompt` to be of at least one token, with ids from 0 to 39, got [3,40]",
    ],
    [
      "too long an answer",
      400,
      { model: "small", prompt: "abc", max_tokens: 999 },
      "This model's maximum context length is 512 tokens; the prompt has 3: expected `max_tokens` to be at most 509, got 999",
    ],
    [
      "a negative temperature",
      400,
      { model: "small", prompt: "a", temperature: -1 },
      "Expected `temperature` to be a number from 0 to 2, got -1",
    ],
    [
      "a stop that is none",
      400,
      { model: "small", prompt: "a", stop: [3] },
      "Expected `stop` to be a text or a list of at most 8 texts, got [3]",
    ],
    [
      "too long a prompt",
      400,
      { model: "small", prompt: "a".repeat(600) },
      "This model's maximum context length is 512 tokens; the prompt has 600: shorten it",
    ],
    [
      "JSON that nests too deep",
      400,
      `{"model":"small","prompt":${"[".repeat(1e5)}${"]".repeat(1e5)}}`,
      "The body is not a JSON object: it nests more than 64 deep",
    ],
    [
      "a seed that is no number",
      400,
      { model: "small", prompt: "a", seed: "x" },
      'Expected `seed` to be an integer from -9007199254740991 to 9007199254740991, got "x"',
    ],
  ];
  for (const [name, status, body, message] of refusals)
    it(`refuses ${name} with ${status} and a reason`, async () => {
      const response = await post("completions", typeof body === "string" ? body : JSON.stringify(body));
      const { error } = (await response.json()) as { error: { message: string } };
      assert.deepEqual([response.status, error.message], [status, message]);
    });

  it("refuses chats without messages, foreign hosts, forms, long bodies and unknown paths", async () => {
    const chat = (messages: unknown) => post("chat/completions", JSON.stringify({ model: "small", messages }));
    for (const messages of [undefined, [], [{ role: "judge", content: "x" }], [{ role: "user", content: 3 }], [null]])
      assert.equal((await chat(messages)).status, 400);
    const typed = (type: string) => post("completions", "{}", { "content-type": type });
    for (const type of ["text/plain", "text/plain; for=application/json", "text/application/json", " "])
      assert.equal((await typed(type)).status, 415, type);
    for (const type of ["application/json; charset=utf-8", "Application/JSON"])
      assert.equal((await typed(type)).status, 400, `${type}: it is read, and has no prompt`);
    assert.equal((await post("completions", `"${"x".repeat(5e6)}"`)).status, 413);
    assert.equal((await post("embeddings", "{}")).status, 404);
    const { hostname, port } = new URL(suite.server.url);
    assert.equal(await statusFor(hostname, Number(port), "evil.example"), 403);
  });

  it("needs a token for any other host, and then from everybody", async () => {
    await assert.rejects(serve(suite.decoder, { name: "small", host: "0.0.0.0", port: 0 }), {
      message: "Anybody who reaches 0.0.0.0 could use the model: set a token in AUTOAGENT_TOKEN, or serve on 127.0.0.1",
    });
    await using locked = await serve(suite.decoder, { name: "small", port: 0, token: "secret" });
    const status = async (apiKey: string) =>
      (await fetch(`${locked.url}/models`, { headers: { authorization: `Bearer ${apiKey}` } })).status;
    assert.deepEqual([await status("wrong"), await status("secret")], [401, 200]);
  });

  it("answers 200 at once, each its own, while 20 hang up", async () => {
    const ask = (i: number) => ({
      model: "small",
      prompt: "abc".repeat(1 + (i % 7)),
      max_tokens: 40,
      seed: i,
      temperature: 0.8,
    });
    const alone = new Map<number, string>();
    for (const i of [1, 51, 199]) alone.set(i, (await suite.client.completions.create(ask(i))).choices[0]!.text);
    const round = () =>
      Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          if (i % 10 !== 0) return (await suite.client.completions.create(ask(i))).choices[0]!.text;
          const events = await suite.client.completions.create({ ...ask(i), max_tokens: 400, stream: true });
          for await (const event of events) if (event.choices[0]!.text !== "") break; // hangs up
          return null;
        }),
      );
    const first = await round();
    const before = process.memoryUsage().rss;
    const second = await round();
    assert.deepEqual(second, first);
    for (const [i, text] of alone) assert.equal(first[i], text);
    while (suite.server.load.running + suite.server.load.waiting > 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    assert.ok(grown < 150, `${grown} MiB more after the second round`);
  });

  function post(path: string, body: string, headers: { [name: string]: string } = {}): Promise<Response> {
    return fetch(`${suite.server.url}/${path}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
  }
});

/** The status for a request that names another host. */
async function statusFor(hostname: string, port: number, host: string): Promise<number> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: "/v1/models", headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    })
      .on("error", reject)
      .end();
  });
}
