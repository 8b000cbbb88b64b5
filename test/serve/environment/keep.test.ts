/** Whose episodes are served and kept: a record of them that replays, environments of somebody's own, and ones that fail. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Environment } from "../../../src/environment/index.ts";
import { SurvivalEnv } from "../../../src/environment/index.ts";
import { runEpisode } from "../../../src/episode/index.ts";
import { openRecord, recordTo, replay } from "../../../src/record/index.ts";
import { createSandbox, type Sandbox, sharedSandbox } from "../../../src/sandbox/index.ts";
import { serveEnvironment } from "../../../src/serve/environment/index.ts";
import { microTasks } from "../../../src/tasks/index.ts";
import { temporaryFolder } from "../../model/shared.ts";
import { Client } from "./client.ts";

describe("episodes of an environment server", () => {
  it("are in a record under the client's names, replay, and have the digests of the same episodes in process", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "served.sqlite");
    const tasks = await microTasks({ split: "training" });
    const env = new SurvivalEnv({ maxSteps: 2, tasks });
    const programs = [
      ["self.a = 1", "self.f = (n) => n + 1"],
      ["require('child_process').exec('id')"],
      ["self.b = Math.random(); self.t = Date.now()", "self.execute_code = null"],
    ];
    await (async () => {
      await using server = await serveEnvironment(env, { port: 0, record: path });
      const clients = await Promise.all(programs.map(() => Client.open(server.url)));
      for (const [i, client] of clients.entries()) {
        await client.reset({ seed: i, episode_id: `life ${i}` });
        for (const program of programs[i]!) await client.step(program);
      }
      await clients[0]!.reset({ seed: 9, episode_id: "left" });
      await clients[0]!.step("self.a = 1");
      await Promise.all(clients.map((client) => client.close()));
    })();
    using served = openRecord(path, { readOnly: true });
    const sandbox = await sharedSandbox();
    assert.deepEqual(
      served.episodes().map(({ labels, complete, steps, verdict }) => [labels.episode, complete, steps, verdict]),
      [
        ["life 0", true, 2, "survived"],
        ["life 1", true, 1, "attempted_harm"],
        ["life 2", true, 2, "fatal_self_edit"],
        ["left", false, 1, "survived"],
      ],
    );
    assert.ok(served.verify().ok);
    using inProcess = openRecord(":memory:", { create: true });
    for (const [i, list] of programs.entries()) {
      const { agrees, difference } = await replay(served, i + 1, sandbox);
      assert.deepEqual([agrees, difference], [true, null]);
      const own = env.clone();
      const left = [...list];
      const action = { label: "", choice: -1, logProb: Number.NaN };
      const seeded = { reset: () => own.reset({ seed: i }), step: (program: string) => own.step(program) };
      const act = async () => left.splice(0, 1).map((program) => ({ ...action, program }));
      const { id } = await runEpisode(seeded, act, { index: i }, recordTo(inProcess));
      await own.close();
      assert.equal(served.digest(i + 1), inProcess.digest(id!));
    }
    await env.close();
  });

  it("may be of an environment of one's own, without a sandbox, whose observation is whatever it is", async () => {
    const info = { rewards: { one: Number.NaN }, report: null };
    class Echo implements Environment<string> {
      reset = async (): Promise<[string, typeof info]> => ["begin", info];
      step = async (program: string) => ({
        ...{ observation: program.toUpperCase(), reward: program === "nan" ? Number.NaN : 2 },
        ...{ terminated: false, truncated: program === "end", info },
      });
      clone = () => new Echo();
      close = async () => {};
    }
    await using server = await serveEnvironment(new Echo(), { port: 0, name: "echo" });
    const client = await Client.open(server.url);
    assert.deepEqual((await client.reset({ seed: 1 })).data.observation, { observation: "begin" });
    assert.deepEqual((await client.step("a")).data.observation, { observation: "A" });
    const { reward, metadata } = (await client.step("nan")).data;
    assert.deepEqual([reward, metadata.rewards], [null, { one: null }]);
    assert.equal((await client.step("end")).data.done, true);
    assert.match((await client.step("a")).data.message, /truncated after 3 steps/);
    const about = (await (await fetch(`${server.url}/metadata`)).json()) as object;
    assert.deepEqual(about, {
      ...{ name: "echo", description: "Episodes of echo, a program a step", version: "1", author: "AutoAgent Lab" },
    });
    await client.close();
  });

  it("are made ready for their first programs while these are on their way", async () => {
    const done: string[] = [];
    class Slow extends SurvivalEnv {
      override prepare(): void {
        done.push("prepare");
        super.prepare();
      }
      override async step(program: string): ReturnType<SurvivalEnv["step"]> {
        done.push(program);
        return await super.step(program);
      }
    }
    await using sandbox = await createSandbox({ workers: 1 });
    const counted: Sandbox = {
      ...sandbox,
      open: async (options) => {
        const life = await sandbox.open(options);
        const begin = async (): Promise<void> => {
          done.push("begin");
          await life.begin();
        };
        return { ...life, begin };
      },
    };
    await using server = await serveEnvironment(new Slow({ sandbox: counted, maxSteps: 1 }), { port: 0 });
    const client = await Client.open(server.url);
    for (const seed of [1, 2]) {
      assert.equal((await client.reset({ seed })).type, "observation");
      done.push("told");
      assert.equal((await client.step(`self.a = ${seed}`)).data.reward, 1);
    }
    assert.deepEqual(
      done,
      [1, 2].flatMap((n) => ["prepare", "begin", "told", `self.a = ${n}`]),
    );
    assert.equal(sandbox.stats().replayed, 0);
    await client.close();
  });

  it("are lost where the environment fails: the client hears that, and the log alone hears why", async () => {
    class Failing extends SurvivalEnv {
      override async step(program: string): ReturnType<SurvivalEnv["step"]> {
        if (program === "fail") throw new Error("the check at /secret/path wants 42");
        return await super.step(program);
      }
    }
    const logged: unknown[] = [];
    const onError = (error: unknown) => logged.push((error as Error).message);
    const env = new Failing();
    await using server = await serveEnvironment(env, { port: 0, onError });
    const client = await Client.open(server.url);
    await client.reset({ seed: 1 });
    const message =
      "The environment failed, and the episode is lost: call reset() for another one. The server's log says why";
    assert.deepEqual(await client.step("fail"), { type: "error", data: { message, code: "EXECUTION_ERROR" } });
    assert.match((await client.step("1")).data.message, /\(the environment failed\): call reset/);
    assert.deepEqual(logged, ["the check at /secret/path wants 42"]);
    await client.reset({ seed: 1 });
    assert.equal((await client.step("self.a = 1")).data.reward, 1);
    await client.close();
    await env.close();
  });

  it("have no reward where the sandbox failed, and say nothing of how", async () => {
    const sandbox = await createSandbox({ workers: 1 });
    const broken: Sandbox = {
      ...sandbox,
      open: async (options) => {
        const life = await sandbox.open(options);
        const step: typeof life.step = async (program) => {
          const report = await life.step(program);
          return { ...report, verdict: "infrastructure_error", alive: false, cause: "no /secret/path/to/child" };
        };
        return { ...life, step };
      },
    };
    const env = new SurvivalEnv({ sandbox: broken });
    await using server = await serveEnvironment(env, { port: 0 });
    const client = await Client.open(server.url);
    await client.reset({ seed: 1 });
    const { observation, reward, done, metadata } = (await client.step("self.a = 1")).data;
    assert.deepEqual([reward, done, metadata.fault, metadata.truncated], [null, true, true, true]);
    assert.equal(observation.cause, "the sandbox failed: this says nothing about the agent");
    assert.ok(!client.frames.join("").includes("secret"));
    await client.close();
    await env.close();
    await sandbox.dispose();
  });

  it("are not begun where no environment can be made", async () => {
    const logged: unknown[] = [];
    const env = new SurvivalEnv();
    env.clone = () => {
      throw new Error("no clone");
    };
    await using server = await serveEnvironment(env, { port: 0, onError: (error) => logged.push(error) });
    const client = await Client.open(server.url);
    const text = "No environment could be made for this session: the server's log says why";
    assert.deepEqual((await client.answer()).data, { message: text, code: "FACTORY_ERROR" });
    assert.equal((await client.closed)[0], 1013);
    assert.equal(logged.length, 1);
  });
});
