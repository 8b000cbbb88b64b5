import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { byHand } from "../../src/episode/index.ts";
import { type EpisodeRecord, exportRecord, openRecord, RecordFailure } from "../../src/record/index.ts";
import type { StepReport } from "../../src/sandbox/types.ts";

const python = join(import.meta.dirname, "../../.cache/python/bin/python");

describe("an exported record", () => {
  let folder: string;
  let record: EpisodeRecord;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "autoagent-export-"));
    record = openRecord(join(folder, "study.db"), { create: true });
    for (let seed = 0; seed < 30; seed++) {
      const id = record.begin({ seed, labels: { policy: "menu", temperature: 0.5 } });
      for (let step = 0; step < 3; step++) record.append(id, entry(step, seed));
    }
  });
  after(() => {
    record.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const entry = (step: number, seed: number) => {
    const alive = step < 2;
    const report: StepReport = {
      step,
      verdict: alive ? "survived" : "runtime_error",
      alive,
      cause: alive ? "" : "Error: é\n😀",
      effects: [],
      output: `${seed}\n`,
      error: alive ? null : { name: "Error", message: "x", line: 1 },
      query: "",
      response: "lone \ud800",
      changed: true,
      genome: [{ name: "self.n", kind: "attribute", source: String(step) }],
      ms: 1.25,
    };
    const drawn = { choice: [5, 6], logProb: -0.75, logProbs: [-0.5, -0.25], promptTokens: 3 };
    const action = { ...byHand, ...(step === 0 && drawn) };
    return { program: `self.n = ${step}`, report, action, rewards: { alive: alive ? 1 : 0, harm: -10 } };
  };

  it("has a JSON line for each step, with every character", () => {
    const output = join(folder, "study.jsonl");
    assert.equal(exportRecord(record, { format: "jsonl", output }), 90);
    const rows = readFileSync(output, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(rows.length, 90);
    const { episode, step, seed, reward, log_prob, response, labels, edit, episode_verdict, token_ids } = rows[3];
    assert.deepEqual(
      { episode, step, seed, reward, log_prob, response, labels, edit, episode_verdict, token_ids },
      {
        episode: 2,
        step: 0,
        seed: 1,
        reward: -9,
        log_prob: -0.75,
        response: "lone \ud800",
        labels: { policy: "menu", temperature: 0.5 },
        edit: null,
        episode_verdict: "runtime_error",
        token_ids: [5, 6],
      },
    );
    assert.deepEqual(rows[4].edit, { added: [], changed: ["self.n"], deleted: [] });
  });

  it("is read back from Parquet by hyparquet", async () => {
    const output = join(folder, "study.parquet");
    assert.equal(exportRecord(record, { format: "parquet", output }), 90);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(output) });
    assert.equal(rows.length, 90);
    const last = rows[89]!;
    assert.equal(last.cause, "Error: é\n😀");
    assert.equal(last.response, "lone \ufffd", "UTF-8 has no lone surrogates");
    assert.equal(last.reward, -10);
    assert.equal(last.log_prob, null);
    assert.equal(last.alive, false);
    assert.deepEqual(last.error, { name: "Error", message: "x", line: 1 });
    assert.deepEqual(rows[0]!.rewards, { alive: 1, harm: -10 });
  });

  it("is read back from Parquet by pyarrow", () => {
    const found = existsSync(python) ? spawnSync(python, ["-c", "import pyarrow"], { encoding: "utf8" }) : null;
    if (found?.status !== 0) {
      console.log("      no pyarrow here: npm test installs it with the tests' Python tools");
      return;
    }
    const output = join(folder, "pyarrow.parquet");
    exportRecord(record, { format: "parquet", output });
    const script = `
import json, sys, pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
rows = table.to_pylist()
print(json.dumps([table.num_rows, sum(row["reward"] for row in rows), rows[-1]["cause"], json.loads(rows[0]["rewards"])["alive"]]))
`;
    const { stdout, stderr } = spawnSync(python, ["-c", script, output], { encoding: "utf8" });
    assert.equal(stderr, "");
    assert.deepEqual(JSON.parse(stdout), [90, 30 * (1 + 1 - 30), "Error: é\n😀", 1]);
  });

  it("is read from Parquet by DuckDB", () => {
    const found = existsSync(python) ? spawnSync(python, ["-c", "import duckdb"], { encoding: "utf8" }) : null;
    if (found?.status !== 0) {
      console.log("      no duckdb here: npm test installs it with the tests' Python tools");
      return;
    }
    const script = `
import json, sys, duckdb
file = sys.argv[1]
all = duckdb.sql(f"select count(*), sum(reward), max(step), count(distinct episode), min(rewards->>'$.harm') from '{file}'")
ends = duckdb.sql(f"select verdict, count(*) from '{file}' group by verdict order by verdict")
print(json.dumps([all.fetchall()[0], ends.fetchall()]))
`;
    const output = join(folder, "duck.parquet");
    exportRecord(record, { format: "parquet", output });
    const { stdout, stderr } = spawnSync(python, ["-c", script, output], { encoding: "utf8" });
    assert.equal(stderr, "");
    const ends = [
      ["runtime_error", 30],
      ["survived", 60],
    ];
    assert.deepEqual(JSON.parse(stdout), [[90, -840, 2, 30, "-10"], ends]);
  });

  it("is read back from CSV by Python as it is from JSONL: lines, quotes, nested values, and what is null", () => {
    if (!existsSync(python)) {
      console.log("      no Python here: npm test sets one up");
      return;
    }
    const [csv, jsonl] = [join(folder, "study.csv"), join(folder, "beside.jsonl")];
    const odd = 'a,"b"\r\nc';
    const other = openRecord(join(folder, "odd.db"), { create: true });
    const id = other.begin({ seed: 1, labels: { policy: odd } });
    for (const step of [0, 1, 2]) other.append(id, { ...entry(step, 1), program: odd });
    try {
      assert.equal(exportRecord(other, { format: "csv", output: csv }), 3);
      exportRecord(other, { format: "jsonl", output: jsonl });
      const script = `
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf8"), strict=True))
print(json.dumps(rows))`;
      const { stdout, stderr } = spawnSync(python, ["-c", script, csv], { encoding: "utf8" });
      assert.equal(stderr, "");
      const lines = readFileSync(jsonl, "utf8").trimEnd().split("\n");
      const expected = lines.map((line) =>
        Object.entries(JSON.parse(line) as object).map(([name, value]) => {
          if (value === null) return [name, ""];
          return [name, (typeof value === "object" ? JSON.stringify(value) : String(value)).toWellFormed()];
        }),
      );
      assert.deepEqual(
        (JSON.parse(stdout) as object[]).map((row) => Object.entries(row)),
        expected,
      );
      assert.equal((JSON.parse(stdout) as { program: string }[]).at(-1)?.program, odd);
      // Python cannot tell nothing from an empty text; the file does: a query is "", and there is no prompt.
      assert.match(readFileSync(csv, "utf8"), /,"",lone \ufffd,,/);
    } finally {
      other.close();
    }
  });

  it("is made of a record's path too, which is not made when it is not there; nothing is written for what is wrong", () => {
    const output = join(folder, "by-path.jsonl");
    assert.equal(
      exportRecord(record.path, { format: "jsonl", output }),
      record.episodes().reduce((n, { steps }) => n + steps, 0),
    );
    const absent = join(folder, "typo.sqlite");
    const none = join(folder, "none.csv");
    const refuses = (given: unknown, options: object, message: string): void => {
      assert.throws(() => exportRecord(given as string, { format: "csv", output: none, ...options }), {
        name: "RecordFailure",
        message,
      });
      assert.deepEqual([existsSync(absent), existsSync(none)], [false, false]);
    };
    refuses(
      absent,
      {},
      `There is no record at ${absent}: check the path, or begin one with openRecord(path, { create: true })`,
    );
    refuses(record, { format: "tsv" }, 'Expected `format` to be jsonl, csv or parquet, got "tsv"');
    refuses(record, { format: undefined }, "Expected `format` to be jsonl, csv or parquet, got undefined");
    refuses(record, { path: none }, "There is no `path` in the options of exportRecord: there are format, output");
    refuses({}, {}, "Expected `record` to be an open record, or the path of one, got {}");
  });

  it("is refused in the place of the record itself, or of a file beside it, under whatever name", () => {
    const link = join(folder, "link.csv");
    symlinkSync(record.path, link);
    for (const given of [record, record.path])
      for (const output of [record.path, link, `${record.path}-head`])
        assert.throws(() => exportRecord(given, { format: "csv", output }), {
          name: "RecordFailure",
          message: `Expected \`output\` to be a file that is none of the record's own, which the export would take the place of, got ${JSON.stringify(output)}`,
        });
    assert.deepEqual([record.verify().ok, record.episodes().length], [true, 30]);
  });

  it("has the reward that the environment gave, whatever its parts sum to", () => {
    const own = openRecord(join(folder, "own.db"), { create: true });
    const id = own.begin({ seed: 1 });
    for (const [i, reward] of [1.5, Number.NaN, -50].entries())
      own.append(id, { ...entry(i, 1), rewards: { survival: 1 }, reward });
    // Without parts: of an environment that has none, and of a step that nobody rewards.
    const bare = own.begin({ seed: 2 });
    for (const [i, reward] of [2.5, 0].entries()) own.append(bare, { ...entry(i, 1), rewards: {}, reward });
    const output = join(folder, "own.jsonl");
    exportRecord(own, { format: "jsonl", output });
    own.close();
    const rows = readFileSync(output, "utf8").trim().split("\n");
    assert.deepEqual(
      rows.map((row) => JSON.parse(row).reward),
      [1.5, null, -50, 2.5, null],
    );
  });

  it("makes its folder, and says why it could not be written", () => {
    const output = join(folder, "made", "such.jsonl");
    assert.equal(exportRecord(record, { format: "jsonl", output }), 90);
    const refuses = (format: "jsonl" | "parquet", to: string, name: string, message: string) =>
      assert.throws(() => exportRecord(record, { format, output: to }), { name, message });
    for (const format of ["jsonl", "parquet"] as const) {
      const cannot = (path: string, code: string) =>
        `${path} cannot be a file (${code}): it is a folder, or lies below a file; choose another path`;
      refuses(format, join(output, "below"), "DiskFailure", cannot(join(output, "below"), "EEXIST"));
      refuses(format, folder, "DiskFailure", cannot(folder, "EISDIR"));
    }
    assert.throws(
      () => exportRecord(record, { format: "parquet", output: "-" }),
      (error) =>
        error instanceof RecordFailure &&
        /^Expected `output` to be a file name for Parquet, .*, got "-"$/.test(error.message),
    );
  });
});
