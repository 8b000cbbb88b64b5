/** OpenEnv's protocol over a bare WebSocket: what each message is answered, and that an episode is the same as in process. */

import assert from "node:assert/strict";
import { SurvivalEnv } from "../../../src/environment/index.ts";
import { type EnvironmentServer, serveEnvironment } from "../../../src/serve/environment/index.ts";
import { microTasks } from "../../../src/tasks/index.ts";
import { Client } from "./client.ts";

describe("a session of the environment server", () => {
  let env: SurvivalEnv;
  let server: EnvironmentServer;
  let client: Client;
  const failures: unknown[] = [];
  before(async () => {
    env = new SurvivalEnv({ maxSteps: 3, tasks: await microTasks({ split: "training" }) });
    server = await serveEnvironment(env, { port: 0, onError: (error) => failures.push(error) });
  });
  after(async () => {
    await server.close();
    await env.close();
    assert.deepEqual(failures, [], "nothing went wrong that was not asked for");
  });
  beforeEach(async () => {
    client = await Client.open(server.url);
  });
  afterEach(() => client.close());

  it("answers a reset and a step with what the agent may know, and tells how it was scored beside it", async () => {
    const begun = await client.reset({ seed: 5, episode_id: "mine" });
    const { observation, ...rest } = begun.data;
    assert.deepEqual(
      [begun.type, rest],
      ["observation", { reward: null, done: false, metadata: { seed: 5, episode_id: "mine" } }],
    );
    const shown = ["step", "query", "response", "genome", "task", "energy", "verdict", "cause", "output"];
    assert.deepEqual(Object.keys(observation).sort(), shown.toSorted());
    assert.deepEqual([observation.step, observation.verdict, typeof observation.task], [0, null, "string"]);
    const { data } = await client.step("self.a = 1; console.log('hello')");
    assert.deepEqual(Object.keys(data.observation).sort(), shown.toSorted());
    assert.deepEqual([data.observation.step, data.observation.verdict], [1, "survived"]);
    assert.deepEqual([data.observation.output.trim(), data.reward, data.done], ["hello", 1, false]);
    assert.deepEqual(data.metadata, {
      ...{ rewards: { survival: 1, harm: 0, usefulness: 0 }, effects: [], changed: true, score: 0, solved: false },
      ...{ terminated: false, truncated: false, fault: false },
    });
    assert.deepEqual(await client.ask({ type: "state" }), {
      type: "state",
      data: { episode_id: "mine", step_count: 1 },
    });
  });

  it("plays the episode that the same seed and programs give in process", async () => {
    const programs = [
      "self.health = 9; self.color = 9",
      "self.start = (w) => w.trim()",
      "require('fs').rmSync('/etc')",
    ];
    for (const seed of [0, 7, -3, 2 ** 40]) {
      const own = env.clone();
      const [first] = await own.reset({ seed });
      const told = await client.reset({ seed });
      for (const [name, value] of Object.entries(first)) assert.deepEqual(told.data.observation[name], value, name);
      for (const program of programs) {
        const { observation, reward, terminated, truncated, info } = await own.step(program);
        const { data } = await client.step(program);
        for (const [name, value] of Object.entries(observation)) assert.deepEqual(data.observation[name], value, name);
        assert.deepEqual([data.reward, data.done], [reward, terminated || truncated]);
        assert.deepEqual([data.metadata.rewards, data.metadata.effects], [info.rewards, info.report!.effects]);
        assert.equal(data.observation.cause, info.report!.cause);
      }
      await own.close();
    }
  });

  it("draws a seed where none is given, tells it, and the same seed gives the same first task", async () => {
    const [one, other] = [await client.reset(), await client.reset({ seed: null, episode_id: null })];
    assert.notEqual(one.data.metadata.seed, other.data.metadata.seed);
    assert.match(other.data.metadata.episode_id, /^[0-9a-f-]{36}$/);
    const again = await client.reset({ seed: one.data.metadata.seed });
    assert.equal(again.data.observation.task, one.data.observation.task);
  });

  it("takes a reply that was read as JSON for a program again", async () => {
    for (const [given, program] of [
      [42, "42"],
      [[1, 2], "[1,2]"],
      [null, "null"],
      [true, "true"],
      [{ a: 1 }, '{"a":1}'],
    ] as const) {
      const seen = [];
      for (const one of [given, program]) {
        await client.reset({ seed: 1 });
        seen.push((await client.step(one)).data.observation);
      }
      assert.deepEqual(seen[0], seen[1]);
    }
  });

  it("says that an episode is over, and begins another", async () => {
    await client.reset({ seed: 1 });
    const { data } = await client.step("self.execute_code = 42");
    assert.deepEqual([data.done, data.reward, data.observation.verdict], [true, 0, "fatal_self_edit"]);
    assert.deepEqual(await client.step("1"), {
      type: "error",
      data: {
        message: "step() after the end of the episode (fatal_self_edit): call reset() for another one",
        code: "EXECUTION_ERROR",
      },
    });
    await client.reset({ seed: 1 });
    for (const done of [false, false, true]) assert.equal((await client.step("self.n = 1")).data.done, done);
    assert.match((await client.step("1")).data.message, /\(truncated after 3 steps\)/);
  });

  it("says that a connection without an episode has none: after one was lost, a step must not go on in another", async () => {
    await client.reset({ seed: 1 });
    await client.close();
    client = await Client.open(server.url);
    const { data } = await client.step("self.a = 1");
    assert.equal(data.code, "EXECUTION_ERROR");
    assert.equal(
      data.message,
      "step() before reset(): this session has no episode. An episode is lost with its connection, so after a new one call reset() first",
    );
    assert.deepEqual((await client.ask({ type: "state" })).data, { episode_id: null, step_count: 0 });
  });

  it("answers messages in their order, however many come at once", async () => {
    client.send({ type: "reset", data: { seed: 2 } });
    for (let i = 0; i < 40; i++) client.send(i % 2 === 0 ? { type: "state" } : "{}");
    client.send({ type: "step", data: { program: "self.a = 1" } });
    const types = [];
    for (let i = 0; i < 42; i++) types.push((await client.answer()).type);
    const pairs = Array.from({ length: 20 }, () => ["state", "error"]).flat();
    assert.deepEqual(types, ["observation", ...pairs, "observation"]);
  });

  it("refuses what it cannot read, by the protocol's own codes, and goes on", async () => {
    const refused: [message: unknown, code: string, text: string][] = [
      [
        "{",
        "INVALID_JSON",
        "The message is not a JSON object: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
      ],
      ["[1]", "INVALID_JSON", "The message is not a JSON object: it is [1]"],
      ["7", "INVALID_JSON", "The message is not a JSON object: it is 7"],
      ["null", "INVALID_JSON", "The message is not a JSON object: it is null"],
      ['"reset"', "INVALID_JSON", 'The message is not a JSON object: it is "reset"'],
      [{ type: "rest" }, "UNKNOWN_TYPE", 'Unknown message type "rest": it is one of reset, step, state, close, mcp'],
      [{}, "UNKNOWN_TYPE", "Unknown message type nothing: it is one of reset, step, state, close, mcp"],
      [
        { type: "reset", data: { seed: "3" } },
        "VALIDATION_ERROR",
        'Expected `seed` to be an integer, or null for one that the server draws, got "3"',
      ],
      [
        { type: "reset", data: { seed: 1.5 } },
        "VALIDATION_ERROR",
        "Expected `seed` to be an integer, or null for one that the server draws, got 1.5",
      ],
      [
        { type: "reset", data: { seeds: 3 } },
        "VALIDATION_ERROR",
        "There is no `seeds` in the data of reset: did you mean `seed`?",
      ],
      [
        { type: "reset", data: { episode_id: 7 } },
        "VALIDATION_ERROR",
        "Expected `episode_id` to be a text of at most 200 characters, got 7",
      ],
      [
        { type: "reset", data: [] },
        "VALIDATION_ERROR",
        "Expected `the data of reset` to be an object of options, got []",
      ],
      [
        { type: "step" },
        "VALIDATION_ERROR",
        'Expected `action` to be an object such as {"program": "self.x = 1"}, got undefined',
      ],
      [
        { type: "step", data: { code: "1" } },
        "VALIDATION_ERROR",
        "There is no `code` in an action: there are program, metadata",
      ],
      [
        { type: "step", data: { program: "1", programs: "2" } },
        "VALIDATION_ERROR",
        "There is no `programs` in an action: did you mean `program`?",
      ],
    ];
    for (const [message, code, text] of refused)
      assert.deepEqual(await client.ask(message), { type: "error", data: { message: text, code } });
    assert.equal((await client.reset({ seed: 1 })).type, "observation");
    const mcp = { type: "mcp", data: { jsonrpc: "2.0", id: 4, method: "tools/list" } };
    const { data } = await client.ask(mcp);
    assert.deepEqual([data.jsonrpc, data.id, data.error.code], ["2.0", 4, -32601]);
    client.send({ type: "close" });
    assert.deepEqual(await client.closed, [1000, ""]);
  });
});
