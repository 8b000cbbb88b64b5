/** The command `autoagent env serve`, as a user runs it. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openRecord } from "../../src/record/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { temporaryFolder } from "../model/shared.ts";
import { Client } from "../serve/environment/client.ts";

const launcher = join(import.meta.dirname, "../../scripts/autoagent.mjs");

/** A running server, when it has said where it is. */
async function start(args: readonly string[], env: { [name: string]: string } = {}) {
  const child = spawn(process.execPath, [launcher, "env", "serve", "--port", "0", ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (line.startsWith("Serving")) break;
  }
  const stop = async (): Promise<number | null> => {
    child.kill("SIGINT");
    return ((await once(child, "exit")) as [number | null])[0];
  };
  return { lines, url: / at (http:\S+)/.exec(lines.at(-1)!)![1]!, stop };
}

describe("autoagent env serve", () => {
  it("serves lives until it is interrupted, of the tasks and steps that were named, and keeps them", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "tasks.json");
    const task = {
      id: "t",
      family: "set",
      ask: "Set self.x to 5",
      split: "training",
      check: { read: "x", expected: 5 },
    };
    writeFileSync(file, JSON.stringify([task]));
    const record = join(folder.path, "lives.sqlite");
    const server = await start(["--tasks", file, "--max-steps", "2", "--sessions", "3", "--record", record]);
    assert.match(
      server.lines[0]!,
      /^Serving lives of 2 steps \(1 task\) at http:\/\/127\.0\.0\.1:\d+ \(3 sessions, [23] children at level \d\); Ctrl-C ends it$/,
    );
    const client = await Client.open(server.url);
    assert.equal((await client.reset({ seed: 1 })).data.observation.task, "Set self.x to 5");
    const { reward, metadata } = (await client.step("self.x = 5")).data;
    assert.deepEqual([reward, metadata.solved], [2, true]);
    assert.equal((await client.step("self.y = 5")).data.done, true);
    assert.equal(await server.stop(), 0);
    assert.deepEqual(await client.closed, [1001, "the server ends"]);
    using kept = openRecord(record, { readOnly: true });
    assert.deepEqual(
      kept.episodes().map(({ steps, complete }) => [steps, complete]),
      [[2, true]],
    );
  });

  it("asks for the token of the environment, or for one that it draws and tells", async () => {
    const drawn = await start(["--token", "--tasks", "none"]);
    const [, token] = /^Clients need the token (\S{32})$/.exec(drawn.lines[0]!)!;
    const own = await start([], { AUTOAGENT_TOKEN: "mine" });
    assert.equal(own.lines.length, 1, "a token that its user knows is not told");
    for (const [{ url }, right] of [
      [drawn, token!],
      [own, "mine"],
    ] as const) {
      await assert.rejects(Client.open(url, { authorization: "Bearer wrong" }), /^Error: 401/);
      const client = await Client.open(url, { authorization: `Bearer ${right}` });
      assert.equal((await client.reset()).data.observation.task === null, right === token);
      await client.close();
    }
    assert.deepEqual(await Promise.all([drawn.stop(), own.stop()]), [0, 0]);
  });

  it("serves lives in Python, with the tasks that can be asked there", async () => {
    const options = ["--sessions", "1", "--max-steps", "2", "--tasks", "training"];
    const server = await start(["--body", "python", ...options]);
    assert.match(server.lines[0]!, /^Serving lives in Python of 2 steps \(training tasks\) at /);
    const client = await Client.open(server.url);
    const { task } = (await client.reset({ seed: 1 })).data.observation;
    const tasks = await microTasks({ split: "training", body: "python" });
    assert.ok(tasks.some(({ ask }) => ask === task));
    const { observation, reward } = (await client.step("self.a = [n ** 2 for n in range(4)]\nprint(self.a)")).data;
    assert.deepEqual([observation.output, reward], ["[0, 1, 4, 9]\n", 1]);
    const { data } = await client.step("import os\nos.system('id')");
    assert.deepEqual([data.reward, data.observation.verdict], [-1000, "attempted_harm"]);
    await client.close();
    assert.equal(await server.stop(), 0);
  });

  it("says in one sentence what is wrong", () => {
    const run = (...args: string[]) => {
      const { status, stderr } = spawnSync(process.execPath, [launcher, "env", ...args], { encoding: "utf8" });
      return [status, stderr.trim()];
    };
    assert.deepEqual(run("server"), [2, 'env needs serve, got "server": see autoagent env --help']);
    const [status, text] = run("serve", "--tasks", "nowhere.json");
    assert.deepEqual([status, String(text).split(":")[0]], [2, "The micro-tasks in nowhere.json cannot be read"]);
    using folder = temporaryFolder();
    const empty = join(folder.path, "empty.json");
    writeFileSync(empty, "[]");
    assert.deepEqual(run("serve", "--tasks", empty), [1, "Expected `tasks` to be at least one task, got []"]);
    assert.deepEqual(run("serve", "--body", "basic"), [2, 'Expected --body to be javascript or python, got "basic"']);
    assert.deepEqual(run("serve", "--host", "0.0.0.0"), [
      1,
      "Anybody who reaches 0.0.0.0 could run programs here: set a token in AUTOAGENT_TOKEN, or serve on 127.0.0.1",
    ]);
  });

  it("loads neither the runtimes of models nor TensorFlow", () => {
    const program = `
      import { registerHooks } from "node:module";
      const loaded = new Set();
      registerHooks({ load: (url, context, next) => (loaded.add(/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1]), next(url, context)) });
      await import(process.argv[1]);
      console.log([...loaded].filter(Boolean).sort().join(" "));
    `;
    const entry = join(import.meta.dirname, "../../src/cli/env.ts");
    const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning", "--input-type=module"];
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, "-e", program, entry], { encoding: "utf8" });
    assert.equal(stderr, "");
    const heavy = [
      "@tensorflow/tfjs",
      "onnxruntime-node",
      "openai",
      "gpt-tokenizer",
      "plotly.js",
      "typescript-api",
      "jsdom",
    ];
    const loaded = stdout.trim().split(" ");
    assert.ok(loaded.includes("ws") && loaded.includes("hono"), stdout);
    assert.deepEqual(
      heavy.filter((name) => loaded.includes(name)),
      [],
    );
  });
});
