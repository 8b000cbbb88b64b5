/** An episode is in the record as it is played, on a fake sandbox: what is there and when, and what is not. And a record's defaults. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byHand, type Episode, lifeEnvironment, runEpisode } from "../../src/episode/index.ts";
import { holdRecord } from "../../src/record/hold.ts";
import { type EpisodeRecord, openRecord, recordTo, writeEpisode } from "../../src/record/index.ts";
import { openDatabase } from "../../src/record/schema.ts";
import { newbornGenome, type Sandbox } from "../../src/sandbox/index.ts";
import { timeless } from "../episode/timeless.ts";
import { fakeSandbox, infrastructureError } from "../sandbox/fake.ts";
import { live } from "./stress-parts.ts";

describe("an episode that is recorded while it is played", () => {
  let record: EpisodeRecord;
  beforeEach(() => {
    record = openRecord(":memory:");
  });
  afterEach(() => record.close());

  it("has each step in the record before the next is drawn, with its labels and its limits", async () => {
    const { sandbox } = fakeSandbox();
    const env = lifeEnvironment(sandbox, { seed: 5, query: "q", limits: { stepMs: 80 } });
    const known: number[] = [];
    const act = async () => {
      known.push(record.episode(1).steps.length);
      return known.length > 3 ? [] : [{ ...byHand, program: `self.n = ${known.length}`, label: "l" }];
    };
    const played = await runEpisode(env, act, { index: 3, group: 2 }, recordTo(record, { labels: { a: 1, b: 3 } }));
    assert.deepEqual(known, [0, 1, 2, 3]);
    const { start, steps, id, seed, index, group } = record.episode(1);
    assert.deepEqual({ id, seed, index, group }, { id: 1, seed: 5, index: 3, group: 1 });
    assert.deepEqual(
      [start.labels, start.limits, start.query, start.asks],
      [{ a: 1, b: 3 }, { stepMs: 80 }, "q", false],
    );
    assert.deepEqual(
      steps.map(({ program }) => program),
      ["self.n = 1", "self.n = 2", "self.n = 3"],
    );
    const { labels: _, ...rest } = start;
    const told = { ...record.episode(1), start: rest };
    assert.deepStrictEqual(timeless(told), timeless(played), "it is the value that was played");
    const alone = recordTo(record).onStart(rest, { index: 3 })!;
    assert.equal(record.episode(alone).group, 3, "a group of its own, where nobody says how many one has");
    const { entries, head } = record.position();
    assert.deepEqual([0, entries, entries + 1].map(record.hashAt), ["0".repeat(64), head, null]);
  });

  it("begins with the newborn's genome, or with its own", async () => {
    const fake = fakeSandbox();
    fake.sandbox = { ...fake.sandbox, body: { ...fake.sandbox.body, newborn: newbornGenome } };
    const genome = [{ name: "self.m", kind: "attribute", source: "1" }] as const;
    const [one, own] = [await live(record, fake.sandbox, ["1"]), await live(record, fake.sandbox, ["1"], { genome })];
    assert.equal(fake.opened.length, 2, "nobody else has to live for it");
    assert.deepEqual(
      [record.episode(one.id).start.born, record.episode(one.id).start.genome],
      [newbornGenome, undefined],
    );
    assert.deepEqual([record.episode(own.id).start.born, record.episode(own.id).start.genome], [genome, genome]);
  });

  it("is ended once, and only where its last step has not said how it ended", async () => {
    const { sandbox } = fakeSandbox((program) => (program === "crash" ? infrastructureError : {}));
    const ended: number[] = [];
    const real = record.end;
    record.end = (...given) => {
      ended.push(given[0]);
      return real.apply(record, given);
    };
    const alive = await live(record, sandbox, ["self.n = 1"]);
    const spoiled = await live(record, sandbox, ["crash", "never"]);
    const unlived = await live(record, sandbox, []);
    assert.deepEqual(ended, [alive.id, unlived.id]);
    assert.deepEqual(
      record.episodes().map(({ steps, complete }) => [steps, complete]),
      [
        [1, true],
        [1, true],
        [0, true],
      ],
    );
    assert.deepEqual([spoiled.steps.length, spoiled.fault, spoiled.truncated], [1, true, true]);
  });

  it("reads back as it ended, whatever its last verdict says: an environment of one's own may end it otherwise", async () => {
    const { sandbox } = fakeSandbox((program) => (program === "die" ? { verdict: "inert" } : {}));
    const endings = [
      { terminated: true, truncated: false },
      { terminated: false, truncated: true },
      { terminated: true, truncated: true },
    ];
    for (const program of ["1", "die"])
      for (const ending of endings) {
        const inner = lifeEnvironment(sandbox, { seed: 1 });
        const env = { ...inner, step: async (text: string) => ({ ...(await inner.step(text)), ...ending }) };
        const act = async () => [{ ...byHand, program }];
        const played = await runEpisode(env, act, { index: 0 }, recordTo(record));
        const back = record.episode(played.id!);
        const figures = ({ terminated, truncated, survival, verdict, fault }: Episode) => ({
          terminated,
          truncated,
          survival,
          verdict,
          fault,
        });
        assert.deepEqual(figures(back), figures(played), `${program} ${JSON.stringify(ending)}`);
        assert.deepEqual(figures(record.episode(writeEpisode(record, played))), figures(played));
      }
    assert.equal(record.verify().ok, true);
  });

  it("is left without an end where it was stopped in the middle", async () => {
    const { sandbox } = fakeSandbox();
    const stop = new AbortController();
    const env = lifeEnvironment(sandbox);
    const playing = runEpisode(
      env,
      async () => {
        if (record.episode(1).steps.length === 2) stop.abort(new Error("enough"));
        return [{ ...byHand, program: "1" }];
      },
      { index: 0 },
      { ...recordTo(record), signal: stop.signal },
    );
    await assert.rejects(playing, /^Error: enough$/);
    await env.close();
    assert.deepEqual(
      record.episodes().map(({ steps, complete }) => [steps, complete]),
      [[2, false]],
    );
  });

  it("may as well be written when it is over: the same entries", async () => {
    const { sandbox } = fakeSandbox((program) => (program === "die" ? { verdict: "inert" } : {}));
    const played = await live(record, sandbox, ["one", "die", "never"], { seed: 4 }, { labels: { by: "me" } });
    const id = writeEpisode(record, played, { labels: { by: "me" } });
    assert.equal(record.digest(id), record.digest(played.id));
    assert.deepEqual(timeless({ ...record.episode(id), id: played.id }), timeless(record.episode(played.id)));
    const elsewhere: Episode = { ...played, start: { seed: 4 } };
    assert.throws(() => writeEpisode(record, elsewhere), {
      name: "TypeError",
      message: "This environment has no sandbox whose episodes could be recorded: leave `record` out",
    });
    assert.equal(record.episodes().length, 2);
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
    await assert.rejects(live(record, failing, []), /the child would not go/);
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
    const callModel = async (query: string): Promise<string> => {
      if (query === "bad") throw new Error("no server");
      return query.toUpperCase();
    };
    const { id } = await live(record, asking, ["a bad", "", "b"], { callModel });
    const { steps, start } = record.episode(id);
    assert.equal(start.asks, true);
    assert.deepEqual(
      steps.map(({ calls }) => calls),
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
        const database = openDatabase(join(folder, "lives.db"), { create: true, ...options });
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

describe("a record that is held by its path", () => {
  it("is made when something is written, and closed again; one that was given open stays open", () => {
    const folder = mkdtempSync(join(tmpdir(), "record-held-"));
    try {
      const path = join(folder, "lives.db");
      holdRecord(path, { create: true }).release();
      assert.deepEqual(readdirSync(folder), [], "nothing was written");
      const held = holdRecord(path, { create: true });
      held.record.begin({ seed: 1 });
      assert.ok(existsSync(`${path}-wal`));
      held.release();
      assert.ok(!existsSync(`${path}-wal`), "SQLite takes it away when the last one closes");
      assert.throws(() => held.record.begin({ seed: 2 }), { name: "RecordFailure" });
      using open = openRecord(path);
      holdRecord(open, { create: true }).release();
      assert.equal(open.begin({ seed: 3 }), 2);
      // What cannot be opened is told at once.
      for (const [wrong, options] of [
        [join(folder, "nowhere", "lives.db"), { create: true }],
        [join(folder, "none.db"), { readOnly: true }],
      ] as const)
        assert.throws(() => holdRecord(wrong, options), { name: "RecordFailure" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
