/** A small run of `npm run stress:chaos`, and that its checks see what they are there for. */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRecord } from "../../src/record/index.ts";
import { leaveOut } from "../support.ts";
import { chaos, exitCodeOf, findingOf, kinds, type Tally, tableOf } from "./chaos.ts";
import { checkRecord } from "./record.ts";
import { checkUpdates } from "./trainer.ts";

const none = (kind: string): Tally => ({ kind, planned: 1, strikes: 1, acknowledged: 0, lost: [], wrong: [] });

describe("kills at drawn instants", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "chaos-checks-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("of a driver, a child, a trainer, a kernel, a user process, a server, and full disks lose nothing", async function () {
    if (process.platform === "win32") leaveOut(this, "this system has no SIGKILL and no ulimit");
    const tallies = await chaos({ seed: 3, kills: 20, minutes: 10 });
    for (const { kind, lost, wrong } of tallies) assert.deepEqual([lost, wrong], [[], []], kind);
    assert.deepEqual(
      tallies.map(({ kind, strikes }) => [kind, strikes]),
      tallies.map(({ kind, planned }) => [kind, planned]),
    );
    assert.deepEqual(
      tallies.map(({ kind }) => kind),
      kinds.map(({ name }) => name),
    );
    assert.match(tableOf(tallies), /\nall +20 +\d+ +0 +0$/);
  });

  it("are told of in lines that can be read, and a run that found something ends with 1", () => {
    const found = Array.from({ length: 820 }, (_, i) => `Episode ${i}:\n step 1 differs`);
    assert.equal(
      findingOf(found),
      "Episode 0: step 1 differs; Episode 1: step 1 differs; Episode 2: step 1 differs; and 817 more",
    );
    assert.ok(findingOf(["x".repeat(1e5), "y"]).length < 500);
    assert.equal(findingOf(["a", "b", "c"]), "a; b; c");
    assert.equal(exitCodeOf([none("driver"), none("child")]), 0);
    assert.equal(exitCodeOf([none("driver"), { ...none("child"), lost: ["a"] }]), 1);
    assert.equal(exitCodeOf([{ ...none("driver"), wrong: ["a"] }, none("child")]), 1);
  });

  it("would be seen to have lost a step, a tail, a whole record, an update", async () => {
    const path = join(folder, "lives.db");
    {
      using record = openRecord(path, { create: true });
      const about = { step: 0, verdict: "survived", alive: true, cause: "", output: "" } as const;
      const report = { ...about, effects: [], error: null, query: "", response: "", changed: true, ms: 1, genome: [] };
      record.append(record.begin(), { program: "self.x = 1", report });
    }
    const found = async (work: (tally: Tally) => void | Promise<void>): Promise<string[]> => {
      const tally = none("driver");
      await work(tally);
      return tally.lost;
    };
    const promised = (step: number, verdict: string) => ({ promised: [{ episode: 1, step, verdict }] });
    assert.deepEqual(await found((tally) => checkRecord(path, promised(0, "survived"), tally)), []);
    assert.deepEqual(await found((tally) => checkRecord(path, promised(1, "survived"), tally)), [
      "step 1 of episode 1 was promised and is gone",
    ]);
    assert.deepEqual(await found((tally) => checkRecord(path, promised(0, "inert"), tally)), [
      "step 0 of episode 1 is survived, not inert",
    ]);
    const [older, all] = [join(folder, "older.db"), join(folder, "all.db")];
    {
      using record = openRecord(older, { create: true });
      record.begin();
    }
    copyFileSync(`${path}-head`, `${older}-head`);
    const [tail] = await found((tally) => checkRecord(older, promised(0, "survived"), tally));
    assert.match(tail!, /has lost its tail: it has 1 entries/);
    assert.equal((await found((tally) => checkRecord(all, promised(0, "survived"), tally))).length, 1);
    await assert.rejects(
      found((tally) => checkUpdates(folder, ["begun", "0"], tally)),
      /There is no checkpoint/,
    );
  });
});
