/** A model on this machine as a LanguageModel: small real weights, run by ONNX Runtime. */

import assert from "node:assert/strict";
import { type Completion, type LocalModel, type ModelPlan, models, streamText } from "../../src/llm/index.ts";
import { openModelPlan } from "../../src/llm/open-plan.ts";
import { loadPrompt, promptOwn, promptPrefix } from "../../src/model/index.ts";
import { temporaryFolder, writeFolder, writingModel } from "../model/shared.ts";

describe("a local model", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let model: LocalModel;

  before(() => {
    folder = temporaryFolder();
    writeFolder(folder.path, writingModel());
    model = models.local(folder.path, { prompt: "plain", maxTokens: 24, threads: 1 });
  });
  after(async () => {
    await model.dispose();
    folder[Symbol.dispose]();
  });

  it("answers by (question, seed) alone: alone, again, and among thirty others", async () => {
    const ask = (seed: number) => ({ prompt: "self.x = 1; ", seed, logProbs: true });
    const alone = await model.complete(ask(5));
    assert.deepEqual(await model.complete(ask(5)), alone);
    assert.notEqual((await model.complete(ask(6))).text, alone.text);
    const many = await model.batch([
      ...Array.from({ length: 15 }, (_, i) => ({ prompt: "a".repeat(3 * i + 1), seed: i })),
      ask(5),
      ...Array.from({ length: 15 }, (_, i) => ask(i + 10)),
    ]);
    assert.deepEqual(many[15], alone);
    assert.equal(alone.usage.promptTokens, 12);
    assert.equal(alone.usage.completionTokens, alone.tokens!.length);
  });

  it("gives its text out in pieces that make up the answer, and not one character of a stop text", async () => {
    const whole = await model.complete({ prompt: "abc", seed: 2 });
    const mark = whole.text.slice(5, 8);
    const stopped = models.local(folder.path, { prompt: "plain", maxTokens: 24, threads: 1, stop: [mark] });
    const pieces: string[] = [];
    const answer = await stopped.complete({ prompt: "abc", seed: 2, onText: (piece) => pieces.push(piece) });
    assert.equal(answer.text, whole.text.slice(0, whole.text.indexOf(mark)));
    assert.equal(pieces.join(""), answer.text);
    assert.equal(answer.finish, "stop");
    await stopped.dispose();
    const stream = streamText(model, { prompt: "abc", seed: 2 });
    let text = "";
    for (let next = await stream.next(); ; next = await stream.next()) {
      if (next.done) {
        assert.equal((next.value as Completion).text, text);
        break;
      }
      text += next.value;
    }
    assert.equal(text, whole.text);
  });

  it("goes on from token ids as they are, before its text, and tells those of its answer", async () => {
    const { tokenizer } = await model.open();
    const ids = tokenizer.encode("self.x = 1; ");
    const text = await model.complete({ prompt: "self.x = 1; ", seed: 5, logProbs: true });
    for (const form of [undefined, "chat"] as const) {
      const given = await model.complete({ prompt: "no", ids, seed: 5, logProbs: true, ...(form && { form }) });
      assert.deepEqual({ ...given, ids: undefined }, { ...text, ids: undefined });
      assert.equal(tokenizer.decode(given.ids!), given.text);
      assert.equal(given.ids!.length, given.tokens!.length);
    }
    assert.equal(text.ids, undefined, "not asked for");
    const pieces: string[] = [];
    for await (const piece of streamText(model, { prompt: "", ids, seed: 5, onText: (one) => pieces.push(one) }))
      assert.ok(pieces.includes(piece));
    assert.equal(pieces.join(""), text.text);
  });

  it("tells the model's own log-probabilities, whatever the temperature", async () => {
    const greedy = models.local(folder.path, { prompt: "plain", maxTokens: 4, threads: 1, temperature: 0 });
    const { tokens } = await greedy.complete({ prompt: "abc", logProbs: true });
    const decoder = await greedy.open();
    const { logits } = await decoder.forward({ tokens: Int32Array.from(decoder.tokenizer.encode("abc")), batch: 1 });
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
    const expected = Math.max(...logits) - Math.log(sum);
    assert.ok(Math.abs(tokens![0]!.logProb - expected) < 1e-5, `${tokens![0]!.logProb} against ${expected}`);
    await greedy.dispose();
  });

  it("stops at once when it is cancelled, and answers the next question", async () => {
    const long = models.local(folder.path, { prompt: "plain", maxTokens: 400, threads: 1 });
    const stop = new AbortController();
    let pieces = 0;
    const question = { prompt: "abc", seed: 3, signal: stop.signal, onText: () => ++pieces === 3 && stop.abort() };
    await assert.rejects(long.complete(question), { message: "The question was cancelled." });
    assert.ok(pieces < 10, `${pieces} pieces`);
    assert.ok((await long.complete({ prompt: "abc", seed: 3, maxTokens: 5 })).usage.completionTokens <= 5);
    await long.dispose();
  });

  it("keeps the end of a question that is longer than its context: the newest part is what is asked now", async () => {
    const most = 512 - 24; // context and answer
    const question = Array.from({ length: most + 100 }, (_, i) => "abcdefghijklmnopqrstuvw"[(i * i) % 23]).join("");
    const answerTo = async (prompt: string) => {
      const { text, tokens } = await model.complete({ prompt, seed: 4, logProbs: true });
      return { text, tokens };
    };
    const whole = await answerTo(question);
    assert.deepEqual(whole, await answerTo(question.slice(-most)));
    assert.deepEqual(whole, await answerTo(`${"x".repeat(200)}${question}`), "what stands before it is not seen");
    assert.notDeepEqual(whole, await answerTo(question.slice(0, most)));
    assert.notDeepEqual(whole, await answerTo(question.slice(1 - most)), "one character less");
  });

  it("is asked through a design of prompts, whose primed words begin the answer; by default the few-shot one", async () => {
    const base = await loadPrompt("few-shot");
    const agent = models.local(folder.path, { threads: 1, maxTokens: 6, prompt: { ...base, primed: "self." } });
    const pieces: string[] = [];
    const { text } = await agent.complete({ prompt: "count", seed: 1, onText: (piece) => pieces.push(piece) });
    assert.match(text, /^self\./);
    assert.equal(pieces.join(""), text);
    await agent.dispose();
    const plain = models.local(folder.path, { threads: 1, maxTokens: 6 });
    const { usage } = await plain.complete({ prompt: "count", seed: 1 });
    const shown = (await plain.open()).tokenizer.encode(promptPrefix(base) + promptOwn(base, "count"));
    assert.equal(usage.promptTokens, shown.length);
    await plain.dispose();
  });

  it("does as a question asks: its stop texts, its temperature, its form", async () => {
    const design = models.local(folder.path, { threads: 1, maxTokens: 24 });
    const ask = { prompt: "abc", seed: 2, form: "plain" } as const;
    const whole = await design.complete(ask);
    assert.equal(whole.text, (await model.complete({ prompt: "abc", seed: 2 })).text, "no design stands before it");
    const mark = whole.text.slice(5, 8);
    const stopped = await design.complete({ ...ask, stop: [mark] });
    assert.deepEqual([stopped.text, stopped.finish], [whole.text.slice(0, whole.text.indexOf(mark)), "stop"]);
    const coldest = await design.complete({ ...ask, temperature: 0 });
    const greedy = models.local(folder.path, { prompt: "plain", maxTokens: 24, threads: 1, temperature: 0 });
    assert.equal(coldest.text, (await greedy.complete({ prompt: "abc", seed: 7 })).text);
    assert.equal((await design.complete({ ...ask, topP: 1e-9 })).text, coldest.text, "the likeliest token alone");
    assert.notEqual(coldest.text, whole.text);
    const twice = { ...ask, prompt: "a list of words, abc", temperature: 0 };
    const shared = await design.complete({ ...twice, shared: 16 });
    assert.deepEqual(shared, await design.complete(twice), "what is read once for several is read the same");
    for (const one of [design, greedy]) await one.dispose();
  });

  it("may be a decoder that is open, which stays open when it is done with", async () => {
    const decoder = await model.open();
    const same = models.local(decoder, { prompt: "plain", maxTokens: 24 });
    const question = { prompt: "abc", seed: 2 };
    assert.equal((await same.complete(question)).text, (await model.complete(question)).text);
    assert.equal(await same.fingerprint!(), await model.fingerprint!());
    const sampled = async (options: object): Promise<unknown[]> =>
      JSON.parse(await models.local(decoder, { prompt: "plain", ...options }).fingerprint!()).slice(1);
    assert.deepEqual(await sampled({}), ["its design's", 0, 1]);
    assert.deepEqual(await sampled({ temperature: 0.5, topK: 3, topP: 0.25 }), [0.5, 3, 0.25]);
    const prints = await Promise.all(
      [
        ...[{}, { prompt: "plain" }, { prompt: "base" }, { prompt: "chat" }, { prompt: "chat", system: "be brief" }],
        ...[{ seed: 1 }, { maxTokens: 9 }, { stop: [";"] }, { temperature: 1 }, { topK: 2 }, { topP: 0.5 }],
        { prompt: { ...(await loadPrompt("base")), before: "> " } },
      ].map((how) => models.local(decoder, how).fingerprint!()),
    );
    assert.equal(
      new Set(prints).size,
      prints.length,
      `${prints.join("\n")}\nwhatever shapes answers tells models apart`,
    );
    assert.equal(await models.local(decoder, { maxBatch: 3 }).fingerprint!(), prints[0]);
    await same.dispose();
    assert.equal((await model.complete(question)).usage.promptTokens, 3);
    assert.throws(() => models.local({ name: "menu" }), {
      message:
        'Expected `path` to be a path or a name, a decoder, or a policy that writes with one, such as policies.fromPretrained(...), got {"name":"menu"}',
    });
  });

  it("is opened elsewhere by its plan: a design by its name goes as what it says, and no path, thread or chip of this machine", async () => {
    const decoder = await model.open();
    for (const [how, prompt] of [
      [{}, undefined],
      [{ prompt: "plain" }, "plain"],
      [{ prompt: "chat", system: "be brief" }, "chat"],
      [{ prompt: "base" }, await loadPrompt("base")],
      [{ prompt: { ...(await loadPrompt("base")), before: "> " } }, { ...(await loadPrompt("base")), before: "> " }],
    ] as const) {
      const own = models.local(folder.path, { ...how, maxTokens: 9, seed: 3, threads: 1, dtype: "fp32" });
      const plan = JSON.parse(JSON.stringify(await own.plan!())) as ModelPlan;
      const expected = { ...how, ...(prompt !== undefined && { prompt }), maxTokens: 9, seed: 3 };
      assert.deepEqual([plan.kind, plan.options], ["local", expected]);
      const opener = { decoder: async () => decoder, policy: async () => assert.fail("it stands on no policy") };
      const there = await openModelPlan(plan, opener);
      const question = { prompt: "abc", seed: 2 };
      assert.equal((await there.complete(question)).text, (await own.complete(question)).text);
      await own.dispose();
    }
  });

  it("says once that it knows no chats, which are plain lines then", async () => {
    const { warn } = console;
    const said: string[] = [];
    console.warn = (text: string) => said.push(text);
    try {
      const chat = models.local(await model.open(), { prompt: "chat", maxTokens: 2 });
      for (let i = 0; i < 3; i++) await chat.complete({ prompt: "abc", seed: i });
      for (let i = 0; i < 2; i++) await chat.complete({ prompt: "abc", seed: i, form: "chat" });
    } finally {
      console.warn = warn;
    }
    assert.equal(said.length, 1);
    assert.match(said[0]!, /^The model .+ has no chat template: it is asked in plain lines/);
  });

  it("says that an answer was cut at its longest length, and of no other", async () => {
    const { ids: _, ...whole } = await model.complete({ prompt: "abc", seed: 2 });
    const { completionTokens } = whole.usage;
    assert.equal(whole.finish, completionTokens === 24 ? "length" : "stop");
    const cut = await model.complete({ prompt: "abc", seed: 2, maxTokens: completionTokens - 1 });
    assert.deepEqual([cut.finish, cut.usage.completionTokens], ["length", completionTokens - 1]);
  });

  it("has its decoder disposed of when it says that it is done with", async () => {
    const own = models.local(folder.path, { prompt: "plain", threads: 1 });
    const decoder = await own.open();
    const dispose = decoder.dispose.bind(decoder);
    let done = false;
    decoder.dispose = async () => {
      await dispose();
      await new Promise((resolve) => setImmediate(resolve));
      done = true;
    };
    await own.dispose();
    assert.ok(done);
  });

  it("that is not there says what to do, at every question", async () => {
    const none = models.local("no-such-model");
    for (let i = 0; i < 2; i++)
      await assert.rejects(none.complete({ prompt: "x" }), {
        message: /^There is no model no-such-model: give a folder/,
      });
  });
});
