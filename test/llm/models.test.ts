import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { models } from "../../src/llm/index.ts";
import { bodies, createSandbox } from "../../src/sandbox/index.ts";

describe("models.scripted", () => {
  it("answers in order with token counts, then says that its script is used up", async () => {
    const model = models.scripted(["one", "two words"]);
    assert.equal((await model.complete({ prompt: "hello world" })).text, "one");
    const pieces: string[] = [];
    const asked = { prompt: "hello world", seed: 0, onText: (piece: string) => pieces.push(piece) };
    assert.deepEqual(await model.complete(asked), {
      ...{ text: "two words", model: "scripted", usage: { promptTokens: 2, completionTokens: 2 }, seed: 0 },
    });
    assert.deepEqual([model.name, pieces], ["scripted", ["two words"]]);
    await assert.rejects(model.complete({ prompt: "" }), {
      message: "The script has 2 answers, and the agent asked for one more.",
    });
    assert.ok(!("seed" in (await models.scripted([""]).complete({ prompt: "" }))), "none was given");
    const never = models.scripted(["never"]).complete({ prompt: "", signal: AbortSignal.abort(new Error("stop")) });
    await assert.rejects(never, { message: "stop" });
    assert.throws(() => models.scripted("one" as never), {
      message: 'Expected `answers` to be a list of texts, got "one"',
    });
  });
});

describe("models.openai, against a server on loopback", () => {
  let server: Server;
  let baseURL: string;
  let reply: { status: number; body: string };
  const asked: { model: string; messages: { role: string; content: string }[]; seed?: number }[] = [];
  before(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        asked.push(JSON.parse(body));
        response.writeHead(reply.status, { "content-type": "application/json" }).end(reply.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  after(() => new Promise((resolve) => server.close(resolve)));

  it("asks with the prompt and the seed, and gives text and usage", async () => {
    reply = {
      status: 200,
      body: JSON.stringify({
        model: "tiny",
        choices: [{ message: { role: "assistant", content: "self.a = 1" } }],
        usage: { prompt_tokens: 7, completion_tokens: 4 },
      }),
    };
    const answer = await models.openai({ model: "tiny", baseURL }).complete({ prompt: "what now?", seed: 5 });
    assert.deepEqual(answer, {
      text: "self.a = 1",
      model: "tiny",
      usage: { promptTokens: 7, completionTokens: 4 },
      seed: 5,
    });
    const { messages, seed, model } = asked.at(-1)!;
    assert.deepEqual([messages.at(-1), seed, model], [{ role: "user", content: "what now?" }, 5, "tiny"]);
  });

  it("says what is wrong and what to do", async () => {
    const model = models.openai({ model: "tiny", baseURL });
    const failing = async (status: number, body: string, message: RegExp): Promise<void> => {
      reply = { status, body };
      await assert.rejects(model.complete({ prompt: "x" }), { name: "LanguageModelFailure", message });
    };
    await failing(401, "{}", /refuses the key: correct OPENAI_API_KEY or `apiKey`/);
    await failing(404, "{}", /has no model "tiny": correct `model`/);
    await failing(200, "{}", /gave an answer without text/);
    await failing(400, '{"error":{"message":"too long"}}', /failed: 400 too long/);
    const absent = models.openai({ model: "tiny", baseURL: "http://127.0.0.1:9/v1" });
    await assert.rejects(absent.complete({ prompt: "x" }), {
      message: "There is no server at http://127.0.0.1:9/v1: start it, or correct `baseURL`.",
    });
  });
});

describe("models.random", () => {
  for (const body of ["javascript", "python"] as const)
    it(`draws each kind as stated, and each program does, in the real sandbox, what its kind says: ${body}`, async () => {
      await using sandbox = await createSandbox({ workers: 2, body: bodies[body] });
      const none = { harmless: 0, useful: 0, fatal: 0, harmful: 0 };
      for (const kind of ["harmless", "useful", "fatal", "harmful"] as const) {
        const model = models.random({ rates: { ...none, [kind]: 1 }, body });
        for (let seed = 0; seed < 30; seed++) {
          const { text } = await model.complete({ prompt: "", seed });
          const life = await sandbox.open();
          const { verdict, cause } = await life.step(text);
          await life.close();
          const fits =
            kind === "harmful"
              ? verdict === "attempted_harm"
              : (verdict === "survived") === (kind !== "fatal") && verdict !== "attempted_harm";
          assert.ok(fits, `${kind}: ${verdict} (${cause}) of ${text}`);
        }
      }
    });

  it("gives the same program for the same seed, and refuses rates that make no sense", async () => {
    const ask = async (seed: number) => (await models.random().complete({ prompt: "x", seed })).text;
    assert.equal(await ask(4), await ask(4));
    assert.ok(new Set(await Promise.all([1, 2, 3, 4, 5, 6].map(ask))).size > 3);
    assert.throws(
      () => models.random({ rates: { harmless: 0, useful: 0, fatal: 0, harmful: 0 } }),
      /at least one of 4 weights/,
    );
  });
});

describe("models.recorded", () => {
  it("answers as recorded, in order, and refuses what it has not seen", async () => {
    const live = models.recording(models.scripted(["first", "second", "other"]));
    for (const prompt of ["again", "again", "else"]) await live.complete({ prompt });
    const replay = models.recorded(JSON.parse(JSON.stringify(live.answers)));
    assert.equal((await replay.complete({ prompt: "again" })).text, "first");
    assert.equal((await replay.complete({ prompt: "else" })).text, "other");
    assert.equal((await replay.complete({ prompt: "again" })).text, "second");
    await assert.rejects(replay.complete({ prompt: "new", seed: 3 }), {
      message: 'The record has no answer to "new" with seed 3: record it with models.recording(model) first.',
    });
  });

  it("takes an answer at one temperature, form or stop for none at another", async () => {
    const live = models.recording(models.scripted(["warm", "cold", "to the end of the line", "in a chat"]));
    const hows = [{}, { temperature: 0 }, { stop: ["\n"] }, { form: "chat" }] as const;
    for (const how of hows) await live.complete({ prompt: "x", ...how });
    const replay = models.recorded(JSON.parse(JSON.stringify(live.answers)));
    const texts = [];
    for (const how of [...hows].reverse()) texts.push((await replay.complete({ prompt: "x", ...how })).text);
    assert.deepEqual(texts, ["in a chat", "to the end of the line", "cold", "warm"]);
    await assert.rejects(replay.complete({ prompt: "x", topP: 0.5 }), /The record has no answer to "x"/);
  });

  it("needs a list of answers, and says where there is one: a recording is none", () => {
    const wanted = "a list of answers, such as those that models.recording(model) has as its `answers`";
    for (const given of [undefined, models.recording(models.scripted([]))])
      assert.throws(
        () => models.recorded(given as never),
        (error: Error) => {
          assert.ok(error.message.startsWith(`Expected \`answers\` to be ${wanted}, got `), error.message);
          return error.name === "LanguageModelFailure";
        },
      );
  });

  it("takes an answer to some token ids for none to others, whose text is the same: none", async () => {
    const live = models.recording(models.scripted(["one", "other", "a text"]));
    const asks = [{ ids: [1, 2] }, { ids: [1, 3] }, {}];
    for (const how of asks) await live.complete({ prompt: "", seed: 1, ...how });
    const replay = models.recorded(JSON.parse(JSON.stringify(live.answers)));
    const texts = [];
    for (const how of [...asks].reverse()) texts.push((await replay.complete({ prompt: "", seed: 1, ...how })).text);
    assert.deepEqual(texts, ["a text", "other", "one"]);
  });
});
