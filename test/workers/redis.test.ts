/**
 * Rollouts, trainings and evaluations through a queue: a real redis-server and two workers in processes of their own. What
 * comes of them is what comes of one process, to the byte, whatever is broken on the way. More faults, and more of each:
 * `npm run stress:workers`.
 */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelPolicy, writtenBy } from "../../src/agent/index.ts";
import { type EvaluateCodeOptions, evaluateCode } from "../../src/coding/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import { models } from "../../src/llm/index.ts";
import { randomModel } from "../../src/model/index.ts";
import { editMenu, type Policy, policies, randomPolicy, type TokenPolicy, tf } from "../../src/policy/index.ts";
import { type RolloutOptions, rollout } from "../../src/rollout/index.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { serve } from "../../src/serve/model/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { type StudyRun, study, type TrainOptions, train, type Update } from "../../src/training/index.ts";
import { type WorkersStatus, workers } from "../../src/workers/index.ts";
import { problems } from "../coding/contestants.ts";
import { leaveOut } from "../support.ts";
import { until } from "../waiting.ts";
import { entriesOf, textOf } from "./equal.ts";
import { missingRedis, type RedisServer, startRedis, startWorker, type WorkerProcess } from "./redis-server.ts";

describe("workers on a queue", () => {
  let redis: RedisServer;
  let sandbox: Sandbox;
  let folder: string;
  let up: WorkerProcess[] = [];
  before(async function () {
    const missing = missingRedis();
    if (missing !== null) leaveOut(this, missing);
    folder = mkdtempSync(join(tmpdir(), "workers-redis-"));
    redis = await startRedis();
    up = await Promise.all([startWorker(redis.url, "--lock-ms", "1500"), startWorker(redis.url, "--lock-ms", "1500")]);
    sandbox = await createSandbox({ workers: 1 });
  });
  after(async () => {
    await Promise.all(up.map((worker) => worker.end("SIGKILL")));
    await redis?.close();
    await sandbox?.dispose();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const env = () => new SurvivalEnv({ sandbox, maxSteps: 8 });
  const here = (options: RolloutOptions) => rollout(env(), editMenu(), options);
  const there = (options: RolloutOptions, on = workers.redis(redis.url)) =>
    rollout(env(), editMenu(), { ...options, on });

  it("give the episodes and the record of one process, and leave nothing in the queue", async () => {
    const [one, other] = [join(folder, "one.sqlite"), join(folder, "other.sqlite")];
    const how = { episodes: 60, group: 4, seed: 5 };
    const [alone, played] = [
      await here({ ...how, record: one, concurrency: 1 }),
      await there({ ...how, record: other }),
    ];
    assert.equal(textOf(played.episodes), textOf(alone.episodes));
    assert.deepEqual(entriesOf(other), entriesOf(one));
    const left = redis.cli("keys", "autoagent:*").split("\n");
    assert.deepEqual(
      left.filter((key) => /:(result|content|stop):/.test(key)),
      [],
    );
  });

  it("say who is up: names, hosts, levels, lives", async () => {
    const on = workers.redis(redis.url);
    await there({ episodes: 24, seed: 1 }, on);
    const { line, rows } = await on.status();
    assert.match(line, /^2 workers up, \d+ lives\/s \(\d+, \d+\)$/);
    assert.deepEqual(rows.map(({ worker }) => worker).sort(), up.map(({ name }) => name).sort());
    assert.ok(rows.every(({ level, children }) => Number(level) >= 0 && children === 1));
    const foreign = {
      name: "elsewhere",
      host: "h",
      pid: 1,
      build: "another",
      level: 3,
      children: 9,
      lives: 9,
      rate: 9,
    };
    redis.cli("set", "autoagent:worker:elsewhere", JSON.stringify({ ...foreign, memory: 9 }), "EX", "60");
    const beside = await on.status();
    assert.match(beside.line, /^2 workers up, \d+ lives\/s \(\d+, \d+\), 1 of another build$/);
    assert.equal(beside.rows.length, 2);
    redis.cli("del", "autoagent:worker:elsewhere");
    // Workers tell once a second what they have played.
    const played = async () => (await on.status()).rows.reduce((sum, { lives }) => sum + Number(lives), 0);
    await until(async () => (await played()) >= 24);
    assert.ok((await played()) >= 24, `${await played()} lives`);
  });

  /** What a training gives, update by update, and the bytes of its last checkpoint. */
  async function trained(options: TrainOptions, name: string) {
    const [save, record] = [join(folder, `${name}.safetensors`), join(folder, `${name}.sqlite`)];
    const updates: unknown[] = [];
    const figures = ({ loss, gradientNorm, kl, policyEntropy, survival, episodes }: Update) => [
      loss,
      gradientNorm,
      kl,
      policyEntropy,
      survival,
      textOf(episodes),
    ];
    for await (const update of train({ ...options, save, record })) updates.push(figures(update));
    return { updates, entries: entriesOf(record), weights: weightsIn(save) };
  }

  /** All of a checkpoint but its header, which names the record's last hash: that holds the clock's figures. */
  function weightsIn(path: string): string {
    const bytes = readFileSync(path);
    return bytes.subarray(8 + Number(bytes.readBigUInt64LE(0))).toString("base64");
  }

  /** Trains once more from where both policies are, gradients as sums of parts: here in one go, over workers with a break. */
  async function sumsAlike(
    how: Omit<TrainOptions, "policy">,
    [one, other]: readonly [TokenPolicy, TokenPolicy],
    name: string,
    whole: string,
  ) {
    const parts = {
      ...how,
      gradients: { part: how.group! },
      klCoef: 0.02,
      entropyBonus: 0.01,
      lrSchedule: "none",
    } as const;
    const alone = await trained({ ...parts, policy: one }, `${name}-sums`);
    const on = workers.redis(redis.url);
    const first = await trained({ ...parts, policy: other, updates: 1, on }, `${name}-sums-over`);
    const resume = join(folder, `${name}-sums-over.safetensors`);
    const rest = await trained({ ...parts, policy: other, resume, on }, `${name}-sums-over`);
    assert.deepEqual([...first.updates, ...rest.updates], alone.updates);
    assert.deepEqual([rest.entries, rest.weights], [alone.entries, alone.weights]);
    assert.notEqual(alone.weights, whole);
  }

  it("train a menu as one process does: each update, the record, the weights; also by sums of parts, and one update old", async () => {
    const how = { episodes: 16, group: 4, updates: 4, seed: 3 };
    const alone = await trained({ ...how, env: env(), policy: editMenu() }, "alone");
    const on = workers.redis(redis.url);
    assert.deepEqual(await trained({ ...how, env: env(), policy: editMenu(), on }, "over"), alone);
    const parts = { ...how, env: env(), gradients: { part: 4 }, klCoef: 0.1 };
    const summed = await trained({ ...parts, policy: editMenu() }, "sums");
    assert.deepEqual(await trained({ ...parts, policy: editMenu(), on }, "sums-over"), summed);
    const stale = { ...how, env: env(), stale: 1 } as const;
    const old = await trained({ ...stale, policy: editMenu() }, "stale");
    assert.deepEqual(await trained({ ...stale, policy: editMenu(), on }, "stale-over"), old);
  });

  it("play a study, whose file may go on without them", async () => {
    const file = join(folder, "study.jsonl");
    const variants = { ours: { updates: 2, episodes: 8, group: 4 } };
    const how = { env: env(), makePolicy: () => editMenu(), variants, seeds: [1], evaluationEpisodes: 8 };
    const [alone] = (await study(how)).runs;
    const [over] = (await study({ ...how, file, on: workers.redis(redis.url) })).runs;
    const told = ({ policy: _, ...run }: StudyRun) => run;
    assert.deepEqual(told(over!), told(alone!));
    const [again] = (await study({ ...how, file })).runs;
    assert.deepEqual(told(again!), told(alone!));
  });

  it("train and evaluate a token policy the same: traces come back, weights go out once an update", async () => {
    const tasks = (await microTasks({ split: "training" })).slice(0, 8);
    const where = new SurvivalEnv({ sandbox, maxSteps: 3, tasks });
    const open = () => policies.fromPretrained("tiny", { samples: 16, seed: 2 });
    const how = { env: where, episodes: 8, group: 4, updates: 2, seed: 1 };
    const [one, other] = [await open(), await open()];
    const alone = await trained({ ...how, policy: one }, "head-alone");
    const on = workers.redis(redis.url);
    assert.deepEqual(await trained({ ...how, policy: other, on }, "head-over"), alone);
    await sumsAlike(how, [one, other], "head", alone.weights);
    const compared = { env: where, episodes: 6, batch: 3, progress: false } as const;
    const both = (policy: typeof one) => ({ pretrained: policy.pretrained({ temperature: 0.8 }), trained: policy });
    const [result, again] = [await evaluate(both(one), compared), await evaluate(both(other), { ...compared, on })];
    const played = ({ episodes }: typeof result) => Object.values(episodes.episodes!).map(textOf);
    assert.deepEqual(played(again), played(result));
    assert.deepEqual(again.sentences, result.sentences);
    await Promise.all([one, other].map((policy) => policy.decoder.dispose()));
  });

  it("train an adapter the same: what the update needs of the model is read where the update is", async () => {
    const tasks = (await microTasks({ split: "training" })).slice(0, 4);
    const where = new SurvivalEnv({ sandbox, maxSteps: 1, tasks });
    const open = () => policies.fromPretrained("tiny", { adapter: { blocks: 1, rank: 4 }, seed: 2 });
    const how = { env: where, episodes: 4, group: 2, updates: 2, seed: 1 };
    const [one, other] = [await open(), await open()];
    const alone = await trained({ ...how, policy: one }, "adapter-alone");
    const on = workers.redis(redis.url, { part: 2 });
    assert.deepEqual(await trained({ ...how, policy: other, on }, "adapter-over"), alone);
    await sumsAlike(how, [one, other], "adapter", alone.weights);
    const after = (policy: typeof one, more: object) =>
      rollout(where, policy.frozen({ temperature: 0.7 }), { episodes: 4, ...more });
    assert.equal(textOf((await after(other, { on })).episodes), textOf((await after(one, {})).episodes));
    await Promise.all([one, other].map((policy) => policy.decoder.dispose()));
  });

  it("let a server write: for a rollout by its name, and for a policy that learns, whose traces come back", async () => {
    const open = () => policies.fromPretrained("tiny", { samples: 16, seed: 2 });
    const [one, other] = [await open(), await open()];
    const server = await serve(one.decoder, { name: "tiny", port: 0, prompt: one.prompt });
    try {
      const model = models.openai({
        model: "tiny",
        baseURL: server.url,
        maxTokens: 24,
        apiKey: "a secret",
        tokenIds: true,
      });
      const [on, how] = [workers.redis(redis.url, { part: 2 }), { episodes: 4, seed: 3 }];
      const where = new SurvivalEnv({ sandbox, maxSteps: 2, tasks: (await microTasks()).slice(0, 4) });
      const told = modelPolicy(model, { logProbs: true });
      const played = await rollout(where, told, { ...how, on });
      assert.equal(textOf(played.episodes), textOf((await rollout(where, told, how)).episodes));
      assert.ok(played.episodes.every(({ steps }) => steps.every(({ action }) => action.logProb < 0)));
      assert.doesNotMatch(JSON.stringify(await told.plan!()), /secret/);
      const sync = async (policy: typeof one) => server.steer(await policy.steering());
      const trains = { env: where, episodes: 4, group: 2, updates: 2, seed: 1 };
      const alone = await trained({ ...trains, policy: writtenBy(one, model, { sync }) }, "written-alone");
      assert.deepEqual(
        await trained({ ...trains, policy: writtenBy(other, model, { sync }), on }, "written-over"),
        alone,
      );
    } finally {
      await server.close();
      await Promise.all([one, other].map((policy) => policy.decoder.dispose()));
    }
  });

  it("ask code tasks and run the programs: answers, scores and figures are those of one process, stopped or not", async () => {
    const policy = await policies.fromPretrained("tiny", { samples: 16, seed: 2 });
    const { config, tokenizer } = policy.decoder;
    const blank = await randomModel({ ...config, layers: 1 }, tokenizer, { seed: 1, threads: 1 });
    const contestants = { random: models.local(blank), trained: policy };
    const bias = policy.variables.at(-1)!;
    bias.assign(tf.randomNormal(bias.shape, 0, 3, "float32", 7)); // a head that has learned something
    const files = (name: string) =>
      ["", ".scores"].map((kind) => readFileSync(join(folder, `${name}${kind}.jsonl`), "utf8"));
    const run = async (name: string, more: Partial<EvaluateCodeOptions> = {}) => {
      const how = { problems: problems.slice(1, 3), batch: 1, tasks: ["completion", "summary"] as const };
      const file = join(folder, `${name}.jsonl`);
      const code = await evaluateCode(contestants, { ...how, file, quality: false, progress: false, ...more });
      const figures = Object.values(code.results).map(({ tasks, runs }) => ({ tasks, runs }));
      return { figures, files: files(name) };
    };
    const alone = await run("code-alone", { sandboxes: { javascript: sandbox } });
    const on = workers.redis(redis.url);
    assert.deepEqual(await run("code-over", { on }), alone);
    assert.ok(alone.files[0]!.split("\n").length > 12, "answers of both");
    const stop = new AbortController();
    const reason = new Error("the stop button");
    let told = 0;
    const onProgress = () => void (++told === 3 && stop.abort(reason));
    await assert.rejects(run("code-stopped", { on, signal: stop.signal, onProgress }), reason);
    const [begun] = files("code-stopped");
    assert.ok(alone.files[0]!.startsWith(begun!) && begun!.split("\n").length > 3);
    assert.deepEqual(await run("code-stopped", { on }), alone);
    await Promise.all([policy.decoder.dispose(), blank.dispose()]);
  });

  it("lose nothing when a worker is killed, nor when Redis forgets everything", async () => {
    const how = { episodes: 160, group: 4, seed: 11 };
    const alone = textOf((await here(how)).episodes);
    let heard = 0;
    const going = there({
      ...how,
      onEpisode: () => {
        if (++heard === 20) void up.shift()!.end("SIGKILL");
        if (heard === 60) redis.cli("flushall");
      },
    });
    assert.equal(textOf((await going).episodes), alone);
    assert.equal(heard, 160);
    up.push(await startWorker(redis.url, "--lock-ms", "1500"));
  });

  it("stop at once when the driver does, and play the next", async () => {
    const stop = new AbortController();
    const on = workers.redis(redis.url);
    const reason = new Error("the stop button");
    const long = there({ episodes: 4000, seed: 2, signal: stop.signal, onEpisode: () => stop.abort(reason) }, on);
    await assert.rejects(long, reason);
    const how = { episodes: 8, seed: 4 };
    assert.equal(textOf((await there(how, on)).episodes), textOf((await here(how)).episodes));
  });

  it("show in a notebook how it stands: in one place, each second, for as long as it plays", async () => {
    const scope = globalThis as { display?: unknown };
    const stop = new AbortController();
    const reason = new Error("seen enough");
    const shown: WorkersStatus[] = [];
    const show = async (value: unknown): Promise<void> => {
      if (shown.push(value as WorkersStatus) === 2) stop.abort(reason);
    };
    let places = 0;
    scope.display = async (value: unknown) => {
      places++;
      await show(value);
      return { update: show };
    };
    try {
      await assert.rejects(there({ episodes: 100_000, seed: 9, signal: stop.signal }), reason);
    } finally {
      delete scope.display;
    }
    assert.deepEqual([places, shown.length], [1, 2]);
    for (const { line, rows } of shown) {
      assert.match(line, /^2 workers up, \d+ lives\/s \(\d+, \d+\), \d+ parts out, oldest \d+ s, \d+ waiting/);
      assert.equal(rows.length, 2);
    }
  });

  it("may serve two at once, also with the same parts", async () => {
    const how = { episodes: 40, group: 4, seed: 6 };
    const random = rollout(env(), randomPolicy(), { ...how, on: workers.redis(redis.url, { window: 4, part: 4 }) });
    const all = await Promise.all([there(how), there(how), random]);
    const alone = textOf((await here(how)).episodes);
    assert.equal(textOf(all[0].episodes), alone);
    assert.equal(textOf(all[1].episodes), alone);
    assert.equal(textOf(all[2].episodes), textOf((await rollout(env(), randomPolicy(), how)).episodes));
  });

  it("say which part failed, where and why, and how to play it here", async () => {
    const drawing = await workers.module<Policy>(join(import.meta.dirname, "own.ts"), "drawing");
    const failing = rollout(env(), drawing, { episodes: 4, group: 2, on: workers.redis(redis.url, { part: 4 }) });
    await assert.rejects(failing, (error: Error) => {
      assert.match(
        error.message,
        /^Part 0 \(episodes 0 to 3\) failed on \S+: The module \S+own.ts is not loaded: this worker was started without --modules FOLDER. It can be played here: leave out `on`, with first: 0, episodes: 4$/,
      );
      return error.name === "WorkersFailure";
    });
  });

  it("are missed by name: no worker, no queue, a wrong password, an address that is none", async () => {
    await Promise.all(up.map((worker) => worker.end()));
    up = [];
    assert.equal(redis.cli("keys", "autoagent:worker:*"), "", "whoever ends says so");
    const shown = redis.url.replace(encodeURIComponent(redis.password), "…");
    const none = workers.redis(redis.url, { patience: 1 });
    assert.equal((await none.status()).line, `no worker is up: start one by \`npx autoagent worker --redis ${shown}\``);
    await assert.rejects(there({ episodes: 4 }, none), {
      message: `No worker is up: start one by \`npx autoagent worker --redis ${shown}\``,
    });
    const cure = "Check the address, the name and the password, and that Redis or Valkey runs there";
    const refused = async (url: string, told: string, why: string) =>
      assert.rejects(there({ episodes: 4 }, workers.redis(url)), {
        name: "WorkersFailure",
        message: `The queue at ${told} cannot be used: ${why}. ${cure}`,
      });
    const at = `127.0.0.1:${redis.port}`;
    await refused(`redis://:wrong@${at}`, `redis://:…@${at}`, "the name or the password is wrong");
    await refused(`redis://${at}`, `redis://${at}`, "the name or the password is wrong");
    await refused("redis://127.0.0.1:1", "redis://127.0.0.1:1", "nothing answers there");
    await refused("http://127.0.0.1", "http://127.0.0.1", "it is no redis:// or rediss:// address");
  });
});
