/** What clients send: defaults that change nothing pass, what is not done is refused by its name, and null is as not given. */

import assert from "node:assert/strict";
import OpenAI from "openai";
import { type Decoder, openModel } from "../../../src/model/index.ts";
import { serve } from "../../../src/serve/model/index.ts";
import { temporaryFolder, writeFolder, writingModel } from "../../model/shared.ts";
import { useServer } from "./use-server.ts";

type Json = { [key: string]: unknown };

describe("the fields of requests", () => {
  const suite = useServer();

  const post = async (path: string, body: Json): Promise<{ status: number; body: Json }> => {
    const response = await fetch(`${suite.server.url}/${path}`, {
      method: "POST",
      body: JSON.stringify({ model: "small", ...body }),
      headers: { "content-type": "application/json" },
    });
    return { status: response.status, body: (await response.json()) as Json };
  };
  const chat = { messages: [{ role: "user", content: "abc" }], max_tokens: 3, seed: 1 };
  const completion = { prompt: "abc", max_tokens: 3, seed: 1 };
  const choices = async (path: string, body: Json): Promise<unknown> => {
    const answer = await post(path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.choices;
  };

  it("change nothing where they are null, or what a client's defaults are", async () => {
    const names = [
      ...["max_tokens", "max_completion_tokens", "n", "temperature", "top_k", "top_p", "stop", "logprobs", "stream"],
      ...["stream_options", "tools", "tool_choice", "response_format", "logit_bias", "presence_penalty", "user"],
      ...["frequency_penalty", "min_p", "repetition_penalty", "echo", "suffix", "best_of", "functions", "anything"],
    ];
    const nulls = Object.fromEntries(names.map((name) => [name, null]));
    const defaults = {
      ...{ tools: [], tool_choice: "auto", parallel_tool_calls: true, response_format: { type: "text" } },
      ...{ logit_bias: {}, presence_penalty: 0, frequency_penalty: 0, min_p: 0, repetition_penalty: 1, n: 1 },
      ...{ user: "me", metadata: { a: "b" }, store: true, service_tier: "auto", modalities: ["text"], top_k: -1 },
      ...{ stream_options: {}, temperature: 1, top_p: 1, stop: [], functions: [], function_call: "none" },
    };
    const plain = await choices("chat/completions", chat);
    assert.deepEqual(await choices("chat/completions", { ...nulls, ...chat }), plain);
    assert.deepEqual(await choices("chat/completions", { ...defaults, ...chat }), plain);
    const whole = await choices("completions", completion);
    assert.deepEqual(await choices("completions", { ...nulls, ...completion }), whole);
    const own = { ...defaults, echo: false, suffix: "", best_of: 1 };
    assert.deepEqual(await choices("completions", { ...own, ...completion }), whole);
    const two = await choices("completions", { ...completion, n: 2 });
    assert.deepEqual(await choices("completions", { ...completion, n: 2, best_of: 2 }), two);
  });

  it("count by max_completion_tokens where it is given, and by max_tokens where that is null", async () => {
    const spent = async (body: Json) => {
      const answer = await post("chat/completions", { ...chat, temperature: 0, ...body });
      return (answer.body.usage as { completion_tokens: number }).completion_tokens;
    };
    assert.equal(await spent({ max_tokens: 2, max_completion_tokens: null }), 2);
    assert.equal(await spent({ max_tokens: null, max_completion_tokens: 4 }), 4);
    assert.equal(await spent({ max_tokens: 2, max_completion_tokens: 4 }), 4);
  });

  it("that are at an edge do what they say: no tokens, the likeliest alone, all tokens", async () => {
    const none = await post("completions", { ...completion, max_tokens: 0 });
    assert.deepEqual(none.body.choices, [{ index: 0, logprobs: null, finish_reason: "length", text: "" }]);
    assert.deepEqual(none.body.usage, { prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 });
    const greedy = await choices("completions", { ...completion, max_tokens: 9, temperature: 0 });
    assert.deepEqual(await choices("completions", { ...completion, max_tokens: 9, top_p: 0, seed: 5 }), greedy);
    const drawn = await choices("completions", { ...completion, max_tokens: 9 });
    assert.deepEqual(await choices("completions", { ...completion, max_tokens: 9, top_k: -1 }), drawn);
  });

  const tool = { type: "function", function: { name: "f", parameters: {} } };
  const notDone: [path: "chat/completions" | "completions", field: string, value: unknown][] = [
    ["chat/completions", "tools", [tool]],
    ["chat/completions", "tool_choice", "required"],
    ["chat/completions", "tool_choice", { type: "function", function: { name: "f" } }],
    ["chat/completions", "functions", [tool.function]],
    ["chat/completions", "response_format", { type: "json_object" }],
    ["chat/completions", "response_format", { type: "json_schema", json_schema: { name: "a", schema: {} } }],
    ["chat/completions", "reasoning_effort", "high"],
    ["chat/completions", "prompt", "abc"],
    ["completions", "logit_bias", { 3: -100 }],
    ["completions", "presence_penalty", 0.5],
    ["completions", "frequency_penalty", -1],
    ["completions", "repetition_penalty", 1.1],
    ["completions", "min_p", 0.05],
    ["completions", "guided_regex", "a+"],
    ["completions", "suffix", "x"],
    ["completions", "best_of", 2],
    ["completions", "ignore_eos", true],
    ["completions", "messages", [{ role: "user", content: "abc" }]],
  ];
  for (const [path, field, value] of notDone)
    it(`${field}: ${JSON.stringify(value).slice(0, 40)} is refused by name in ${path}, not ignored`, async () => {
      const ask = path === "completions" ? completion : chat;
      const { status, body } = await post(path, { ...ask, [field]: value });
      const message = `\`${field}\` is not supported: leave it out, got ${JSON.stringify(value).slice(0, 100)}`;
      const error = { message, type: "invalid_request_error", param: field, code: "unsupported_parameter" };
      assert.deepEqual([status, body], [400, { error }]);
    });

  it("that are misspelt are refused with the one that was meant, but not a field of other servers that looks alike", async () => {
    for (const [path, field, nearest] of [
      ["completions", "temprature", "temperature"],
      ["chat/completions", "maxTokens", "max_tokens"],
      ["completions", "min_tokens", null],
    ] as const) {
      const { body } = await post(path, { ...(path === "completions" ? completion : chat), [field]: 3 });
      const cure = nearest === null ? "leave it out" : `leave it out, or write \`${nearest}\``;
      assert.equal((body.error as Json).message, `\`${field}\` is not supported: ${cure}, got 3`);
    }
    const streamed = { ...chat, stream: true, stream_options: { include_usge: true } };
    assert.equal(
      ((await post("chat/completions", streamed)).body.error as Json).message,
      "`stream_options.include_usge` is not supported: leave it out, or write `stream_options.include_usage`, got true",
    );
  });

  it("of a stream are refused before it begins, with a status: what it cannot tell, and log-probabilities that are off", async () => {
    const told = async (path: string, body: Json) => {
      const { status, body: answer } = await post(path, body);
      return [status, (answer.error as { message: string }).message];
    };
    assert.deepEqual(await told("chat/completions", { ...chat, stream: true, stream_options: { every: 1 } }), [
      400,
      "`stream_options.every` is not supported: leave it out, got 1",
    ]);
    assert.deepEqual(await told("chat/completions", { ...chat, stream: true, stream_options: "usage" }), [
      400,
      'Expected `stream_options` to be an object, got "usage"',
    ]);
    assert.deepEqual(await told("chat/completions", { ...chat, top_logprobs: 2 }), [
      400,
      "Expected `logprobs` to be true, since `top_logprobs` is given, got nothing",
    ]);
  });

  it("carry OpenAI's codes for a text that is too long, an unknown model and a wrong token", async () => {
    const code = async (path: string, body: Json) => ((await post(path, body)).body.error as Json).code;
    const long = { messages: [{ role: "user", content: "a".repeat(300) }] };
    assert.equal(await code("chat/completions", long), "context_length_exceeded");
    assert.equal(await code("chat/completions", { ...long, stream: true }), "context_length_exceeded");
    assert.equal(await code("completions", { ...completion, max_tokens: 300 }), "context_length_exceeded");
    assert.equal(await code("completions", { ...completion, model: "gpt-4" }), "model_not_found");
    await using locked = await serve(suite.decoder, { name: "small", port: 0, token: "secret" });
    const asker = new OpenAI({ baseURL: locked.url, apiKey: "wrong", maxRetries: 0 });
    await assert.rejects(asker.models.list(), { status: 401, code: "invalid_api_key" });
  });

  it("of messages may hold calls of tools and their results, which are read as text", async () => {
    const call = (id: string, given: string) => ({
      id,
      type: "function",
      function: { name: "add", arguments: given },
    });
    const history = {
      messages: [
        { role: "user", content: "1 and 2?" },
        { role: "assistant", content: null, tool_calls: [call("a", '{"x":1}'), call("b", "{x")] },
        { role: "tool", tool_call_id: "a", content: "3" },
        { role: "tool", tool_call_id: "b", content: [{ type: "text", text: "no" }] },
        { role: "assistant", content: "it is", tool_calls: [call("c", "{}")] },
        { role: "function", name: "add", content: "0" },
        { role: "user", content: "so?" },
      ],
    };
    const written = {
      messages: [
        { role: "user", content: "1 and 2?" },
        {
          role: "assistant",
          content: [
            '<tool_call>\n{"name":"add","arguments":{"x":1}}\n</tool_call>',
            '<tool_call>\n{"name":"add","arguments":"{x"}\n</tool_call>',
          ].join("\n"),
        },
        {
          role: "user",
          content: "<tool_response>\n3\n</tool_response>\n<tool_response>\nno\n</tool_response>",
        },
        { role: "assistant", content: 'it is\n<tool_call>\n{"name":"add","arguments":{}}\n</tool_call>' },
        { role: "user", content: "<tool_response>\n0\n</tool_response>" },
        { role: "user", content: "so?" },
      ],
    };
    const ask = { max_tokens: 3, temperature: 0 };
    const wide = temporaryFolder();
    writeFolder(wide.path, writingModel({ context: 1024 }));
    const model = await openModel(wide.path, { threads: 1 });
    const own = await serve(model, { name: "small", port: 0 });
    const client = new OpenAI({ baseURL: own.url, apiKey: "none", maxRetries: 0 });
    const tell = async (body: Json) => {
      const { choices, usage } = await client.chat.completions.create({
        model: "small",
        ...ask,
        ...body,
      } as never);
      return { choices, usage };
    };
    assert.deepEqual(await tell(history), await tell(written));
    await own.close();
    await model.dispose();
    wide[Symbol.dispose]();
  });

  it("of messages without a text, or of an unknown role, are refused by their place", async () => {
    const told = async (...messages: unknown[]) => {
      const { status, body } = await post("chat/completions", { messages });
      return [status, (body.error as { message: string }).message];
    };
    const user = { role: "user", content: "a" };
    assert.deepEqual(await told(user, { role: "assistant", content: null }), [
      400,
      "Expected `messages[1].content` to be a text or a list of texts, got null",
    ]);
    assert.deepEqual(await told({ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }), [
      400,
      'Expected `messages[0].content` to be a text or a list of texts, got [{"type":"image_url","image_url":{"url":"x"}}]',
    ]);
    assert.deepEqual(await told(user, { role: "toString", content: "a" }), [
      400,
      'Expected `messages[1].role` to be system, developer, user, assistant or tool, got "toString"',
    ]);
    assert.deepEqual(await told(user, { role: "assistant", content: null, tool_calls: [{ id: "a" }] }), [
      400,
      'Expected `messages[1].tool_calls[0]` to be a call of a function with a name, got {"id":"a"}',
    ]);
  });
});

describe("a server that has too much to do", () => {
  it("refuses streams with 503 as it does whole answers, all of a request or none, and takes what it has room for", async () => {
    const folder = temporaryFolder();
    writeFolder(folder.path, writingModel({ context: 256 }));
    const decoder = await openModel(folder.path, { threads: 1 });
    const faults: unknown[] = [];
    const options = { name: "small", port: 0, maxBatch: 1, maxWaiting: 2, onError: (e: unknown) => faults.push(e) };
    const server = await serve(decoder, options);
    const ask = (stream: boolean, n = 1) =>
      fetch(`${server.url}/completions`, {
        method: "POST",
        body: JSON.stringify({ model: "small", prompt: "abc", max_tokens: 20, stream, n }),
        headers: { "content-type": "application/json" },
      });
    const answers = await Promise.all([true, false, true, false, true, false].map((stream) => ask(stream)));
    const statuses = answers.map(({ status }) => status);
    assert.ok(statuses.includes(200) && statuses.includes(503), String(statuses));
    for (const answer of answers) {
      const text = await answer.text();
      if (answer.status === 200) assert.doesNotMatch(text, /error/);
      else {
        const { error } = JSON.parse(text) as { error: Json };
        assert.deepEqual([error.type, answer.headers.get("retry-after")], ["overloaded_error", "1"]);
        assert.match(String(error.message), /^\d+ requests wait already: ask again later$/);
      }
    }
    assert.equal((await ask(true, 3)).status, 503);
    assert.deepEqual(server.load, { running: 0, waiting: 0 });
    assert.deepEqual(faults, []);
    await server.close();
    await decoder.dispose();
    folder[Symbol.dispose]();
  });

  it("tells its log what went wrong in a stream: with a status before the first token, with an event after", async () => {
    const folder = temporaryFolder();
    writeFolder(folder.path, writingModel({ context: 256 }));
    const decoder = await openModel(folder.path, { threads: 1 });
    let passes = 0;
    let good = 0;
    const breaking: Decoder = {
      ...decoder,
      forward: (input) => {
        if (passes++ >= good) throw new Error("the model broke");
        return decoder.forward(input);
      },
    };
    const faults: string[] = [];
    const server = await serve(breaking, { name: "small", port: 0, onError: (e) => faults.push((e as Error).message) });
    const client = new OpenAI({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
    const ask = async () => {
      passes = 0;
      const asked = { model: "small", prompt: "abc", max_tokens: 9, seed: 1 }; // a seed whose answer has four tokens and more
      const events = await client.completions.create({ ...asked, stream: true });
      let text = "";
      for await (const { choices } of events) text += choices[0]?.text ?? "";
      return text;
    };
    const message = "500 The server failed: look at its log";
    await assert.rejects(ask(), { status: 500, message });
    assert.deepEqual(faults, ["the model broke"]);
    good = 3;
    await assert.rejects(ask(), /The server failed: look at its log/);
    assert.deepEqual(faults, ["the model broke", "the model broke"]);
    await server.close();
    await decoder.dispose();
    folder[Symbol.dispose]();
  });
});
