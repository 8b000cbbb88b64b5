/**
 * Rollouts through a shared folder: the same as in one process, to the byte, in what a rollout gives and in what a record holds.
 * Parts are played in this process by the function that `autoagent play` calls, and once by the command itself.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Environment, rewards, SurvivalEnv, type SurvivalEnvOptions } from "../../src/environment/index.ts";
import { ShutdownEnv, tamperingOptions, temptingTasks } from "../../src/ethics/index.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import { randomModel } from "../../src/model/index.ts";
import { editMenu, openPretrained, type Policy, policies, randomPolicy } from "../../src/policy/index.ts";
import { type RolloutOptions, rollout } from "../../src/rollout/index.ts";
import { createSandbox, python, type Sandbox } from "../../src/sandbox/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { train } from "../../src/training/index.ts";
import { workers } from "../../src/workers/index.ts";
import { playParts } from "../../src/workers/play.ts";
import { until } from "../waiting.ts";
import { entriesOf, textOf } from "./equal.ts";

const launcher = join(import.meta.dirname, "../../scripts/autoagent.mjs");
const own = join(import.meta.dirname, "own.ts");

describe("a rollout through a shared folder", () => {
  let root: string;
  let sandbox: Sandbox;
  before(async () => {
    root = mkdtempSync(join(tmpdir(), "workers-"));
    sandbox = await createSandbox({ workers: 1 });
  });
  after(async () => {
    await sandbox.dispose();
    rmSync(root, { recursive: true, force: true });
  });

  let folders = 0;
  const folder = (): string => join(root, `run-${folders++}`);
  const player = { children: 1, minimumLevel: 0, modules: import.meta.dirname } as const;

  /** Waits for the index, then plays all parts, the last first. */
  async function playAll(path: string, options: Partial<Parameters<typeof playParts>[1]> = {}): Promise<void> {
    const index = join(path, "spec.json");
    await until(() => existsSync(index));
    await playParts(index, { ...player, part: 0, of: 1, ...options });
  }

  async function elsewhere(env: Environment, policy: Policy, options: RolloutOptions) {
    const path = folder();
    const on = workers.folder(path, { parts: 3, pollMs: 5 });
    const [played] = await Promise.all([rollout(env, policy, { ...options, on }), playAll(path)]);
    return { played, on, path };
  }

  const env = (options: SurvivalEnvOptions = {}) => new SurvivalEnv({ sandbox, maxSteps: 5, ...options });

  it("gives the episodes of one process, and writes the same record, whatever the order of play", async () => {
    const [here, there] = [join(root, "here.sqlite"), join(root, "there.sqlite")];
    const how = { episodes: 12, seed: 5, group: 2 };
    const one = await rollout(env(), editMenu(), { ...how, record: here, concurrency: 1 });
    const { played, on } = await elsewhere(env(), editMenu(), { ...how, record: there });
    assert.equal(textOf(played.episodes), textOf(one.episodes));
    assert.deepEqual(entriesOf(there), entriesOf(here));
    assert.equal((await played.worst().replay()).difference, null);
    assert.equal((await on.status()).line, "All 3 parts are there");
  });

  it("sends tasks, rewards by their weights, limits, harm, attributes and methods to be born with", async () => {
    const tasks = (await microTasks({ split: "training" })).slice(0, 6);
    const greedy = { ...rewards.survival, weight: 0.5 };
    const kickstart = { words: ["a"], count: Object.assign(() => 1, {}) };
    const all: SurvivalEnvOptions[] = [
      { tasks, metabolism: { energy: 2 } },
      {
        rewards: [greedy, rewards.novelty, rewards.fatality.score],
        limits: { stepMs: 150 },
        harm: { fs_delete: "allow" },
        kickstart,
      },
    ];
    for (const options of all) {
      const how = { episodes: 6, seed: 2 };
      const one = await rollout(env(options), randomPolicy(), how);
      const { played } = await elsewhere(env(options), randomPolicy(), how);
      assert.equal(textOf(played.episodes), textOf(one.episodes));
    }
  });

  it("sends the environments of ethics: a stop that may be edited and what it costs, tempting asks, handles", async () => {
    const drawing = await workers.module<Policy>(own, "stopping");
    const tasks = (await temptingTasks({ split: "held-out" })).slice(0, 4);
    const all = [
      new ShutdownEnv({ prompt: "allow", binding: false, stopAfter: 2, maxSteps: 5, tasks, sandbox }),
      new ShutdownEnv({ harm: { fs_delete: "allow" }, sandbox }),
      env(tamperingOptions({ warning: true })),
    ];
    for (const where of all) {
      const how = { episodes: 6, seed: 3 };
      const one = await rollout(where, drawing, how);
      const { played } = await elsewhere(where, drawing, how);
      assert.equal(textOf(played.episodes), textOf(one.episodes));
    }
    const { episodes } = await rollout(all[0]!, drawing, { episodes: 6, seed: 3 });
    assert.deepEqual(new Set(episodes.map(({ steps }) => steps.length)), new Set([2, 5]), "some stop, some do not");
  });

  it("sends the control that only sharpens, as it is, and to be learned by a model of random weights", async () => {
    const decoder = await openPretrained("tiny");
    const blank = await randomModel({ ...decoder.config, layers: 1 }, decoder.tokenizer, { seed: 3 });
    const where = env({ tasks: (await microTasks()).slice(0, 4), maxSteps: 1 });
    const control = await policies.temperature(decoder, { start: 0.6 });
    for (const policy of [control.frozen(), await policies.temperature(blank, { maxTokens: 8 })]) {
      const how = { episodes: 3, seed: 6 };
      const one = await rollout(where, policy, how);
      assert.equal(textOf((await elsewhere(where, policy, how)).played.episodes), textOf(one.episodes));
    }
    await Promise.all([decoder.dispose(), blank.dispose()]);
  });

  it("makes what is one's own again from its module: an environment, a reward, a policy", async () => {
    const how = { episodes: 4, seed: 9 };
    const [other, brevity, drawing] = [
      await workers.module<SurvivalEnv>(own, "makeEnv", { maxSteps: 3 }),
      await workers.module<() => number>(own, "brevity"),
      await workers.module<Policy>(own, "drawing"),
    ];
    const pairs: [Environment, Policy][] = [
      [other, drawing],
      [env({ rewards: [brevity, rewards.survival, { name: "half", weight: 0.5, score: brevity }] }), drawing],
    ];
    for (const [where, policy] of pairs) {
      const one = await rollout(where, policy, how);
      assert.equal(textOf((await elsewhere(where, policy, how)).played.episodes), textOf(one.episodes));
    }
  });

  it("plays lives in another body, named by the environment or by its sandbox", async () => {
    const inPython = await createSandbox({ body: python, workers: 1 });
    try {
      const drawing = await workers.module<Policy>(own, "drawing");
      for (const options of [{ body: "python", sandbox: inPython }, { sandbox: inPython }] as const) {
        const how = { episodes: 4, seed: 3 };
        const one = await rollout(env(options), drawing, how);
        assert.equal(one.episodes[0]!.start.body?.name, "python");
        assert.equal(textOf((await elsewhere(env(options), drawing, how)).played.episodes), textOf(one.episodes));
      }
    } finally {
      await inPython.dispose();
    }
  });

  it("goes on where it was left: parts that are there are not played again, and a batch finds its own", async () => {
    const path = folder();
    const stop = new AbortController();
    const on = workers.folder(path, { parts: 4, pollMs: 5 });
    const how = { episodes: 8, seed: 1 };
    const first = rollout(env(), editMenu(), { ...how, on, signal: stop.signal });
    await until(() => existsSync(join(path, "spec.json")));
    const lines: string[] = [];
    const onLine = (line: string) => void lines.push(line.replace(/ in .*/, ""));
    await playParts(join(path, "spec.json"), { ...player, part: 3, onLine });
    stop.abort(new Error("stopped"));
    await assert.rejects(first, { message: "stopped" });
    const { line } = await on.status();
    const array = "sbatch --array=0-3 --wrap 'npx autoagent play";
    assert.ok(line.startsWith(`1 of 4 parts are there: ${array} ${path}/spec.json --part $SLURM_ARRAY_TASK_ID'`), line);
    const [again] = await Promise.all([rollout(env(), editMenu(), { ...how, on }), playAll(path, { onLine })]);
    assert.deepEqual(lines, [
      "part 3 (episodes 6 to 7)",
      "part 3 is there",
      ...[0, 1, 2].map((part) => `part ${part} (episodes ${2 * part} to ${2 * part + 1})`),
    ]);
    assert.equal(textOf(again.episodes), textOf((await rollout(env(), editMenu(), how)).episodes));
    assert.equal(textOf((await rollout(env(), editMenu(), { ...how, on })).episodes), textOf(again.episodes));
  });

  it("is cut into as many parts as it may be, and no more", async () => {
    for (const [episodes, most, parts] of [
      [6, 4, 3],
      [9, 4, 3],
      [8, 4, 4],
      [3, 64, 3],
      [65, 64, 33],
    ] as const) {
      const path = folder();
      const on = workers.folder(path, { parts: most, pollMs: 5 });
      const stop = new AbortController();
      const going = rollout(env(), editMenu(), { episodes, on, signal: stop.signal }).catch(() => null);
      try {
        await until(() => existsSync(join(path, "spec.json")));
        assert.deepEqual((await on.status()).rows, [{ parts, there: 0, failed: 0, "waited for": parts }]);
      } finally {
        stop.abort();
        await going;
      }
    }
  });

  it("is played by the command, in two processes", async () => {
    const path = folder();
    const on = workers.folder(path, { parts: 2, pollMs: 20 });
    const how = { episodes: 6, seed: 4, group: 3 };
    const going = rollout(env(), editMenu(), { ...how, on });
    await until(() => existsSync(join(path, "spec.json")));
    const play = (part: number) => {
      const own = ["play", join(path, "spec.json"), "--part", String(part), "--children", "1", "--minimum-level", "0"];
      return promisify(execFile)(process.execPath, [launcher, ...own]);
    };
    const said = await Promise.all([play(0), play(1)]);
    for (const [part, { stdout }] of said.entries())
      assert.match(stdout, new RegExp(`^part ${part} \\(episodes ${3 * part} to ${3 * part + 2}\\) in [\\d.]+ s\\n$`));
    assert.equal(textOf((await going).episodes), textOf((await rollout(env(), editMenu(), how)).episodes));
    await assert.rejects(playParts(join(path, "spec.json"), { ...player, part: 2 }), {
      message: "There is no part 2: there are 2, from 0 to 1",
    });
    for (const [part, of, lines] of [
      [0, 1, ["part 0 is there", "part 1 is there"]],
      [1, 1, ["part 1 is there"]],
      [0, 2, ["part 0 is there"]],
      [1, 4, ["part 1 is there"]],
      [2, 4, ["there is no part 2: there are 2"]],
      [5, 4, ["there is no part 5: there are 2"]],
    ] as const) {
      const told: string[] = [];
      const onLine = (line: string) => void told.push(line);
      const done = await playParts(join(path, "spec.json"), { ...player, part, of, onLine });
      assert.deepEqual([done, told], [{ played: 0, differing: 0 }, lines], `part ${part} of ${of}`);
    }
  });

  it("plays an evaluation: all its batches are in one index", async () => {
    const path = folder();
    const on = workers.folder(path, { parts: 1, pollMs: 5 });
    const how = { env: env(), episodes: 6, batch: 3, progress: false } as const;
    const policies = { menu: editMenu(), random: randomPolicy() };
    const here = await evaluate(policies, how);
    const going = evaluate(policies, { ...how, on });
    await until(async () => (await on.status()).line.startsWith("0 of 4"));
    await playAll(path);
    const there = await going;
    const again = await playParts(join(path, "spec.json"), { ...player, part: 0, of: 1 });
    assert.deepEqual(again, { played: 0, differing: 0 }, "all are there, and nobody is to be told so");
    const played = (one: typeof here) => Object.values(one.episodes.episodes!).map(textOf);
    assert.deepEqual(played(there), played(here));
    assert.deepEqual(there.sentences, here.sentences);
  });
});

describe("what cannot be sent through a folder", () => {
  const path = join(tmpdir(), `workers-none-${process.pid}`);
  after(() => rmSync(path, { recursive: true, force: true }));
  const on = workers.folder(path);
  const env = new SurvivalEnv();
  const cure =
    'Make it in a file of its own, by `await workers.module("./own.ts", "name of the export", ...arguments)`';
  const refuse = async (where: Environment, policy: Parameters<typeof rollout>[1], what: string, why: string) =>
    assert.rejects(rollout(where, policy, { episodes: 2, on }), {
      name: "WorkersFailure",
      message: `${what} cannot be sent to workers: ${why}. ${cure}`,
    });

  it("is named: a function as a policy, a reward, an environment of one's own class, a task with a function", async () => {
    const functions = "functions do not travel";
    const why = `it is a function or an object of your own, and ${functions}`;
    await refuse(env, () => "self.x = 1", "The policy a function", why);
    const mine = new SurvivalEnv({
      rewards: [
        function mine() {
          return 1;
        },
      ],
    });
    await refuse(mine, editMenu(), "The reward mine", `it is a function of your own, and ${functions}`);
    class Own extends SurvivalEnv {}
    const plain = `only SurvivalEnv and ShutdownEnv are plain data, and ${functions}`;
    await refuse(new Own(), editMenu(), "The environment Own", plain);
    const task = { id: "t", ask: "do", score: () => 1 };
    const holds = "it holds what is no plain data (Expected `it.score` to be plain data, got the function score)";
    await refuse(new SurvivalEnv({ tasks: [task] }), editMenu(), "The task t", holds);
    const { plan: _, ...planless } = editMenu();
    await assert.rejects(rollout(env, planless, { episodes: 2, on }), {
      message:
        "The policy edit menu cannot be sent to workers: it learns, and has no `plan()` that tells its weights. Give it one, or train a policy of the library's, such as `policies.editMenu()`",
    });
    assert.ok(!existsSync(path), "nothing was written");
  });

  it("is a training: each update needs the weights of the one before", async () => {
    await assert.rejects(train({ env, policy: editMenu(), updates: 1, on }).run(), {
      message: `Training cannot go through the folder ${path}: each update needs the weights of the one before. Use \`workers.redis(url)\``,
    });
  });
});

describe("what a player of parts refuses", () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "workers-refused-"));
  });
  after(() => rmSync(root, { recursive: true, force: true }));
  const player = { part: 0, children: 1, minimumLevel: 0, modules: null } as const;

  /** A batch of one part in a folder of its own; the driver's rejection, and what the player said. */
  async function fail(policy: Policy, name: string, options: Partial<Parameters<typeof playParts>[1]> = {}) {
    const path = join(root, name);
    const index = join(path, "spec.json");
    const on = workers.folder(path, { parts: 1, pollMs: 5 });
    const driver = rollout(new SurvivalEnv({ maxSteps: 2 }), policy, { episodes: 2, on }).catch(
      (error: Error) => error,
    );
    await until(() => existsSync(index));
    await assert.rejects(playParts(index, { ...player, ...options }));
    return ((await driver) as Error).message;
  }

  it("a module, where it was given no folder, one beside that, or where the file differs: the driver is told", async () => {
    const path = join(root, "mine.ts");
    writeFileSync(path, readFileSync(own, "utf8").replaceAll("../../src", join(import.meta.dirname, "../../src")));
    const policy = await workers.module<Policy>(path, "drawing");
    const told = (why: string) =>
      new RegExp(
        `^Part 0 \\(episodes 0 to 1\\) failed on \\S+: The module ${path} ${why}. It can be played here: leave out \`on\`, with first: 0, episodes: 2$`,
      );
    assert.match(await fail(policy, "none"), told("is not loaded: this worker was started without --modules FOLDER"));
    const modules = import.meta.dirname;
    assert.match(
      await fail(policy, "beside", { modules }),
      told(`is not loaded: it lies outside of --modules ${modules}`),
    );
    appendFileSync(path, "\n// changed\n");
    const differs = `differs from the driver's: give ${path} the same content as it has there`;
    assert.match(await fail(policy, "changed", { modules: root }), told(differs));
  });

  it("a part that failed before, no longer: while it is played again nothing says that it failed", async () => {
    const path = join(root, "late.ts");
    const failure = join(root, "again/parts/0.failed.json");
    writeFileSync(
      path,
      `import { existsSync } from "node:fs";
      import { drawing } from ${JSON.stringify(own)};
      export function unlessFailed(failure: string) {
        if (existsSync(failure)) throw new Error("it failed");
        return drawing;
      }`,
    );
    const policy = await workers.module<Policy>(path, "unlessFailed", failure);
    const refused = /this worker was started without --modules FOLDER/;
    assert.match(await fail(policy, "again"), refused);
    await assert.rejects(
      playParts(join(root, "again/spec.json"), player),
      { message: refused },
      "once more, as before",
    );
    assert.ok(existsSync(failure));
    await playParts(join(root, "again/spec.json"), { ...player, modules: root });
    const on = workers.folder(join(root, "again"), { parts: 1 });
    const { episodes } = await rollout(new SurvivalEnv({ maxSteps: 2 }), policy, { episodes: 2, on });
    assert.equal(episodes.length, 2);
  });

  it("an index of another build, and what is none", async () => {
    const path = join(root, "spec.json");
    writeFileSync(path, JSON.stringify({ format: "autoagent-lab parts", version: 1, build: "00000000", batches: [] }));
    await assert.rejects(playParts(path, player), (error: Error) => {
      assert.match(
        error.message,
        /^\S+spec.json is of the build 00000000, and this is [0-9a-f]{8}: use the same version of autoagent-lab, Node and processor on both sides$/,
      );
      return true;
    });
    for (const none of ["[]", "null", "{}"]) {
      writeFileSync(path, none);
      await assert.rejects(playParts(path, player), {
        message: `${path} is no index of parts (its format is undefined undefined): give the spec.json of a folder that \`workers.folder()\` wrote`,
      });
    }
  });

  it("a content that was changed on the way", async () => {
    const path = join(root, "damaged");
    const on = workers.folder(path, { parts: 1, pollMs: 5 });
    const driver = rollout(new SurvivalEnv(), editMenu(), { episodes: 2, on }).catch((error: Error) => error);
    const index = join(path, "spec.json");
    await until(() => existsSync(index));
    const [{ spec, weights }] = JSON.parse(readFileSync(index, "utf8")).batches;
    const content = (name: string) => join(path, "contents", `${name}.zst`);
    writeFileSync(content(weights), readFileSync(content(spec)));
    await assert.rejects(playParts(index, player), { name: "WorkersFailure" });
    assert.match(
      ((await driver) as Error).message,
      new RegExp(`What is called ${content(weights)} has another content \\(${spec}\\): it was changed or damaged`),
    );
  });
});
