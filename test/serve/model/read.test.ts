/** A request read field by field: what stands where nothing is said, how far each number may go, how deep a body; and how every refusal is told. */

import assert from "node:assert/strict";
import { describeServeError, errorResponse, type ServeError, ServeFailure } from "../../../src/serve/model/error.ts";
import {
  type GenerationRequest,
  readBody,
  readChat,
  readCompletion,
  type Served,
} from "../../../src/serve/model/request.ts";
import { serve } from "../../../src/serve/model/server.ts";
import { alphabet, toyDecoder } from "../../policy/token/toy.ts";

type Json = { [field: string]: unknown };

const decoder = toyDecoder();
const served = { name: "toy", decoder, engine: {}, temperature: 0.7 } as unknown as Served;
const { signal } = new AbortController();
const completion = (more: Json = {}) => readCompletion({ model: "toy", prompt: "ab", ...more }, served, signal);
const chat = (more: Json = {}) =>
  readChat({ model: "toy", messages: [{ role: "user", content: "ab" }], ...more }, served, signal);
const told = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "read",
    ({ message }: Error) => message,
  );

describe("a request", () => {
  it("has for what it does not say: one answer of 16 tokens, or 256 in a chat, as warm as the server, of all tokens, whole", async () => {
    const common = {
      ...{ echoes: null, choices: 1, temperature: 0.7, topK: 0, topP: 1, primed: "", tokenIds: false },
      ...{ logProbs: null, stream: false, usage: false },
    };
    const { seed, ...plain } = await completion();
    const prompts = [decoder.tokenizer.encode("ab")];
    assert.deepEqual(plain, { ...common, chat: false, prompts, maxTokens: 16, stop: [] });
    const { seed: other, ...talk } = await chat();
    const { prompts: asked, stop, ...rest } = talk;
    // The toy has room for fewer.
    assert.deepEqual(rest, { ...common, chat: true, maxTokens: decoder.config.context - asked[0]!.length });
    assert.ok(stop.length > 0, "a chat in plain lines ends where the next would begin");
    const wide = { ...served, decoder: { ...decoder, config: { ...decoder.config, context: 9999 } } };
    assert.equal((await readChat({ messages: [{ role: "user", content: "ab" }] }, wide, signal)).maxTokens, 256);
    for (const drawn of [seed, other])
      assert.ok(Number.isSafeInteger(drawn) && drawn >= 0 && drawn < 2 ** 47, `${drawn}`);
    assert.notEqual(seed, other);
  });

  it("has what it says, to the edge of each number and not beyond", async () => {
    const edges: [field: string, low: number, high: number, of: keyof GenerationRequest, step?: number][] = [
      ["n", 1, 16, "choices"],
      ["temperature", 0, 2, "temperature", 0.01],
      ["top_k", 0, 2 ** 31, "topK"],
      ["top_p", 1e-9, 1, "topP", 0.01],
      ["logprobs", 0, 20, "logProbs"],
      ["seed", -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, "seed"],
      ["max_tokens", 0, decoder.config.context - 2, "maxTokens"],
      ["max_completion_tokens", 0, decoder.config.context - 2, "maxTokens"],
    ];
    for (const [field, low, high, of, step = 1] of edges) {
      for (const value of [low, high])
        assert.equal((await completion({ [field]: value }))[of], value, `${field} ${value}`);
      // Below `top_k` 0 is -1 for all; below the least share there is 0 for the likeliest alone.
      const below = { top_k: -2, top_p: -0.01 }[field] ?? low - step;
      for (const value of [below, high + step, "1", [], {}])
        assert.match(
          await told(completion({ [field]: value })),
          new RegExp(`\`${field}\` to be `),
          `${field} ${value}`,
        );
      const usual = await completion({ seed: 1 });
      if (field !== "seed") assert.deepEqual(await completion({ seed: 1, [field]: null }), usual, field);
    }
    assert.deepEqual([(await completion({ top_k: -1 })).topK, (await completion({ top_p: 0 })).topP], [0, 1e-9]);
    for (const [top, logProbs] of [
      [undefined, 0],
      [20, 20],
    ])
      assert.equal((await chat({ logprobs: true, top_logprobs: top })).logProbs, logProbs);
    assert.match(
      await told(chat({ logprobs: true, top_logprobs: 21 })),
      /`top_logprobs` to be an integer from 0 to 20/,
    );
    for (const field of ["stream", "echo", "return_token_ids"])
      assert.match(await told(completion({ [field]: 1 })), new RegExp(`\`${field}\` to be true or false, got 1`));
    assert.equal((await completion({ stream: true, stream_options: { include_usage: true } })).usage, true);
    assert.match(
      await told(completion({ stream: true, return_token_ids: true })),
      /`return_token_ids` to be false in a/,
    );
  });

  it("has prompts of texts, ids and lists of both, each whole, and stop texts", async () => {
    const last = alphabet.length - 1;
    const [a, b] = [decoder.tokenizer.encode("a"), decoder.tokenizer.encode("bc")];
    const cases: [prompt: unknown, prompts: number[][], echoes: string[]][] = [
      ["a", [a], ["a"]],
      [
        ["a", "bc"],
        [a, b],
        ["a", "bc"],
      ],
      [[0, last], [[0, last]], ["\0/"]],
      [
        [[1], "bc", [2, 3]],
        [[1], b, [2, 3]],
        ["a", "bc", "bc"],
      ],
    ];
    for (const [prompt, prompts, echoes] of cases) {
      assert.deepEqual((await completion({ prompt })).prompts, prompts);
      assert.deepEqual((await completion({ prompt, echo: true })).echoes, echoes);
    }
    const most = Array.from({ length: 64 }, () => "a");
    assert.equal((await completion({ prompt: most })).prompts.length, 64);
    const lists = "a text, token ids, or a list of 1 to 64 of those";
    for (const prompt of [[], [...most, "a"], 5, {}, null])
      assert.match(await told(completion({ prompt })), new RegExp(`\`prompt\` to be ${lists}`));
    const tokens = `of at least one token, with ids from 0 to ${last}`;
    for (const prompt of ["", [-1, 1], [1, -1], [last + 1], [1.5], [["1"]], [[]], [[1, last + 1]], ["a", null]])
      assert.match(
        await told(completion({ prompt })),
        new RegExp(`\`prompt\` to be ${tokens}, got`),
        JSON.stringify(prompt),
      );
    for (const [stop, texts] of [
      [";", [";"]],
      [
        [";", "\n"],
        [";", "\n"],
      ],
      [Array(8).fill("a"), Array(8).fill("a")],
      [[], []],
      [null, []],
    ])
      assert.deepEqual((await completion({ stop })).stop, texts);
    for (const stop of ["", [""], Array(9).fill("a"), [1], 1, {}])
      assert.match(await told(completion({ stop })), /`stop` to be a text or a list of at most 8 texts/);
  });

  it("is a JSON object that nests at most 64 deep, whatever its texts hold", () => {
    const nested = (depth: number, inner = "") => `${'{"a":'.repeat(depth - 1)}{${inner}}${"}".repeat(depth - 1)}`;
    const lists = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    const fine = [
      ...["{}", nested(64), lists(64), `{"a":[${"[[]],".repeat(99)}0]}`],
      ...[`{"a":"${"[{".repeat(99)}"}`, `{"a":"\\"${"[".repeat(99)}"}`, `{"a":"\\\\","b":"${"{".repeat(99)}"}`],
      ...[`{"${"[".repeat(99)}":1}`, nested(64, `"b":"${"[".repeat(99)}"`)],
    ];
    for (const text of fine) assert.deepEqual(readBody(text), JSON.parse(text));
    const deep = [nested(65), lists(65), `{"a":"\\"","b":${lists(64)}}`, `{"a":"\\\\","b":${lists(64)}}`];
    for (const text of deep)
      assert.throws(() => readBody(text), { message: "The body is not a JSON object: it nests more than 64 deep" });
    for (const text of ["[]", "null", "7", '"{}"'])
      assert.throws(() => readBody(text), { message: "The body is not a JSON object: it is no object" });
  });
});

describe("a refusal", () => {
  it("has the status, the type and the code that clients go by, the field that is wrong, and what helps in its head", async () => {
    const [field, length] = [{ field: "n" }, { field: "prompt", context: 9, prompt: 9 }];
    const invalid = "invalid_request_error";
    const cases: [error: ServeError, status: number, code: string, type?: string, head?: object][] = [
      [{ kind: "json", reason: "r" }, 400, "json"],
      [{ kind: "field", ...field, expected: "e", value: 1 }, 400, "field"],
      [{ kind: "unsupported", ...field, value: 1 }, 400, "unsupported_parameter"],
      [{ kind: "length", ...length }, 400, "context_length_exceeded"],
      [{ kind: "type", found: undefined }, 415, "type"],
      [{ kind: "size", limit: 1 }, 413, "size"],
      [{ kind: "token" }, 401, "invalid_api_key"],
      [{ kind: "host", found: "h" }, 403, "host"],
      [{ kind: "model", found: "a", served: "b" }, 404, "model_not_found"],
      [{ kind: "path", method: "GET", path: "/" }, 404, "path"],
      [
        { kind: "method", method: "PUT", path: "/", allowed: ["GET", "POST"] },
        405,
        "method",
        invalid,
        { allow: "GET, POST" },
      ],
      [{ kind: "http", reason: "r" }, 400, "http"],
      [{ kind: "late" }, 408, "late"],
      [{ kind: "full", waiting: 3 }, 503, "full", "overloaded_error", { "retry-after": "1" }],
    ];
    for (const [error, status, code, type = invalid, head = {}] of cases) {
      const response = errorResponse(new ServeFailure(error));
      const param = "field" in error ? error.field : null;
      assert.deepEqual(await response.json(), { error: { message: describeServeError(error), type, param, code } });
      const { "content-type": _, ...headers } = Object.fromEntries(response.headers);
      assert.deepEqual([response.status, headers], [status, head], error.kind);
    }
    const fault = errorResponse(new Error("a path of the host"));
    const message = "The server failed: look at its log";
    assert.deepEqual(await fault.json(), { error: { message, type: "server_error", param: null, code: null } });
    assert.equal(fault.status, 500);
  });

  it("shows at most 100 letters of what was sent, and says so where nothing was", () => {
    const shown = (value: unknown) =>
      describeServeError({ kind: "field", field: "n", expected: "e", value }).split("got ")[1];
    assert.equal(shown("a".repeat(98)), `"${"a".repeat(98)}"`);
    assert.equal(shown("a".repeat(200)), `"${"a".repeat(99)}`);
    assert.equal(shown(undefined), "nothing");
  });

  it("of an option of the server names it", async () => {
    const cases: [options: Json, message: string][] = [
      [{ name: 1 }, "Expected `name` to be a text, got 1"],
      [{ host: 1 }, "Expected `host` to be a text, got 1"],
      [{ port: 65_536 }, "Expected `port` to be an integer from 0 to 65535, got 65536"],
      [{ temperature: -1 }, "Expected `temperature` to be 0 or a positive number, got -1"],
      [{ token: 1 }, "Expected `token` to be a text, got 1"],
      [{ cors: "a" }, 'Expected `cors` to be a list of origins, got "a"'],
      [{ onError: 1 }, "Expected `onError` to be a function of the error, got 1"],
      [{ maxBatch: 0 }, "Expected `maxBatch` to be a positive integer, got 0"],
      [{ maxWaiting: -1 }, "Expected `maxWaiting` to be 0 or a positive integer, got -1"],
      [{ onLogits: 1 }, "Expected `onLogits` to be a function of the step's logits, got 1"],
      [{ adapter: 1 }, "Expected `adapter` to be what `decoder.adapted.hold` gave, got 1"],
      [{ tokn: "a" }, "There is no `tokn` in the options of serve: did you mean `token`?"],
    ];
    for (const [options, message] of cases)
      await assert.rejects(serve(decoder, { name: "toy", port: 0, ...options } as never), {
        name: "ServeFailure",
        message,
      });
  });
});
