/** Damage that SQLite does not see: a lost tail, a flipped bit in its log, a reference to what is gone. */

import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createRandom } from "../../src/random/index.ts";
import { canonicalJson, openRecord, RecordFailure } from "../../src/record/index.ts";
import { entryHash, genesis } from "../../src/record/schema.ts";
import { verifyChain } from "../../src/record/verify.ts";
import type { GenomeMember, StepReport } from "../../src/sandbox/types.ts";

const born: GenomeMember[] = [{ name: "self.execute_code", kind: "method", source: "function execute_code() {}" }];

function report(step: number): StepReport {
  const genome: GenomeMember[] = [...born, { name: "self.n", kind: "attribute", source: String(step) }];
  const rest = { cause: "", effects: [], output: "", error: null, query: "", response: "", changed: true, ms: 1.5 };
  return { step, verdict: "survived", alive: true, ...rest, genome };
}

/** Appends an episode of `steps` steps; returns how many entries it wrote. */
function fill(path: string, steps: number): number {
  using record = openRecord(path, { create: true });
  const id = record.begin({ seed: 7, born });
  for (let step = 0; step < steps; step++) record.append(id, { program: `self.n = ${step}`, report: report(step) });
  return steps + 1;
}

function failure(work: () => unknown): RecordFailure {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof RecordFailure, String(error));
    return error;
  }
  return assert.fail("nothing was thrown");
}

describe("a damaged record", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "autoagent-damage-"));
    path = join(folder, "study.db");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Changes the file behind the record's back, its triggers taken away. */
  const tamper = (sql: string): void => {
    using database = new DatabaseSync(path);
    const triggers = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all();
    for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`);
    database.exec(sql);
  };
  const verify = () => {
    using record = openRecord(path, { readOnly: true });
    return record.verify();
  };

  it("is not seen where another process appends while it is verified, at any of the reads that this takes", () => {
    fill(path, 2);
    using record = openRecord(path, { create: true });
    for (let before = 1; before <= 4; before++) {
      using database = new DatabaseSync(path, { readOnly: true });
      const prepare = database.prepare.bind(database);
      let reads = 0;
      database.prepare = (sql) => {
        if (++reads === before) {
          const genome: GenomeMember[] = [{ name: "self.before", kind: "attribute", source: String(before) }];
          record.append(record.begin({ genome }), { program: "1", report: { ...report(0), genome } });
        }
        return prepare(sql);
      };
      const { broken, ok } = verifyChain(database, { path });
      assert.deepEqual([broken, ok, reads >= before], [null, true, true], `before read ${before}`);
    }
    assert.equal(record.verify().entries, 3 + 2 * 4);
  });

  it("is seen to have lost its tail by the head that is kept beside it", () => {
    const entries = fill(path, 5);
    assert.deepEqual([verify().ok, verify().kept], [true, entries]);
    tamper("DELETE FROM entries WHERE seq > 4");
    assert.deepEqual(verify().broken, {
      entry: 5,
      reason: `the chain ends here, but ${path}-head notes entry 6 as written`,
    });
    assert.equal(
      failure(() => openRecord(path, { create: true })).message,
      `The record ${path} has lost its tail: it has 4 entries, but ${path}-head notes entry 6, which is not there: restore both from a copy, or delete ${path}-head to go on with what is left`,
    );
    rmSync(`${path}-head`);
    assert.deepEqual([verify().ok, verify().kept], [true, null]);
    using record = openRecord(path, { create: true });
    assert.equal(record.begin(), 2);
    assert.equal(verify().kept, 5);
  });

  it("may be ahead of its head, which a process that was killed leaves one entry behind", () => {
    fill(path, 2);
    copyFileSync(`${path}-head`, `${path}-older`);
    fill(path, 2);
    copyFileSync(`${path}-older`, `${path}-head`);
    assert.deepEqual([verify().ok, verify().kept, verify().entries], [true, 3, 6]);
    assert.equal(fill(path, 1), 2);
    assert.equal(verify().kept, 8);
  });

  it("keeps its head in a transaction of many entries only once that is committed", () => {
    fill(path, 1);
    using record = openRecord(path, { create: true });
    assert.throws(
      () =>
        record.together(() => {
          record.begin();
          throw new Error("given up");
        }),
      /given up/,
    );
    assert.equal(verify().kept, 2);
    record.together(() => {
      record.begin();
      record.begin();
      assert.equal(verify().kept, 2);
    });
    assert.equal(verify().kept, 4);
  });

  it("takes a head that cannot be read for none, and writes a new one", () => {
    fill(path, 1);
    for (const text of ["", "{", '{"entries": "2"}', `{"entries": -1, "head": "${genesis}"}`]) {
      writeFileSync(`${path}-head`, text);
      assert.deepEqual([verify().ok, verify().kept], [true, null], text);
    }
    fill(path, 1);
    assert.equal(verify().kept, 4);
  });

  it("does not hide that a bit of its write-ahead log was flipped: 20 places drawn, none missed", () => {
    const random = createRandom(3, "test", "flips");
    using record = openRecord(path, { create: true });
    const id = record.begin({ seed: 7, born });
    for (let step = 0; step < 20; step++) record.append(id, { program: `self.n = ${step}`, report: report(step) });
    const log = readFileSync(`${path}-wal`);
    for (let i = 0; i < 20; i++) {
      const copy = join(folder, `copy-${i}.db`);
      copyFileSync(path, copy);
      copyFileSync(`${path}-head`, `${copy}-head`);
      const flipped = Buffer.from(log);
      const at = random.integer(flipped.length);
      flipped[at]! ^= 1 << random.integer(8);
      writeFileSync(`${copy}-wal`, flipped);
      let told: string;
      try {
        using read = openRecord(copy, { readOnly: true });
        const found = read.verify();
        told = found.ok ? `ok, ${found.entries} entries` : "broken";
      } catch (error) {
        assert.ok(error instanceof RecordFailure, String(error));
        told = "refused";
      }
      // A flipped bit of a frame that a later one replaces changes nothing: then every entry is there.
      assert.ok(told === "broken" || told === "refused" || told === "ok, 21 entries", `byte ${at}: ${told}`);
    }
  });

  it("is not taken for a new one when it was cut to nothing", () => {
    fill(path, 2);
    truncateSync(path);
    const text = `${path} is empty, it holds no record: if there was one, restore it from a copy; else delete the file, and ${path}-head if there is one, to begin anew`;
    assert.equal(failure(() => openRecord(path, { create: true })).message, text);
    assert.equal(failure(() => openRecord(path, { readOnly: true })).message, text);
    assert.equal(readFileSync(path).length, 0, "nothing was written to it");
    rmSync(`${path}-head`);
    assert.equal(failure(() => openRecord(path, { readOnly: true })).message, text);
    assert.equal(fill(path, 1), 2, "an empty file that never was a record may become one: `mktemp` makes such");
    rmSync(path);
    assert.equal(fill(path, 1), 2, "a record that was deleted on purpose is begun anew, whatever head is left");
    assert.equal(verify().kept, 2);
  });

  it("is told by the first entry that names what is gone", () => {
    using record = openRecord(path, { create: true });
    const other: GenomeMember[] = [{ name: "self.other", kind: "attribute", source: "1" }];
    const first = record.begin({ seed: 1, born });
    record.append(first, { program: "", report: report(0) });
    record.end(first);
    record.begin({ seed: 2, genome: other, born });
    const node = record.lineage.add({ genome: born });
    record.lineage.add({ genome: other, parent: node });
    record.lineage.score(2, 0.5);
    record.close();
    assert.equal(verify().ok, true);
    const hashOf = (name: string) => {
      using database = new DatabaseSync(path, { readOnly: true });
      return String(database.prepare("SELECT hash FROM genomes WHERE genes LIKE ?").get(`%${name}%`)!.hash);
    };
    const withoutGenome = (hash: string): string | undefined => {
      using database = new DatabaseSync(path, { readOnly: true });
      const row = database.prepare("SELECT hash, genes FROM genomes WHERE hash = ?").get(hash)!;
      tamper(`DELETE FROM genomes WHERE hash = '${hash}'`);
      const { broken } = verify();
      tamper(`INSERT INTO genomes VALUES ('${row.hash}', '${String(row.genes).replaceAll("'", "''")}')`);
      return broken === null ? undefined : `${broken.entry}: ${broken.reason}`;
    };
    const bornHash = entry(path, 1).born;
    assert.equal(withoutGenome(bornHash), `1: the genome it was born with, ${bornHash} is missing`);
    assert.equal(withoutGenome(hashOf("self.other")), `4: its genome ${hashOf("self.other")} is missing`);
    assert.equal(withoutGenome(entry(path, 2).genome), `2: its genome ${entry(path, 2).genome} is missing`);
    assert.equal(verify().ok, true);
  });

  const forged: [string, { kind: string; episode: number | null; step: number | null; body: object }, string][] = [
    ["a step of no episode", { kind: "step", episode: 9, step: 0, body: {} }, "its episode 9 is missing"],
    ["an end of no episode", { kind: "end", episode: 9, step: null, body: {} }, "its episode 9 is missing"],
    [
      "a step too far",
      { kind: "step", episode: 1, step: 2, body: {} },
      "it is step 2 of episode 1, where step 1 comes next",
    ],
    ["parts of no step", { kind: "parts", episode: 1, step: 1, body: {} }, "its step 1 of episode 1 is missing"],
    [
      "a node whose number is another's",
      { kind: "node", episode: null, step: null, body: { id: 2, parent: null, genome: null, note: "" } },
      "it is node 2, where node 1 comes next",
    ],
    ["a score of no node", { kind: "score", episode: null, step: null, body: { node: 1 } }, "its node 1 is missing"],
    [
      "a node of no parent",
      { kind: "node", episode: null, step: null, body: { id: 1, parent: 3 } },
      "its parent, node 3, is missing",
    ],
  ];
  for (const [what, { kind, episode, step, body }, reason] of forged) {
    it(`is found to hold ${what}, though its hashes are right`, () => {
      fill(path, 1);
      using database = new DatabaseSync(path);
      const { hash } = database.prepare("SELECT hash FROM entries WHERE seq = 2").get() as { hash: string };
      const row = { seq: 3, kind: kind as "step", episode, step, body: canonicalJson(body), timings: "{}" };
      database
        .prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(row.seq, kind, episode, step, row.body, row.timings, entryHash(hash, row));
      database.close();
      assert.deepEqual(verify().broken, { entry: 3, reason });
    });
  }

  it("in memory keeps no head beside it", () => {
    using record = openRecord(":memory:");
    record.begin();
    assert.equal(record.verify().kept, null);
    assert.equal(existsSync(":memory:-head"), false);
  });
});

function entry(path: string, seq: number): { genome: string; born: string } {
  using database = new DatabaseSync(path, { readOnly: true });
  return JSON.parse(String(database.prepare("SELECT body FROM entries WHERE seq = ?").get(seq)!.body));
}
