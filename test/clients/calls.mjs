/**
 * What Node's clients of OpenAI's API ask a server: `calls.mjs URL EXPECTED`, run in the folder that their packages are installed in.
 * Prints one JSON line a call, as calls.py does.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [url, file] = process.argv.slice(2);
const require = createRequire(join(process.cwd(), "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const expected = JSON.parse(readFileSync(file, "utf8"));
const { model, messages, prompt, tokens, history } = expected;

async function call(client, name, work, refused) {
  let outcome = "right";
  let why = "";
  try {
    await work();
    if (refused) [outcome, why] = ["wrong", `it was answered, though ${refused} is not done`];
  } catch (error) {
    const said = `${error?.name}: ${error?.message} ${error?.lastError?.message ?? ""}`;
    if (refused && said.includes(`\`${refused}\` is not supported`)) [outcome, why] = ["refused", refused];
    else [outcome, why] = ["wrong", said.slice(0, 600)];
  }
  console.log(JSON.stringify({ client, call: name, outcome, why }));
}

function near(found, wanted) {
  assert.equal(found.length, wanted.length);
  for (const [i, value] of wanted.entries())
    assert.ok(value === null ? found[i] === null : Math.abs(found[i] - value) < 1e-4, `${found[i]}, not ${value}`);
}

const parameters = { type: "object", properties: { x: { type: "integer" } } };
const usage = { prompt_tokens: expected.usage.prompt_tokens, completion_tokens: tokens };

async function openai() {
  const { default: OpenAI } = await load("openai");
  const client = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 });
  const chat = client.chat.completions;
  const ask = { model, messages, max_tokens: tokens, temperature: 0 };
  const complete = { model, prompt, max_tokens: tokens, temperature: 0 };
  const of = (name, work, refused) => call("openai (npm)", name, work, refused);
  await of("models: list and retrieve", async () => {
    assert.deepEqual(
      (await client.models.list()).data.map(({ id }) => id),
      [model],
    );
    assert.equal((await client.models.retrieve(model)).id, model);
  });
  await of("chat with usage", async () => {
    const answer = await chat.create(ask);
    assert.equal(answer.choices[0].message.content, expected.chat);
    assert.deepEqual({ ...answer.usage }, expected.usage);
  });
  await of("chat in a stream with usage", async () => {
    const events = await chat.create({ ...ask, stream: true, stream_options: { include_usage: true } });
    let [said, last] = ["", null];
    for await (const event of events) {
      said += event.choices[0]?.delta.content ?? "";
      last = event.usage ?? last;
    }
    assert.deepEqual([said, last], [expected.chat, expected.usage]);
  });
  await of("a stream that is aborted", async () => {
    const events = await chat.create({ ...ask, max_tokens: 4000, stream: true });
    for await (const event of events) if (event.choices[0]?.delta.content) events.controller.abort();
  });
  await of("completions with log-probabilities, whole and in a stream", async () => {
    const answer = (await client.completions.create({ ...complete, logprobs: 1 })).choices[0];
    assert.equal(answer.text, expected.completion);
    near(answer.logprobs.token_logprobs, expected.completionScores);
    const offsets = [];
    for await (const event of await client.completions.create({ ...complete, logprobs: 1, stream: true }))
      offsets.push(...(event.choices[0].logprobs?.text_offset ?? []));
    assert.deepEqual(offsets, answer.logprobs.text_offset);
  });
  await of("two prompts, echoed and scored", async () => {
    const { choices } = await client.completions.create({
      ...complete,
      prompt: [prompt, prompt],
      echo: true,
      logprobs: 0,
      max_tokens: 0,
    });
    for (const { logprobs } of choices) near(logprobs.token_logprobs, expected.promptScores);
  });
  await of("calls of tools and their results in messages", async () =>
    assert.equal((await chat.create({ ...ask, messages: history })).choices[0].message.content, expected.historyChat),
  );
  const tools = [{ type: "function", function: { name: "add", parameters } }];
  await of("tools", () => chat.create({ ...ask, tools }), "tools");
  await of(
    "response_format",
    () => chat.create({ ...ask, response_format: { type: "json_object" } }),
    "response_format",
  );
}

async function vercel() {
  const { generateText, streamText, generateObject, jsonSchema, tool } = await load("ai");
  const { createOpenAICompatible } = await load("@ai-sdk/openai-compatible");
  const provider = createOpenAICompatible({
    ...{ name: "own", baseURL: url, apiKey: "none", includeUsage: true, supportsStructuredOutputs: true },
  });
  const ask = { model: provider.chatModel(model), messages, maxOutputTokens: tokens, temperature: 0, maxRetries: 0 };
  const of = (name, work, refused) => call("Vercel AI SDK", name, work, refused);
  const tools = { add: tool({ inputSchema: jsonSchema(parameters) }) };
  await of("generateText with usage", async () => {
    const answer = await generateText(ask);
    assert.equal(answer.text, expected.chat);
    assert.deepEqual([answer.usage.inputTokens, answer.usage.outputTokens], [usage.prompt_tokens, tokens]);
  });
  await of("streamText with usage", async () => {
    const answer = streamText(ask);
    let said = "";
    for await (const piece of answer.textStream) said += piece;
    assert.equal(said, expected.chat);
    assert.equal((await answer.usage).outputTokens, tokens);
  });
  await of("a stream that is aborted", async () => {
    const gone = new AbortController();
    const answer = streamText({ ...ask, maxOutputTokens: 4000, abortSignal: gone.signal, onError: () => {} });
    for await (const _ of answer.textStream) gone.abort();
  });
  await of("a completion model", async () => {
    const { model: _, messages: __, ...rest } = ask;
    const answer = await generateText({ ...rest, model: provider.completionModel(model), prompt });
    assert.equal(typeof answer.text, "string");
    assert.equal(answer.usage.outputTokens, tokens);
  });
  await of("tool-call and tool-result in messages", async () => {
    const turns = [
      { role: "user", content: "1?" },
      { role: "assistant", content: [{ type: "tool-call", toolCallId: "a", toolName: "add", input: { x: 1 } }] },
      {
        role: "tool",
        content: [{ type: "tool-result", toolCallId: "a", toolName: "add", output: { type: "text", value: "2" } }],
      },
      { role: "user", content: "so?" },
    ];
    assert.equal((await generateText({ ...ask, messages: turns })).text, expected.historyChat);
  });
  await of("tools", () => generateText({ ...ask, tools }), "tools");
  await of("toolChoice required", () => generateText({ ...ask, tools, toolChoice: "required" }), "tools");
  await of("generateObject", () => generateObject({ ...ask, schema: jsonSchema(parameters) }), "response_format");
}

await openai();
await vercel();
