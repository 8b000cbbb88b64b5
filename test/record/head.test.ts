/** The head beside a record: of its first entry on; and where a damaged chain is said to be broken. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readHead } from "../../src/record/head.ts";
import { canonicalJson, openRecord } from "../../src/record/index.ts";
import { entryHash, genesis } from "../../src/record/schema.ts";

describe("the head beside a record", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "record-head-"));
    path = join(folder, "study.db");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is the number and the hash of the last entry, from the first one on", () => {
    using record = openRecord(path, { create: true });
    assert.equal(readHead(path), null);
    for (let entry = 1; entry <= 3; entry++) {
      record.begin({ seed: entry });
      const { head } = record.verify();
      assert.deepEqual(readHead(path), { entries: entry, head });
    }
  });

  it("is none where it is no number from 1 on with a hash of 64 letters", () => {
    const head = "ab".repeat(32);
    const cases: [text: string, isHead: boolean][] = [
      [`{"entries":1,"head":"${head}"}`, true],
      [`{"entries":2,"head":"${genesis}"} `, true],
      [`{"entries":0,"head":"${head}"}`, false],
      [`{"entries":-1,"head":"${head}"}`, false],
      [`{"entries":1.5,"head":"${head}"}`, false],
      [`{"entries":"1","head":"${head}"}`, false],
      [`{"entries":1,"head":"${head}a"}`, false],
      [`{"entries":1,"head":"a${head}"}`, false],
      [`{"entries":1,"head":"${head.toUpperCase()}"}`, false],
      [`{"entries":1}`, false],
      [`{"head":"${head}"}`, false],
      ["null", false],
      ["", false],
    ];
    for (const [text, isHead] of cases) {
      writeFileSync(`${path}-head`, text);
      assert.equal(readHead(path) !== null, isHead, text);
    }
    for (const none of ["", ":memory:", join(folder, "another.db")]) assert.equal(readHead(none), null);
  });

  it("that was noted down and is no more says that the chain is broken behind its last entry", () => {
    using record = openRecord(path, { create: true });
    record.begin({ seed: 1 });
    record.begin({ seed: 2 });
    const { head } = record.verify();
    assert.deepEqual(record.verify({ head }).broken, null);
    const { entry, reason } = record.verify({ head: genesis }).broken!;
    assert.deepEqual([entry, reason], [3, `the chain ends in ${head}, not in the given ${genesis}`]);
  });

  it("does not hide a node out of turn, whose hash is right", () => {
    const forged = (id: number, parent: number | null): unknown => {
      rmSync(path, { force: true });
      const record = openRecord(path, { create: true });
      record.lineage.add({ genome: [] });
      const { head } = record.verify();
      record.close();
      const row = { seq: 2, kind: "node" as const, episode: null, step: null, timings: "{}" };
      const body = canonicalJson({ id, parent });
      using database = new DatabaseSync(path);
      database
        .prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(2, "node", null, null, body, "{}", entryHash(head, { ...row, body }));
      database.close();
      using again = openRecord(path, { readOnly: true });
      return again.verify().broken;
    };
    assert.equal(forged(2, 1), null);
    assert.equal(forged(2, null), null);
    for (const id of [1, 3])
      assert.deepEqual(forged(id, 1), { entry: 2, reason: `it is node ${id}, where node 2 comes next` });
    assert.deepEqual(forged(2, 2), { entry: 2, reason: "its parent, node 2, is missing" });
  });
});
