/** What a run leaves behind, its record and its logs, is the same whether it was killed on the way or not. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import type { Episode } from "../../src/episode/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { exportRows, openRecord, replay } from "../../src/record/index.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { type Checkpoint, readCheckpoint, type TrainOptions, train } from "../../src/training/index.ts";
import { testPython } from "../support.ts";
import { nameEnv } from "./fixtures.ts";
import { episodesAnUpdate as episodes, linesOf, livesOf, runRecorded, timeless } from "./recorded-run.ts";

const updates = 10;

describe("a run that is killed with kill -9 at random instants, and goes on each time", () => {
  let folder: string;
  let straight: string;
  let killed: string;
  let ends: (string | undefined)[];
  const instants: number[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "recorder-"));
    straight = join(folder, "straight");
    killed = join(folder, "killed");
    for (const one of [straight, killed]) mkdirSync(one);
    const began = performance.now();
    const whole = await runRecorded(straight, updates);
    const each = (performance.now() - began) / 4;
    const random = createRandom(4, "kills");
    for (let i = 0; i < 4; i++) {
      instants.push(Math.round(random.uniform() * each));
      const out = await runRecorded(killed, updates, instants.at(-1));
      // As a kill in the middle of a write leaves it.
      if (i === 1) appendFileSync(join(killed, "run.jsonl"), '{"update":3,"ti');
      if (out.length > updates) break;
    }
    ends = [whole.at(-1), (await runRecorded(killed, updates)).at(-1)];
  });
  after(() => rmSync(folder, { recursive: true }));

  const after4 = () => `killed after ${instants.join(", ")} ms`;

  it("ends with the same weights", () => {
    assert.match(ends[0]!, /^\[/);
    assert.equal(ends[1], ends[0], after4());
  });

  it("has every life in its record once, in order, equal to a straight run's", async () => {
    using one = openRecord(join(straight, "run.record"), { readOnly: true });
    using other = openRecord(join(killed, "run.record"), { readOnly: true });
    const lives = livesOf(one);
    assert.equal(lives.length, updates * episodes);
    assert.deepEqual(
      lives.map(({ labels }) => labels.update),
      lives.map((_, i) => Math.floor(i / episodes)),
    );
    assert.deepEqual(livesOf(other), lives, after4());
    for (const [record, at] of [
      [one, straight],
      [other, killed],
    ] as const) {
      const { record: position } = await readCheckpoint(join(at, "run.safetensors"));
      assert.deepEqual(position, record.position());
      const found = record.verify({ head: position!.head });
      assert.deepEqual([found.ok, found.entries], [true, position!.entries]);
    }
  });

  it("has every update in its JSON lines once, in order, with a straight run's figures", () => {
    const lines = linesOf(killed);
    assert.deepEqual(
      lines.map(({ update }) => update),
      Array.from({ length: updates }, (_, i) => i),
      after4(),
    );
    assert.deepEqual(lines.map(timeless), linesOf(straight).map(timeless));
  });

  it("has every update once in what TensorBoard makes of its event files", function () {
    const read = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
a = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
a.Reload()
t = a.Tags()
tags = t["scalars"]
json.dump({tag: [[e.step, e.value] for e in a.Scalars(tag)] for tag in tags}, sys.stdout)`;
    const done = spawnSync(testPython(this), ["-c", read, join(killed, "events")], { encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    const courses = JSON.parse(done.stdout) as { [tag: string]: [number, number][] };
    const expected = linesOf(killed).map((line) => [line.update, Math.fround(line["episode/survival"] as number)]);
    assert.deepEqual(courses["episode/survival"], expected, after4());
    assert.ok(Object.keys(courses).length > 15);
  });
});

describe("the record of a run", () => {
  let folder: string;
  let sandbox: Sandbox;
  const path = (name: string) => join(folder, name);
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "recorder-"));
    sandbox = await createSandbox({ workers: 1 });
  });
  after(async () => {
    await sandbox.dispose();
    rmSync(folder, { recursive: true });
  });

  /** Trains, and gives the checkpoint after each update. */
  async function learn(
    options: Partial<TrainOptions>,
  ): Promise<{ checkpoints: Checkpoint[]; ids: number[][]; lives: Episode[] }> {
    const policy = editMenu();
    const checkpoints: Checkpoint[] = [];
    const ids: number[][] = [];
    const lives: Episode[] = [];
    const env = new SurvivalEnv({ maxSteps: 3, sandbox });
    for await (const update of train({ env, policy, episodes: 4, seed: 3, updates: 3, ...options })) {
      checkpoints.push(await update.checkpoint());
      ids.push(update.episodes.map(({ id }) => id!));
      lives.push(...update.episodes);
    }
    policy.dispose();
    return { checkpoints, ids, lives };
  }

  it("holds what a replay needs, rewards and draws of each step, and each episode knows its id", async () => {
    const { ids, lives } = await learn({ record: path("one.record") });
    assert.deepEqual(ids.flat(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    using record = openRecord(path("one.record"), { create: true });
    for (const { id, steps } of lives) {
      const { steps: list, start } = record.episode(id!);
      const { policy, seed, update } = start.labels!;
      assert.deepEqual([policy, seed, update], ["edit menu", 3, Math.floor((id! - 1) / 4)]);
      assert.deepEqual(
        list.map(({ program, action, rewards }) => [program, rewards, action]),
        steps.map(({ program, action, rewards }) => [program, rewards, action]),
      );
      const rows = [...exportRows(record)].filter(({ episode }) => episode === id);
      assert.deepEqual(
        rows.map((row) => [row.program, row.rewards, row.log_probs, row.token_ids, row.output_tokens]),
        steps.map(({ program, action, rewards }) => [program, rewards, [action.logProb], [action.choice], 1]),
      );
    }
    for (const id of [1, 7, 12]) assert.equal((await replay(record, id, sandbox)).agrees, true);
  });

  it("goes on from any earlier checkpoint without a life twice, beside what others append to it", async () => {
    const file = path("two.record");
    const { checkpoints, ids } = await learn({ record: file });
    {
      using record = openRecord(file, { create: true });
      record.end(record.begin());
    }
    const again = await learn({ record: file, resume: checkpoints[0]!, updates: 4 });
    assert.deepEqual(again.ids.slice(0, 2), ids.slice(1));
    assert.deepEqual(again.ids[2], [14, 15, 16, 17]);
    using record = openRecord(file, { create: true });
    assert.equal(record.episodes().length, 17);
    assert.equal(record.verify().ok, true);
  });

  it("has the lives of a run that goes on with other settings, beside those that it had with the former", async () => {
    const file = path("changed.record");
    const { checkpoints } = await learn({ record: file });
    const changed = { record: file, resume: checkpoints[0]!, resumeWith: "changed settings", learningRate: 5 } as const;
    const { ids, lives } = await learn(changed);
    // The second update's lives are those of before: what they are learned with comes after them.
    assert.deepEqual(ids, [
      [5, 6, 7, 8],
      [13, 14, 15, 16],
    ]);
    using record = openRecord(file, { create: true });
    for (const { id, steps } of lives)
      assert.deepEqual(
        record.episode(id!).steps.map(({ program }) => program),
        steps.map(({ program }) => program),
      );
  });

  it("is asked for when a recorded run goes on, and is refused when it is another", async () => {
    const { checkpoints } = await learn({ record: path("three.record"), updates: 1 });
    const { entries, head } = checkpoints[0]!.record!;
    const resume = checkpoints[0]!;
    await assert.rejects(learn({ resume, updates: 2 }), {
      name: "CheckpointFailure",
      message: `The checkpoint's run was recorded up to entry ${entries}: give \`record\` that file, or set \`record\` of the checkpoint to null to go on without`,
    });
    const other = path("other.record");
    await assert.rejects(learn({ resume, updates: 2, record: other }), {
      message: `The record ${other} is not the one that the checkpoint's run was recorded in: its entry ${entries} is not there, expected ${head}`,
    });
    await learn({ resume: { ...resume, record: null }, updates: 2 });
    await assert.rejects(learn({ env: nameEnv(), record: path("none.record") }), {
      message: "This environment has no sandbox whose episodes could be recorded: leave `record` out",
    });
    assert.equal(existsSync(path("none.record")), false, "and no empty record is left behind");
  });
});
