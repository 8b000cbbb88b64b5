/**
 * Hostile programs of the sandbox's corpus, asked for by a client: no frame holds a word of the host, of a task's check, or of
 * its id. Such words are planted where a leak would begin, and looked for in all that came over the wire.
 */

import assert from "node:assert/strict";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { SurvivalEnv } from "../../../src/environment/index.ts";
import { createSandbox, type Sandbox } from "../../../src/sandbox/index.ts";
import { type EnvironmentServer, serveEnvironment } from "../../../src/serve/environment/index.ts";
import type { MicroTask } from "../../../src/tasks/index.ts";
import { readHostile } from "../../sandbox/corpus/index.ts";
import { Client } from "./client.ts";

/** Words that nothing but a leak can bring into a frame. */
const canaries = ["canary-environment", "canary-task-id", "canary-family", "canary-expected", "canary-setup"];

/** What names this machine: no program of the corpus knows them. */
const ofHost = [
  resolve(import.meta.dirname, "../../.."),
  dirname(process.execPath),
  hostname(),
  "node_modules",
  ".ts:",
];

const task: MicroTask = {
  id: "canary-task-id",
  family: "canary-family",
  ask: "Set self.x to what it should be",
  split: "training",
  setup: "/* canary-setup */ self.x = 1;",
  check: { read: "x", expected: "canary-expected" },
};

describe("hostile programs through the environment server", () => {
  let sandbox: Sandbox;
  let env: SurvivalEnv;
  let server: EnvironmentServer;
  const failures: unknown[] = [];
  before(async () => {
    process.env.AUTOAGENT_CANARY = "canary-environment";
    sandbox = await createSandbox({ workers: 2 });
    delete process.env.AUTOAGENT_CANARY;
    env = new SurvivalEnv({ sandbox, maxSteps: 9, tasks: [task] });
    server = await serveEnvironment(env, { port: 0, onError: (error) => failures.push(error) });
  });
  after(async () => {
    await server.close();
    await sandbox.dispose();
  });

  it("bring no word of host or check into any frame, of 90 drawn from all kinds", async () => {
    const all = readHostile();
    const every = Math.max(1, Math.floor(all.length / 80));
    const own = [
      "console.log(JSON.stringify(process.env), process.argv, process.cwd(), process.execPath)",
      "console.log(new Error('x').stack); self.stack = new Error('y').stack",
      "self.x = { toJSON() { throw new Error('z') } }; throw new Error(String(self.x))",
      "throw { message: 'no error', stack: Function.prototype.toString.call(self.execute_code) }",
      "self.found = Object.getOwnPropertyNames(globalThis).concat(Reflect.ownKeys(self)).join()",
      "for (;;) self.n = (self.n ?? 0) + 1",
      "self.big = 'x'.repeat(2 ** 20)",
      "const list = []; for (;;) list.push(new Array(1e6).fill(1))",
      "self.execute_code = () => { throw new Error(new Error('deep').stack) }",
      "(",
    ];
    const drawn = all.filter((_, i) => i % every === 0).map(({ steps }) => steps);
    const lives = [...own.map((program) => [program]), ...drawn].slice(0, 90);
    assert.equal(lives.length, 90);
    const clients = await Promise.all(Array.from({ length: 6 }, () => Client.open(server.url)));
    await Promise.all(
      clients.map(async (client, i) => {
        for (let at = i; at < lives.length; at += clients.length) {
          await client.reset({ seed: at });
          const look = "console.log(JSON.stringify(self)); self.y = Object.keys(globalThis).join()";
          for (const program of [...lives[at]!, look]) if ((await client.step(program)).data.done !== false) break;
        }
      }),
    );
    const frames = clients.flatMap(({ frames }) => frames);
    assert.ok(frames.length > 2 * lives.length);
    for (const word of [...canaries, ...ofHost])
      assert.deepEqual(
        frames.filter((frame) => frame.includes(word)).map((frame) => frame.slice(0, 500)),
        [],
        word,
      );
    assert.ok(
      frames.some((frame) => frame.includes('"verdict":"attempted_harm"')),
      "they were run",
    );
    assert.deepEqual(failures, []);
    await Promise.all(clients.map((client) => client.close()));
  });

  it("would be found out: a word of the host in what an environment tells is in a frame", async () => {
    class Telling extends SurvivalEnv {
      override async step(program: string): ReturnType<SurvivalEnv["step"]> {
        const transition = await super.step(program);
        return { ...transition, observation: { ...transition.observation, response: ofHost[0]! } };
      }
    }
    const telling = new Telling({ sandbox, maxSteps: 3, tasks: [task] });
    await using other = await serveEnvironment(telling, { port: 0 });
    const client = await Client.open(other.url);
    await client.reset({ seed: 1 });
    await client.step("self.a = 1");
    assert.ok(client.frames.join().includes(ofHost[0]!));
    await client.close();
  });
});
