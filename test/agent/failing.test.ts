/** An agent, an environment and their record when the model or a reward fails in the middle: nothing lived is lost. */

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AutonomousLLM, modelPolicy } from "../../src/agent/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { type LanguageModel, models } from "../../src/llm/index.ts";
import { openRecord, replay } from "../../src/record/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { hangMs } from "../waiting.ts";

describe("an agent whose model fails", () => {
  let sandbox: Sandbox;
  let server: Server;
  let url: string;
  /** What the server does with each question in turn. */
  let plan: ("answer" | "garbage" | "slow" | "stop" | "die")[] = [];
  before(async () => {
    sandbox = await createSandbox({ workers: 1 });
    server = createServer((_, response) => {
      const next = plan.shift() ?? "answer";
      const choices = [
        { message: { role: "assistant", content: "self.n = (self.n ?? 0) + 1;" }, finish_reason: "stop" },
      ];
      const text = JSON.stringify({ model: "m", choices, usage: { prompt_tokens: 1, completion_tokens: 2 } });
      if (next === "slow") return;
      if (next === "die") return response.destroy();
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
      if (next === "stop") return response.write(text.slice(0, 40), () => response.destroy());
      return response.end(next === "answer" ? text : "<html>".padEnd(Buffer.byteLength(text)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  beforeEach(() => {
    plan = [];
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await sandbox.dispose();
  });

  it("stays alive and goes on when it answers again; the record has every step", async () => {
    using record = openRecord(":memory:");
    const [patient, hasty] = [hangMs, 300].map((timeoutMs) =>
      models.openai({ model: "m", baseURL: url, retries: 0, timeoutMs }),
    ) as [LanguageModel, LanguageModel];
    // Short of time only where no answer comes: a busy machine takes its time with others.
    const llm: LanguageModel = {
      ...patient,
      complete: (asked) => (plan[0] === "slow" ? hasty : patient).complete(asked),
    };
    const agent = new AutonomousLLM({ llm, query: "go", sandbox, record });
    const failures: [typeof plan, RegExp][] = [
      [["answer", "garbage"], /gave an answer without text|is it an OpenAI-compatible server/i],
      [["answer", "slow"], /did not answer within 300 ms: raise `timeoutMs`/],
      [["answer", "stop"], /stopped in the middle of its answer/],
      [["answer", "die"], /stopped in the middle of its answer|There is no server/],
    ];
    for (const [i, [behaviour, message]] of failures.entries()) {
      plan = [...behaviour];
      await assert.rejects(agent.run({ steps: 5 }), message);
      assert.deepEqual([agent.alive, agent.history.length], [true, i + 1]);
      assert.equal(record.episode(1).steps.length, i + 1);
    }
    plan = [];
    await agent.run({ steps: 1 });
    await agent.dispose();
    assert.equal(agent.genome.find(({ name }) => name === "self.n")!.source, "5");
    assert.equal((await replay(record, 1, sandbox)).toString(), "Episode 1: 5 steps agree byte for byte");
  });

  it("says that there is no server, in a rollout too, whose finished lives stay in the record", async () => {
    using record = openRecord(":memory:");
    const good = modelPolicy<{ query: string }>(models.openai({ model: "m", baseURL: url }));
    const env = new SurvivalEnv({ sandbox, maxSteps: 2 });
    await rollout(env, good, { episodes: 2, seed: 1, record });
    const absent = modelPolicy<{ query: string }>(
      models.openai({ model: "m", baseURL: "http://127.0.0.1:1/v1", retries: 0 }),
    );
    await assert.rejects(rollout(env, absent, { episodes: 2, seed: 1, record }), {
      message: "There is no server at http://127.0.0.1:1/v1: start it, or correct `baseURL`.",
    });
    const whole = record.episodes().filter(({ steps }) => steps > 0);
    assert.deepEqual(
      whole.map(({ steps, complete }) => [steps, complete]),
      [
        [2, true],
        [2, true],
      ],
    );
    assert.equal(record.verify().ok, true);
  });

  it("whose reward throws or is NaN: the life can be stepped on, and a record has what was there before", async () => {
    const scores: (() => number)[] = [() => 1, () => Number.NaN, () => JSON.parse("{"), () => 2];
    const env = new SurvivalEnv({
      sandbox,
      rewards: [{ name: "moody", score: () => scores.shift()!() }],
    });
    await env.reset({ seed: 1 });
    assert.equal((await env.step("self.a = 1;")).reward, 1);
    await assert.rejects(env.step("self.b = 1;"), {
      message: "The reward `moody` gave NaN: a reward must be a finite number",
    });
    await assert.rejects(
      env.step("self.c = 1;"),
      /^EnvironmentFailure: The reward `moody` threw: Expected property name/,
    );
    const { reward, observation } = await env.step("self.d = 1;");
    assert.deepEqual([reward, observation.step], [2, 4]);
    await env.close();
    using record = openRecord(":memory:");
    scores.push(
      () => 1,
      () => 1,
      () => JSON.parse("{"),
    );
    const calm = { name: "calm", act: async () => [{ program: "self.a = 1;", label: "", choice: 0, logProb: 0 }] };
    await assert.rejects(rollout(env, calm, { episodes: 1, record }), /The reward `moody` threw/);
    assert.deepEqual(
      record.episodes().map(({ steps, complete }) => [steps, complete]),
      [[2, false]],
    );
    assert.equal((await replay(record, 1, sandbox)).agrees, true);
  });
});
