/** A sandbox that records, on a fake one: what is in the record and when, and what is not. And a record's defaults. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EpisodeRecord, openRecord, recording } from "../../src/record/index.ts";
import { openDatabase } from "../../src/record/schema.ts";
import type { Sandbox } from "../../src/sandbox/types.ts";
import { crash, fakeSandbox } from "../sandbox/fake.ts";

describe("a sandbox that records", () => {
  let record: EpisodeRecord;
  beforeEach(() => {
    record = openRecord(":memory:");
  });
  afterEach(() => record.close());

  it("has a step in the record before its report is given out, with its place, its labels and its limits", async () => {
    const { sandbox } = fakeSandbox();
    const inside = recording(sandbox, record, { labels: { a: 1, b: 2 }, limits: { stepMs: 70, outputBytes: 9 } });
    assert.deepEqual([inside.level, inside.levelReason, inside.record], [sandbox.level, sandbox.levelReason, record]);
    const life = await inside.open({ seed: 5, query: "q", labels: { b: 3 }, limits: { stepMs: 80 } });
    const report = await life.step("self.n = 0");
    const episode = record.episode(life.episode);
    assert.deepEqual(
      [episode.list.length, episode.list[0]!.program, episode.labels, episode.start.limits, episode.start.seed],
      [1, "self.n = 0", { a: 1, b: 3 }, { stepMs: 80, outputBytes: 9 }, 5],
    );
    assert.deepEqual([episode.start.query, episode.start.asks], ["q", false]);
    assert.deepEqual(inside.where(report), { episode: life.episode, step: 0 });
    assert.equal(inside.where({ ...report }), null);
  });

  it("lets one newborn live to know its genome, however many lives begin; a life with a genome needs none", async () => {
    const fake = fakeSandbox();
    const inside = recording(fake.sandbox, record);
    const genome = [{ name: "self.m", kind: "attribute", source: "1" }] as const;
    const own = await inside.open({ genome });
    assert.equal(fake.opened.length, 1);
    assert.deepEqual(record.episode(own.episode).start.born, genome);
    const [one, two] = [await inside.open(), await inside.open()];
    assert.equal(fake.opened.length, 4, "the newborn and two lives");
    assert.equal(fake.closed(), 1, "the newborn's life is over");
    for (const { episode } of [one, two])
      assert.deepEqual(record.episode(episode).start.born, [{ name: "self.n", kind: "attribute", source: "0" }]);
  });

  it("a trial is not recorded", async () => {
    const inside = recording(fakeSandbox().sandbox, record);
    const life = await inside.open({ trial: true });
    const report = await life.step("self.n = 1");
    assert.deepEqual([life.episode, inside.where(report), record.episodes()], [-1, null, []]);
  });

  it("ends an episode once, after its life is closed, and only a life that was alive or is ended by hand", async () => {
    const fake = fakeSandbox((program) => (program === "crash" ? crash : {}));
    const order: string[] = [];
    const slow: Sandbox = {
      ...fake.sandbox,
      open: async (options) => {
        const life = await fake.sandbox.open(options);
        return {
          ...life,
          close: async () => {
            await new Promise((resolve) => setImmediate(resolve));
            order.push("closed");
          },
        };
      },
    };
    const real = record.end;
    record.end = (...given) => {
      order.push("ended");
      return real.apply(record, given);
    };
    const inside = recording(slow, record);
    const life = await inside.open({ genome: [] });
    await life.step("self.n = 1");
    await life.close();
    assert.deepEqual(order, ["closed", "ended"]);
    await life.close();
    assert.deepEqual(order, ["closed", "ended", "closed"]);
    const dead = await inside.open({ genome: [] });
    await dead.step("crash");
    await dead.close();
    assert.deepEqual(order.slice(3), ["closed"], "its last step has said how it ended");
    const unlived = await inside.open({ genome: [] });
    await unlived.close();
    assert.deepEqual(order.slice(4), ["closed", "ended"]);
  });

  it("tells of a closing that fails", async () => {
    const { sandbox } = fakeSandbox();
    const failing: Sandbox = {
      ...sandbox,
      open: async (options) => ({
        ...(await sandbox.open(options)),
        close: () => Promise.reject(new Error("the child would not go")),
      }),
    };
    const life = await recording(failing, record).open({ genome: [] });
    await assert.rejects(life.close(), /the child would not go/);
  });

  it("takes steps one after the other, however they are called, and none after death", async () => {
    const inside = recording(fakeSandbox((program) => (program === "die" ? { verdict: "inert" } : {})).sandbox, record);
    const life = await inside.open({ genome: [] });
    const [first, many, last] = [life.step("one"), life.steps(["two", "die", "never"]), life.close()];
    assert.deepEqual([(await first).step, (await many).map(({ step }) => step)], [0, [1, 2]]);
    await last;
    assert.deepEqual(
      record.episode(life.episode).list.map(({ program }) => program),
      ["one", "two", "die"],
    );
  });

  it("keeps the model's answers and errors with the step that asked, as the guest saw them", async () => {
    const asked: string[] = [];
    const fake = fakeSandbox();
    const asking: Sandbox = {
      ...fake.sandbox,
      open: async (options = {}) => {
        const life = await fake.sandbox.open(options);
        return {
          ...life,
          step: async (program) => {
            for (const query of program.split(" ").filter((word) => word !== ""))
              asked.push(
                await options.callModel!(query, { signal: new AbortController().signal }).catch(
                  (error: Error) => `failed: ${error.message}`,
                ),
              );
            return life.step(program);
          },
        };
      },
    };
    const life = await recording(asking, record).open({
      genome: [],
      callModel: async (query) => {
        if (query === "bad") throw new Error("no server");
        return query.toUpperCase();
      },
    });
    for (const program of ["a bad", "", "b"]) await life.step(program);
    const { list, start } = record.episode(life.episode);
    assert.equal(start.asks, true);
    assert.deepEqual(
      list.map(({ calls }) => calls),
      [
        [
          { query: "a", answer: "A" },
          { query: "bad", error: "no server" },
        ],
        [],
        [{ query: "b", answer: "B" }],
      ],
    );
    assert.deepEqual(asked, ["A", "failed: no server", "B"]);
  });
});

describe("a record that is opened without options", () => {
  it("waits 5 seconds for another writer, outlives its process, and fsyncs each entry where that is asked", () => {
    const folder = mkdtempSync(join(tmpdir(), "record-defaults-"));
    try {
      const asks = (options?: object): unknown[] => {
        const database = openDatabase(join(folder, "lives.db"), options);
        try {
          const of = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0];
          return [of("busy_timeout"), of("synchronous"), of("journal_mode")];
        } finally {
          database.close();
        }
      };
      const [normal, full] = [1, 2]; // sqlite.org/pragma.html#pragma_synchronous
      assert.deepEqual(asks(), [5000, normal, "wal"]);
      assert.deepEqual(asks({ lockTimeoutMs: 70, survive: "power" }), [70, full, "wal"]);
      assert.deepEqual(asks({ readOnly: true })[0], 5000);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
