import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { metricTable } from "../../src/episode/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { type Checkpoint, logTo, metricsOf, type TrainOptions, train, type Update } from "../../src/training/index.ts";
import { crc32c } from "../../src/training/log.ts";
import { testPython } from "../support.ts";
import { menu, nameEnv } from "./fixtures.ts";

describe("the logs of a run", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "log-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("are JSON lines that a resumed run goes on with, and event files that the real TensorBoard reads", async function () {
    const jsonl = join(folder, "deep", "run.jsonl");
    const tensorboard = join(folder, "events");
    const updates: Update[] = [];
    const policy = editMenu(menu);
    for (const seed of [1, 2]) {
      const onUpdate = logTo({ jsonl, tensorboard });
      for await (const update of train({ env: nameEnv(), policy, updates: 3, episodes: 6, seed, onUpdate }))
        if (seed === 1) updates.push(update);
    }
    policy.dispose();
    const lines = readFileSync(jsonl, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { [key: string]: number });
    assert.deepEqual(
      lines.map(({ update }) => update),
      [0, 1, 2, 0, 1, 2],
    );
    for (const [i, update] of updates.entries())
      for (const [name, value] of Object.entries(metricsOf(update))) assert.equal(lines[i]![name], value, name);
    for (const update of updates) {
      const { tokens, seconds } = update;
      const speed = metricsOf(update)["speed/tokens_per_second"];
      assert.equal(speed, tokens.drawn / (seconds.rollout + seconds.update));
    }
    const files = readdirSync(tensorboard);
    assert.ok(files.length >= 1 && files.every((name) => name.startsWith("events.out.tfevents.")), files.join());
    const read = `
import json, sys
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
out = []
for path in sys.argv[1:]:
    for event in EventFileLoader(path).Load():
        for v in event.summary.value:
            out.append([event.step, v.tag, v.tensor.float_val[0] if v.HasField("tensor") else v.simple_value])
json.dump(out, sys.stdout)`;
    const done = spawnSync(testPython(this), ["-c", read, ...files.map((name) => join(tensorboard, name))], {
      encoding: "utf8",
    });
    assert.equal(done.status, 0, done.stderr);
    const events = JSON.parse(done.stdout) as [number, string, number][];
    for (const update of updates)
      for (const [name, value] of Object.entries(metricsOf(update))) {
        if (value === null) continue;
        const found = events.find(([step, tag]) => step === update.update && tag === name);
        assert.ok(found, name);
        assert.ok(
          Math.abs(found[2] - Math.fround(value)) <= 1e-6 * Math.max(1, Math.abs(value)),
          `${name}: ${found[2]}, ${value}`,
        );
      }
  });

  it("have each update once when a run goes on from an earlier checkpoint, and leave other runs alone", async function () {
    const jsonl = join(folder, "on.jsonl");
    const tensorboard = join(folder, "on");
    const policy = editMenu(menu);
    const checkpoints: Checkpoint[] = [];
    const learn = async (options: Partial<TrainOptions>): Promise<void> => {
      const onUpdate = logTo({ jsonl, ...(options.seed === undefined && { tensorboard }) });
      for await (const { checkpoint } of train({
        ...{ env: nameEnv(), policy, updates: 4, episodes: 6, seed: 1, onUpdate, ...options },
      }))
        checkpoints.push(await checkpoint());
    };
    await learn({ seed: 2, updates: 3 });
    checkpoints.length = 0;
    await learn({});
    appendFileSync(jsonl, '{"update":4,"tim');
    await learn({ resume: checkpoints[1]!, updates: 6 });
    policy.dispose();
    const lines = readFileSync(jsonl, "utf8").split("\n").slice(0, -1);
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { update: number }).update),
      [0, 1, 2, 0, 1, 2, 3, 4, 5],
    );
    const read = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
a = EventAccumulator(sys.argv[1])
a.Reload()
json.dump([e.step for e in a.Scalars("episode/return")], sys.stdout)`;
    const done = spawnSync(testPython(this), ["-c", read, tensorboard], { encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual(JSON.parse(done.stdout), [0, 1, 2, 3, 4, 5]);
  });

  it("have a line in docs/metrics.md for every name", async () => {
    const policy = editMenu(menu);
    const validate = { env: { own: nameEnv() }, episodes: 2 };
    const how = {
      env: nameEnv(),
      policy,
      updates: 2,
      episodes: 3,
      stale: 1,
      validate: { ...validate, every: 1 },
    } as const;
    const [, update] = await Array.fromAsync(train(how));
    policy.dispose();
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/metrics.md"), "utf8");
    const [text] = page.split("\n## Code tasks") as [string]; // what evaluations of code tell is in no log
    const told = [...text.matchAll(/^\| `([^`]+)`\s*\|/gm)].map(([, name]) => name!);
    const written = Object.keys(metricsOf(update!)).map((name) => name.replace(/^(reward|validation)\/.*/, "$1/NAME"));
    assert.deepEqual([...new Set(written)].sort(), [...told].sort());
    const rows = new Map(
      [...text.matchAll(/^\| `([^`]+)` *\| (.*?) *\| (.*?) *\|$/gm)].map(([, ...row]) => [row[0]!, row.slice(1)]),
    );
    for (const [name, { formula, unit }] of metricTable())
      assert.deepEqual(
        rows.get(`episode/${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`),
        [formula, unit],
        name,
      );
  });

  it("refuse to begin where nothing is asked for, or where nothing can be written", () => {
    assert.throws(() => logTo({}), { message: "Expected `jsonl` or `tensorboard` to be a path, got neither" });
    writeFileSync(join(folder, "file"), "");
    assert.throws(() => logTo({ jsonl: join(folder, "file", "run.jsonl") }), /ENOTDIR|EEXIST/);
  });

  it("have the checksum of RFC 3720", () => {
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
    assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  });
});
