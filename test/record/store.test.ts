import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { canonicalJson, type EpisodeRecord, editOf, openRecord, RecordFailure } from "../../src/record/index.ts";
import type { GenomeMember, StepReport } from "../../src/sandbox/types.ts";

const born: GenomeMember[] = [{ name: "self.execute_code", kind: "method", source: "function execute_code() {}" }];

function report(step: number, more: Partial<StepReport> = {}): StepReport {
  const genome: GenomeMember[] = [...born, { name: "self.n", kind: "attribute", source: String(step) }];
  const rest = { cause: "", effects: [], output: "", error: null, query: "", response: "", changed: true, ms: 1.5 };
  return { step, verdict: "survived", alive: true, ...rest, genome, ...more };
}

describe("a record", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "autoagent-record-"));
    path = join(folder, "study.db");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const refuses = (work: () => unknown, text: string): void =>
    assert.throws(work, (error) => error instanceof RecordFailure && error.message === text, text);

  const fill = (record: EpisodeRecord, steps = 3): number => {
    const id = record.begin({ seed: 7, born, labels: { policy: "menu" } });
    for (let step = 0; step < steps; step++) record.append(id, { program: `self.n = ${step}`, report: report(step) });
    return id;
  };

  it("gives back what was appended, across closing and opening", () => {
    const action = {
      ...{ label: "set n", choice: [1, 2], logProb: -1.25, logProbs: [-0.25, -1], tokens: 9, cut: true },
      ...{ prompt: "go", output: "```ts\nself.n = 0\n```", promptTokens: 3, seeds: { policy: "7/0" } },
    };
    const rewards = { alive: 1, harm: -1000, odd: -0 };
    const judged = { rewards, reward: -999, task: "t", score: 0.5, solved: false, changed: true };
    using first = openRecord(path, { create: true });
    const id = first.begin({ seed: 7, born, query: "hello", asks: true, labels: { policy: "menu" } });
    const calls = [{ query: "q", answer: "a" }];
    first.append(id, { program: "self.n = 0", report: report(0), calls, action, ...judged });
    first.append(id, {
      program: "x \ud800 \u0000",
      report: report(1, { verdict: "inert", alive: false, cause: "why" }),
    });
    first.close();
    using record = openRecord(path, { readOnly: true });
    const episode = record.episode(id);
    assert.deepEqual(episode.start, { seed: 7, query: "hello", asks: true, labels: { policy: "menu" }, born });
    const { at, ...one } = episode.steps[0]!;
    assert.ok(Math.abs(at! - Date.now()) < 60_000);
    assert.deepStrictEqual(one, {
      ...{ program: "self.n = 0", calls, report: report(0), action, ...judged },
      ...{ verdict: "survived", cause: "", effects: [] },
    });
    assert.deepEqual(editOf(episode, 0), { added: ["self.n"], changed: [], deleted: [] });
    assert.deepEqual(editOf(episode, 1), { added: [], changed: ["self.n"], deleted: [] });
    assert.equal(episode.steps[1]!.program, "x \ud800 \u0000");
    assert.deepEqual(
      record.episodes().map(({ id, steps, verdict, cause, complete }) => ({ id, steps, verdict, cause, complete })),
      [{ id: 1, steps: 2, verdict: "inert", cause: "why", complete: true }],
    );
  });

  it("knows a genome by one hash, in whatever order its members come", () => {
    using record = openRecord(path, { create: true });
    const { genome } = report(0);
    const hash = record.addGenome(genome);
    assert.equal(record.addGenome([...genome].reverse()), hash);
    assert.deepEqual(record.genome(hash), genome);
    assert.notEqual(record.addGenome(genome.slice(1)), hash);
  });

  it("refuses a step out of order, after the end, or after death", () => {
    using record = openRecord(path, { create: true });
    const id = fill(record);
    const append = (step: number, more = {}) => record.append(id, { program: "", report: report(step, more) });
    refuses(() => append(5), "Episode 1 cannot take this entry: its next step is 3, not 5");
    append(3, { verdict: "timeout", alive: false });
    refuses(() => append(4), "Episode 1 cannot take this entry: it died in step 3");
    const other = fill(record);
    record.end(other);
    refuses(() => record.end(other), "Episode 2 cannot take this entry: it has ended");
  });

  it("keeps numbers that JSON cannot say, and refuses what is no data, writing nothing of that step", () => {
    using record = openRecord(path, { create: true });
    const id = fill(record);
    const rewards = { alive: Number.NaN, odd: Number.NEGATIVE_INFINITY };
    record.append(id, { program: "", report: report(3), rewards, reward: Number.NaN });
    assert.deepStrictEqual(record.episode(id).steps[3]!.rewards, rewards);
    assert.ok(Number.isNaN(record.episode(id).steps[3]!.reward));
    assert.throws(() => record.append(id, { program: "", report: report(4), rewards: { alive: (() => 1) as never } }), {
      message: "Expected `step.parts.rewards.alive` to be plain data, got the function alive",
    });
    refuses(
      () => record.lineage.score(record.lineage.add({ genome: born }), Number.NaN),
      "Expected `score.value` to be a finite number, got NaN",
    );
    refuses(
      () => record.append(id, { program: "", report: null }),
      "Expected `report` to be what the sandbox saw, got null",
    );
    assert.equal(record.episode(id).steps.length, 4);
    assert.equal(record.verify().ok, true);
  });

  it("names an unknown id and those it has", () => {
    using record = openRecord(path, { create: true });
    refuses(() => record.episode(1), "The record has no episode 1: it has none");
    fill(record);
    fill(record);
    refuses(() => record.episode(3), "The record has no episode 3: it has 1 to 2");
    refuses(() => record.episode("1" as never), 'Expected `id` to be an episode\'s number, got "1"');
  });

  it("finds the first entry that was changed, removed or forged", () => {
    using record = openRecord(path, { create: true });
    fill(record);
    const { head } = record.verify();
    const tamper = (sql: string): void => {
      const database = new DatabaseSync(path);
      database.exec("DROP TRIGGER IF EXISTS entries_are_not_changed; DROP TRIGGER IF EXISTS entries_are_not_deleted;");
      database.exec(sql);
      database.close();
    };
    tamper("UPDATE entries SET timings = replace(timings, '1.5', '1.6') WHERE seq = 3");
    assert.deepEqual(record.verify().broken, {
      entry: 3,
      reason: "its hash does not match its content and the entry before",
    });
    tamper("UPDATE entries SET timings = replace(timings, '1.6', '1.5') WHERE seq = 3");
    assert.equal(record.verify({ head }).ok, true);
    tamper("DELETE FROM entries WHERE seq = 4");
    rmSync(`${path}-head`);
    assert.equal(record.verify().ok, true, "a cut tail shows only against the head that was noted down");
    assert.match(
      record.verify({ head }).broken!.reason,
      /^the chain ends in [0-9a-f]{64}, not in the given [0-9a-f]{64}$/,
    );
    tamper("DELETE FROM entries WHERE seq = 2");
    assert.deepEqual(record.verify().broken, { entry: 2, reason: "entry 2 is missing" });
  });

  it("finds a genome that is not what its hash says", () => {
    using record = openRecord(path, { create: true });
    fill(record);
    const database = new DatabaseSync(path);
    database.exec(
      "DROP TRIGGER genomes_are_not_changed; UPDATE genomes SET genes = replace(genes, 'self.n', 'self.m')",
    );
    database.close();
    assert.match(record.verify().broken!.reason, /^its genome [0-9a-f]{64} is not what its hash says$/);
  });

  it("cannot be changed through SQL", () => {
    using record = openRecord(path, { create: true });
    fill(record);
    using database = new DatabaseSync(path);
    for (const sql of ["UPDATE entries SET body = ''", "DELETE FROM entries", "DELETE FROM genomes"])
      assert.throws(() => database.exec(sql), /a record is append-only/);
  });

  it("says what is wrong with a file that is no record", () => {
    refuses(
      () => openRecord(path, { readOnly: true }),
      `There is no record at ${path}: check the path, or begin one with openRecord(path, { create: true })`,
    );
    writeFileSync(path, "this is not a database, but long enough to be read as one".repeat(30));
    refuses(
      () => openRecord(path, { create: true }),
      `The record ${path} is damaged (file is not a database): restore it from a copy; \`sqlite3 FILE .recover\` saves what can still be read`,
    );
    rmSync(path);
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE t (x)");
    other.close();
    refuses(
      () => openRecord(path, { create: true }),
      `${path} is a SQLite file but not a record: choose another path; nothing was written to it`,
    );
    const missing = join(folder, "no", "such.db");
    refuses(
      () => openRecord(missing, { create: true }),
      `The record ${missing} could not be opened or written (unable to open database file): check the path and its rights`,
    );
  });

  it("says that a damaged file is damaged", () => {
    const whole = openRecord(path, { create: true });
    for (let i = 0; i < 40; i++) fill(whole);
    whole.close();
    const size = readFileSync(path).length;
    truncateSync(path, Math.floor(size / 2));
    assert.throws(
      () => {
        using record = openRecord(path, { readOnly: true });
        record.verify();
      },
      (error) =>
        error instanceof RecordFailure && error.error.kind === "corrupt" && /is damaged \(/.test(error.message),
    );
  });

  it("does not touch a record of a newer version", () => {
    const record = openRecord(path, { create: true });
    fill(record);
    record.close();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version=9");
    database.close();
    refuses(
      () => openRecord(path, { create: true }),
      `The record ${path} has format 9, this library reads up to 1: update autoagent-lab; nothing was changed`,
    );
  });

  it("waits for another writer, then says that the file is locked; nothing is lost", () => {
    using record = openRecord(path, { create: true, lockTimeoutMs: 50 });
    fill(record);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    refuses(
      () => record.begin(),
      `The record ${path} stayed locked by another program for 50 ms: close that one, or raise \`lockTimeoutMs\`; nothing that was recorded is lost`,
    );
    other.exec("ROLLBACK");
    other.close();
    assert.equal(fill(record), 2);
    assert.equal(record.verify().ok, true);
  });

  it("appends together what a function does before it returns, and refuses a promise, within another transaction too", async () => {
    using record = openRecord(path, { create: true });
    assert.equal(
      record.together(() => fill(record)),
      1,
    );
    const { entries } = record.position();
    const waits = async () => {
      fill(record);
      await Promise.reject(new Error("never heard of"));
    };
    const refused = /^Expected the function of `together` to end at once, got a promise: await .* first/;
    assert.throws(() => record.together(waits), { name: "TypeError", message: refused });
    const within = () => record.together(waits);
    assert.throws(() => record.together(() => [fill(record), within()]), { message: refused });
    await new Promise(setImmediate);
    assert.equal(record.position().entries, entries, "what it had appended was taken back");
    assert.deepEqual([fill(record), record.verify().ok], [2, true]);
  });

  it("says that it is read-only, or closed", () => {
    const record = openRecord(path, { create: true });
    fill(record);
    record.close();
    refuses(() => record.begin(), `The record ${path} was closed: open it again with openRecord()`);
    using reader = openRecord(path, { readOnly: true });
    refuses(
      () => reader.begin(),
      `The record ${path} is read-only here: open it without \`readOnly\`, and check the rights of the file and its folder`,
    );
  });

  it("keeps everything when the disk is full, and goes on when there is room again", () => {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], { encoding: "utf8" });
    if (mounted.status !== 0) {
      console.log(`      no small disk to fill here: ${mounted.error?.message ?? mounted.stderr.trim()}`);
      return;
    }
    try {
      const full = join(disk, "study.db");
      using record = openRecord(full, { create: true });
      const id = fill(record, 1);
      let step = 1;
      const append = () => record.append(id, { program: "x".repeat(20_000), report: report(step) });
      refuses(() => {
        for (; step < 200; step++) append();
      }, `No space left on the disk of ${full}: free some and append again; everything recorded before is safe`);
      assert.equal(record.episode(id).steps.length, step);
      assert.equal(spawnSync("mount", ["-o", "remount,size=4m", disk]).status, 0);
      append();
      assert.equal(record.episode(id).steps.length, step + 1);
      assert.equal(record.verify().ok, true);
    } finally {
      spawnSync("umount", ["-l", disk]);
    }
  });

  it("takes entries from two writers in one chain", () => {
    using one = openRecord(path, { create: true });
    using two = openRecord(path, { create: true });
    const [a, b] = [one.begin({ seed: 1 }), two.begin({ seed: 2 })];
    for (let step = 0; step < 5; step++) {
      one.append(a, { program: "a", report: report(step) });
      two.append(b, { program: "b", report: report(step) });
    }
    assert.deepEqual([a, b], [1, 2]);
    assert.equal(one.verify().entries, 12);
    assert.equal(one.verify().ok, true);
    assert.ok(existsSync(path));
  });

  it("has one canonical text for equal values", () => {
    assert.equal(canonicalJson({ b: [1, "x"], a: { d: null, c: undefined } }), '{"a":{"d":null},"b":[1,"x"]}');
    refuses(() => canonicalJson(new Map([[1, () => {}]]).get(1), "f"), "Expected `f` to be plain data, got a function");
  });

  it("waits for another writer for as long as it is told, were that for ever", () => {
    for (const lockTimeoutMs of [2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
      using record = openRecord(":memory:", { create: true, lockTimeoutMs });
      assert.equal(record.begin({ seed: 1 }), 1);
    }
  });

  it("is not made by opening one to read, whose path is misspelt say; only when that is asked for", () => {
    const path = join(folder, "typo.sqlite");
    const absent = {
      name: "RecordFailure",
      message: `There is no record at ${path}: check the path, or begin one with openRecord(path, { create: true })`,
    };
    for (const options of [{}, { readOnly: true }, { create: false }, { readOnly: true, create: true }])
      assert.throws(() => openRecord(path, options), absent);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("typo")),
      [],
    );
    openRecord(path, { create: true }).close();
    openRecord(path, { create: true }).close();
    openRecord(path).close();
    const refuses = (given: unknown, options: object, message: string) =>
      assert.throws(() => openRecord(given as string, options), { name: "RecordFailure", message });
    refuses(path, { readonly: true }, "There is no `readonly` in the options of openRecord: did you mean `readOnly`?");
    refuses(path, { survive: "fire" }, 'Expected `survive` to be process or power, got "fire"');
    refuses("", {}, 'Expected `path` to be the path of a record, got ""');
  });
});
