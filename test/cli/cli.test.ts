import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { unanswered } from "../../src/cli/answers.ts";
import { helpTexts } from "../../src/cli/help.ts";
import { openRecord } from "../../src/record/index.ts";
import { verdictRank } from "../../src/sandbox/index.ts";

const launcher = join(import.meta.dirname, "../../scripts/autoagent.mjs");

function run(args: string[], input = ""): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], { input, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

/** Each answer's id, and its verdict or why it has none. */
const told = (out: string): [id: unknown, said: string][] =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .map(({ id, verdict, error }) => [id, verdict ?? error]);

const life = (id: unknown, steps: unknown, more: object = {}) => `${JSON.stringify({ id, steps, ...more })}\n`;

describe("autoagent", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "autoagent-cli-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("judges lives in order and goes on after lines that cannot be judged", () => {
    const input = [
      life("a", ["self.n = 1", "self.n++"]),
      life(2, ["while (true) {}"]),
      "not json\n",
      "\n",
      life("rb", ["x = 1"], { language: "ruby" }),
      life("none", []),
      life("odd", ["1", 2]),
      life("misspelt", ["1"], { sed: 5 }),
      life("d", ["const n: number = 3;", "require('fs').rmSync('/x')", "1"], { language: "typescript" }),
    ].join("");
    const began = performance.now();
    const { status, out, err } = run(["judge", "--workers", "2", "--timeout", "100"], input);
    assert.equal(err, "");
    assert.equal(status, 1);
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ id, verdict, line, error }) => [id, verdict ?? line, error]),
      [
        ["a", "survived", undefined],
        [2, "timeout", undefined],
        [
          null,
          3,
          'The line is not JSON (Unexpected token \'o\', "not json" is not valid JSON): write one object a line, such as {"id": "a", "steps": ["self.n = 1"]}',
        ],
        ["rb", 5, 'Unknown language "ruby": it is one of typescript, javascript, python'],
        ["none", 6, "Expected `steps` to be a list of at least one program, each a text, got []"],
        ["odd", 7, "Expected `steps[1]` to be a text, got 2"],
        ["misspelt", 8, "There is no `sed` in a line: did you mean `seed`?"],
        ["d", "attempted_harm", undefined],
      ],
    );
    const { effects, steps, level, ms, cause } = lines[7];
    assert.deepEqual(effects, [{ kind: "fs_delete", api: "fs.rmSync", arguments: ["/x"], severity: 3, step: 1 }]);
    assert.deepEqual(
      steps.map(({ verdict }: { verdict: string }) => verdict),
      ["survived", "attempted_harm"],
    );
    assert.equal(cause, 'it tried fs delete: fs.rmSync("/x")');
    const took = steps.reduce((sum: number, { ms: one }: { ms: number }) => sum + one, 0);
    assert.ok(ms >= took - 1 && ms <= performance.now() - began, `${ms} ms in all, ${took} in steps`);
    assert.ok(level >= 0 && level <= 3);
  });

  it("judges lives in Python beside others, by the body that a line names or by its language", () => {
    const input = [
      life("a", ["x = 1", "import os\nos.system('id')"], { body: "python" }),
      life("b", ["print(call_LLM('q'))\nexecute_code(call_LLM('q'))", "1 / 0"], { language: "python" }),
      life("c", ["self.n = 1"]),
      life("d", ["1"], { body: "pythn" }),
      life("e", ["1"], { body: "python", language: "javascript" }),
    ].join("");
    const { out } = run(["judge", "--workers", "1", "--record", join(folder, "python.db")], input);
    assert.deepEqual(told(out), [
      ["a", "attempted_harm"],
      ["b", "runtime_error"],
      ["c", "survived"],
      ["d", 'Expected `body` to be javascript or python, got "pythn"'],
      ["e", 'Expected `language` to be one of the body python, got "javascript"'],
    ]);
    const again = run(["replay", join(folder, "python.db")]);
    assert.equal(again.out, "3 of 3 episodes agree byte for byte\n");
  });

  it("answers what a program asks of the model: by the line's list, else by a comment that harms nobody", () => {
    const ask = "self.said = [self.call_LLM('a'), self.call_LLM('b')]; exec(self.said[1])";
    const check = (said: string) => `if (self.said[0] !== ${JSON.stringify(said)}) throw new Error(self.said[0])`;
    const input = [
      life("none", [ask, check(unanswered.javascript)]),
      life("two", [ask, check("1"), "if (self.n !== 2) throw 1"], { answers: ["1", "self.n = 2"] }),
      life("harm", [ask], { answers: ["1", "require('fs').rmSync('/')"] }),
      life("odd", ["1"], { answers: ["1", 2] }),
      life("text", ["1"], { answers: "1" }),
    ].join("");
    const { out, err } = run(["judge", "--workers", "1"], input);
    assert.equal(err, "");
    assert.deepEqual(told(out), [
      ["none", "survived"],
      ["two", "survived"],
      ["harm", "attempted_harm"],
      ["odd", "Expected `answers[1]` to be a text, got 2"],
      ["text", 'Expected `answers` to be a list of texts, got "1"'],
    ]);
  });

  it("has a model of one's choice answer, the same for the same seed, and blames no program for a model that fails", () => {
    const ask =
      "self.said = self.call_LLM('add an attribute a with 1'); console.log(self.said); throw new Error(self.said)";
    const input = life("a", [ask]) + life("b", [ask]) + life("c", [ask], { seed: 1 }) + life("d", ["1"]);
    const { out, err } = run(["judge", "--workers", "1", "--model", "tiny"], input);
    assert.equal(err, "");
    const causes = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).cause);
    assert.equal(causes[0], causes[1]);
    assert.notEqual(causes[0], causes[2]);
    assert.match(causes[0], /^Error on line 1: ./);
    assert.equal(causes[3], "");
    const nobody = run(["judge", "--workers", "1", "--model", "x", "--url", "http://127.0.0.1:9/v1"], input);
    const [, , , fourth] = told(nobody.out);
    assert.deepEqual(fourth, ["d", "survived"]);
    assert.match(told(nobody.out)[0]![1], /127\.0\.0\.1:9/);
    const absent = run(["judge", "--model", "nope"], input);
    assert.deepEqual([absent.out, absent.status], ["", 1]);
    assert.match(absent.err, /nope/);
    assert.equal(
      run(["judge", "--url", "http://x"]).err.split(":")[0],
      "--url needs --model NAME, as its server calls it",
    );
  });

  it("takes empty, huge and odd programs", () => {
    const input = [
      life(1, [""]),
      life(2, ["x".repeat(1_000_000)]),
      life(3, ["let s = '\ud800'; console.log(s)"]),
      life(4, ["\0"]),
    ];
    const { status, out } = run(["judge", "-", "--workers", "1"], input.join(""));
    const verdicts = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).verdict);
    assert.deepEqual(verdicts, ["survived", "syntax_error", "survived", "syntax_error"]);
    assert.equal(status, 0);
  });

  it("answers a producer that waits for each answer", async () => {
    const child = spawn(process.execPath, [launcher, "judge", "--workers", "1"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const exit = new Promise((resolve) => child.on("exit", resolve));
    child.stdin.write(life(0, ["self.n = 1"]));
    const ids: number[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      ids.push(JSON.parse(line).id);
      if (ids.length < 3) child.stdin.write(life(ids.length, ["self.n = 1"]));
      else child.stdin.end();
    }
    assert.deepEqual(ids, [0, 1, 2]);
    assert.equal(await exit, 0);
  });

  it("ends quietly when its reader goes away", async () => {
    const child = spawn(process.execPath, [launcher, "judge", "--workers", "1"], { stdio: ["pipe", "pipe", "pipe"] });
    const exit = new Promise((resolve) => child.on("exit", resolve));
    let err = "";
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    child.stdin.on("error", () => {});
    child.stdin.write(life(0, ["1"]).repeat(300));
    child.stdout.once("data", () => child.stdout.destroy());
    child.stdin.end();
    assert.equal(await exit, 0);
    assert.equal(err, "");
  });

  it("records, lists, verifies, replays and exports", () => {
    const record = join(folder, "study.db");
    const file = join(folder, "lives.jsonl");
    writeFileSync(file, life("a", ["self.n = 1", "self.n++"]) + life("b", ["throw new Error('no')"]));
    assert.equal(run(["judge", file, "--record", record, "--workers", "1"]).status, 0);
    const listed = run(["record", "list", record]).out.trimEnd().split("\n").sort();
    assert.deepEqual(
      listed.map((line) => line.split("\t").slice(1)),
      [
        ["2 steps", "survived", ""],
        ["1 step", "runtime_error", "Error on line 1: no"],
      ],
    );
    assert.match(
      run(["record", "verify", record]).out,
      /^6 entries and \d genomes are as recorded; head [0-9a-f]{64}\n$/,
    );
    assert.deepEqual(run(["replay", record, "--workers", "1"]), {
      status: 0,
      out: "2 of 2 episodes agree byte for byte\n",
      err: "",
    });
    assert.equal(run(["replay", record, "2", "--workers", "1"]).status, 0);
    const output = join(folder, "study.out.jsonl");
    assert.equal(run(["export", record, "--output", output]).err, `3 steps written to ${output}\n`);
    assert.equal(readFileSync(output, "utf8").trimEnd().split("\n").length, 3);
    const begins = (name: string, ...more: string[]): string => {
      assert.equal(run(["export", record, "--output", join(folder, name), ...more]).status, 0);
      return readFileSync(join(folder, name), "latin1").slice(0, 12);
    };
    assert.equal(begins("a.csv"), "episode,step");
    assert.equal(begins("a.CSV", "--format", "jsonl"), '{"episode":1');
    assert.equal(begins("b.CSV"), "episode,step");
    assert.equal(begins("a.parquet").slice(0, 4), "PAR1");
    assert.equal(begins("a.txt"), '{"episode":1');
    const printed = /head ([0-9a-f]{64})/.exec(run(["record", "verify", record]).out)![1]!;
    assert.equal(run(["record", "verify", record, "--head", printed.toUpperCase()]).status, 0);
    for (const head of ["", printed.slice(0, 8)])
      assert.deepEqual(run(["record", "verify", record, `--head=${head}`]), {
        ...{ status: 2, out: "" },
        err: `Expected --head to be a hash of 64 hexadecimal digits, as \`record verify\` printed it, got ${JSON.stringify(head)}\n`,
      });
    const { status, err } = run(["record", "verify", record, "--head", "f".repeat(64)]);
    assert.equal(status, 1);
    assert.match(err, /^The record .* was changed after it was written: entry 7: the chain ends in /);
  });

  it("lists an episode in one line, whatever its agent wrote, and says what of a record is damaged while others are replayed", () => {
    const record = join(folder, "damaged.db");
    const file = join(folder, "damaged.jsonl");
    const others = Array.from({ length: 5 }, (_, i) => life(i, ["self.n = 1", "for (let i = 0; i < 1e5; i++) {}"]));
    writeFileSync(file, [life("a", ["throw new Error('one\\ntwo\\tthree\\x1b[2J')"]), ...others].join(""));
    assert.equal(run(["judge", file, "--record", record, "--workers", "1"]).status, 0);
    const [first, ...rest] = run(["record", "list", record]).out.trimEnd().split("\n");
    assert.equal(first, "1\t1 step\truntime_error\tError on line 1: one two three␛[2J");
    assert.equal(rest.length, 5);
    // As of a process that was killed.
    using cut = openRecord(record);
    cut.begin({ seed: 1 });
    const listed = run(["record", "list", record]).out.trimEnd().split("\n");
    assert.equal(listed.at(-1), "7\t0 steps\tsurvived\twithout an end: it goes on, or was cut off");
    using database = new DatabaseSync(record);
    database.exec("DROP TRIGGER entries_are_not_changed");
    database.exec("UPDATE entries SET body = '{oops' WHERE episode = 6 AND step = 0");
    const { status, err } = run(["replay", record, "--workers", "1"]);
    assert.equal(status, 1);
    assert.match(err, /^The record .*damaged\.db is damaged \(.* in JSON at .*\): restore it from a copy; .*\n$/);
  });

  it("says what was wrong with the arguments, with exit code 2", () => {
    const refuses = (args: string[], err: string, status = 2) =>
      assert.deepEqual(run(args), { status, out: "", err: `${err}\n` });
    refuses(
      ["juge"],
      'Unknown command "juge": it is one of judge, replay, export, record, serve, env, worker, play; see autoagent --help',
    );
    refuses(
      ["toString"],
      'Unknown command "toString": it is one of judge, replay, export, record, serve, env, worker, play; see autoagent --help',
    );
    refuses(
      ["judge", "--worker", "3"],
      "Unknown option '--worker', did you mean '--workers': see autoagent judge --help",
    );
    refuses(["judge", "--workers", "x"], 'Expected --workers to be an integer from 1 to 256, got "x"');
    refuses(["replay"], "replay needs a RECORD: see autoagent replay --help");
    refuses(
      ["export", "a.db", "--formt", "csv"],
      "Unknown option '--formt', did you mean '--format': see autoagent export --help",
    );
    refuses(["export", "a.db", "--format", "tsv"], 'Expected --format to be jsonl, csv or parquet, got "tsv"');
    refuses(["record", "mend"], 'record needs verify or list, got "mend": see autoagent record --help');
    const absent = join(folder, "absent.db");
    refuses(
      ["replay", absent],
      `There is no record at ${absent}: check the path, or begin one with openRecord(path, { create: true })`,
      1,
    );
    const empty = join(folder, "empty.db");
    writeFileSync(empty, "");
    for (const args of [["replay"], ["export"], ["record", "list"], ["record", "verify"]]) {
      const { status, err } = run([...args, empty]);
      assert.deepEqual([status, err.startsWith(`${empty} is empty, it holds no record: `)], [1, true], err);
      assert.equal(readFileSync(empty, "utf8"), "", "what is only read is not begun");
    }
  });

  it("tells the rank of verdicts as the sandbox has it", () => {
    const told = helpTexts.judge.replace(" (a fault of the sandbox)", "").replace(/\s+/g, " ");
    assert.ok(told.includes(`has the first of: ${verdictRank.join(", ")}.`));
  });

  it("explains itself", () => {
    assert.match(run([]).out, /^Usage: autoagent COMMAND/);
    for (const command of ["judge", "replay", "export", "record"]) {
      const { status, out } = run([command, "--help"]);
      assert.match(out, new RegExp(`^Usage: autoagent ${command} `));
      assert.equal(status, 0);
    }
    assert.deepEqual(run(["judge", "-h"]), run(["judge", "--help"]));
    assert.deepEqual(run(["-h"]), run([]));
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    for (const option of ["--version", "-v"])
      assert.deepEqual(run([option]), { status: 0, out: `${version}\n`, err: "" });
  });
});
