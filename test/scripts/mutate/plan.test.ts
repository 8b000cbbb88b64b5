/** Which tests judge a change: what each loads and runs, and in which order they are asked. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { distancesFrom, readLoads } from "../../../scripts/mutate/loads.ts";
import { findMutants } from "../../../scripts/mutate/mutants.ts";
import { isOwn, makePlanner } from "../../../scripts/mutate/plan.ts";

const root = resolve(import.meta.dirname, "../../..");

describe("the map from a test to what it loads", () => {
  const files = ["src", "kernel", "test", "scripts"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`),
  );
  const loads = readLoads(root, files);
  const loaded = (test: string): Map<string, number> => distancesFrom(test, loads);

  it("follows processes, threads and commands that are started by their paths", () => {
    assert.ok(
      loaded("test/sandbox/pool.test.ts").has("src/sandbox/bodies/javascript/child/guest.ts"),
      "the sandbox's child",
    );
    assert.ok(
      loaded("test/kernel/session/session.test.ts").has("kernel/session/user/main.ts"),
      "the kernel's user process",
    );
    assert.ok(loaded("test/kernel/session/session.test.ts").has("kernel/session/user/interrupt.ts"), "its thread");
    assert.ok(loaded("test/cli/cli.test.ts").has("src/cli/judge.ts"), "a command");
    assert.ok(loaded("test/training/study.test.ts").has("test/training/studied.ts"), "a program of a test's own");
  });

  it("leaves out what is imported as a type only, and what nothing leads to", () => {
    assert.ok(!loaded("test/statistics/claims.test.ts").has("src/sandbox/host/locks.ts"));
    assert.ok(!loaded("test/cli/cli.test.ts").has("src/sandbox/types.ts"));
  });

  it("misses no file that has something to change: some test leads to each", () => {
    const tests = files.filter((file) => file.endsWith(".test.ts") && !file.startsWith("test/scripts/mutate/"));
    const reached = new Set(tests.flatMap((test) => [...loaded(test).keys()]));
    const missed = files
      .filter((file) => /^(src|kernel)\/.*\.ts$/.test(file) && !file.endsWith(".d.ts") && !reached.has(file))
      .filter((file) => findMutants(file, readFileSync(join(root, file), "utf8")).length > 0);
    assert.deepEqual(missed, [], "every change there would be called a survivor, and nothing would have been run");
  });
});

describe("a plan", () => {
  const files = ["test/a/a.test.ts", "test/a/slow.test.ts", "test/far.test.ts", "test/other.test.ts"];
  const loads = new Map([
    ["test/a/a.test.ts", new Set(["src/a/a.ts"])],
    ["test/a/slow.test.ts", new Set(["src/a/a.ts"])],
    ["test/far.test.ts", new Set(["src/b.ts"])],
    ["src/b.ts", new Set(["src/a/a.ts"])],
  ]);
  const seconds: { [test: string]: number } = {
    "test/a/a.test.ts": 3,
    "test/a/slow.test.ts": 50,
    "test/far.test.ts": 2,
  };
  const plan = (budget: number) =>
    makePlanner({ tests: files, loads, secondsOf: (test) => seconds[test], budget }).planFor("src/a/a.ts");

  it("takes quick and near tests first, stays within its seconds, and never leaves a file without a test", () => {
    assert.deepEqual(plan(60).tests, ["test/a/a.test.ts", "test/far.test.ts", "test/a/slow.test.ts"]);
    assert.deepEqual(plan(10), { tests: ["test/a/a.test.ts", "test/far.test.ts"], left: 1 });
    assert.deepEqual(plan(0.5), { tests: ["test/a/a.test.ts"], left: 2 });
    assert.equal(plan(55 / 3).left, 0, "three times as much for the folder's own, up to the last second");
    assert.equal(plan(54 / 3).left, 1);
  });

  it("leaves out what does not run the changed place, and prefers what does for certain", () => {
    const planner = makePlanner({ tests: files, loads, secondsOf: (test) => (test === files[2] ? 1 : 3), budget: 60 });
    const [own, slow, far] = files as [string, string, string];
    assert.deepEqual(planner.planFor("src/a/a.ts").tests, [own, slow, far]);
    assert.deepEqual(planner.planFor("src/a/a.ts", { runs: (test) => (test === own ? false : undefined) }), {
      tests: [slow, far],
      left: 0,
    });
    const { tests } = planner.planFor("src/a/a.ts", { runs: (test) => test === slow || undefined });
    assert.deepEqual(tests, [slow, own, far]);
  });

  it("prefers what imports the file by itself", () => {
    const more = new Map(loads).set("test/a/0.test.ts", new Set(["src/b.ts"]));
    const planner = makePlanner({ tests: ["test/a/0.test.ts", ...files], loads: more, secondsOf: () => 1, budget: 60 });
    const { tests } = planner.planFor("src/a/a.ts");
    assert.deepEqual(tests, ["test/a/a.test.ts", "test/a/slow.test.ts", "test/a/0.test.ts", "test/far.test.ts"]);
  });

  it("begins with what noticed a change of the file before", () => {
    const planner = makePlanner({ tests: files, loads, secondsOf: (test) => seconds[test], budget: 60 });
    const noticed = new Map([
      ["test/far.test.ts", 1],
      ["test/a/slow.test.ts", 4],
    ]);
    assert.deepEqual(planner.planFor("src/a/a.ts", { noticed }).tests, [
      "test/a/slow.test.ts",
      "test/far.test.ts",
      "test/a/a.test.ts",
    ]);
  });

  it("runs the folder's quick files before a slow namesake, which runs all the same", () => {
    const slow: typeof seconds = { ...seconds, "test/a/a.test.ts": 80, "test/a/slow.test.ts": 5 };
    const planner = makePlanner({ tests: files, loads, secondsOf: (test) => slow[test], budget: 10 });
    assert.deepEqual(planner.planFor("src/a/a.ts").tests, [
      "test/a/slow.test.ts",
      "test/far.test.ts",
      "test/a/a.test.ts",
    ]);
  });

  it("takes the test that is called as a folder for the namesake of where the folder begins", () => {
    const tests = ["test/a/a.test.ts", "test/a/other.test.ts"];
    const sources = ["src/a/index.ts", "src/a/main.ts", "src/a/deeper/index.ts", "src/a/b.ts"];
    const all = new Map(tests.map((test) => [test, new Set(sources)]));
    const known: { [test: string]: number } = { "test/a/a.test.ts": 80, "test/a/other.test.ts": 1 };
    const planner = makePlanner({ tests, loads: all, secondsOf: (test) => known[test], budget: 10 });
    const planned = sources.map((file) => planner.planFor(file).tests.includes("test/a/a.test.ts"));
    assert.deepEqual(planned, [true, true, false, false]);
  });

  it("takes the tests of the corpus for those of each of its folders, and deeper folders' for their noun's", () => {
    const pairs: [test: string, file: string, is: boolean][] = [
      ["test/corpus/corpus.test.ts", "corpus/draw.ts", true],
      ["test/corpus/corpus.test.ts", "corpus/families/lists.ts", true],
      ["test/model/draw.test.ts", "corpus/draw.ts", false],
      ["test/policy/token/head.test.ts", "src/policy/token/head.ts", true],
      ["test/kernel/wire/wire.test.ts", "kernel/wire/sockets.ts", true],
      ["test/kernel/wire/wire.test.ts", "kernel/session/runs.ts", false],
      ["test/kernel/language-service/check.test.ts", "kernel/language/check.ts", true],
    ];
    for (const [test, file, is] of pairs) assert.equal(isOwn(test, file), is, `${test} of ${file}`);
  });

  it("gives other folders' files two fifths of the seconds, but those that noticed one before", () => {
    const others = [1, 2, 3].map((i) => `test/b/${i}.test.ts`);
    const planner = makePlanner({
      tests: ["test/a/a.test.ts", ...others],
      loads: new Map(["test/a/a.test.ts", ...others].map((test) => [test, new Set(["src/a/a.ts"])])),
      secondsOf: (test) => (test === "test/a/a.test.ts" ? 1 : 2),
      budget: 10,
    });
    const [first, second, third] = others as [string, string, string];
    const own = "test/a/a.test.ts";
    assert.deepEqual(planner.planFor("src/a/a.ts"), { tests: [own, first, second], left: 1 });
    assert.deepEqual(planner.planFor("src/a/a.ts", { noticed: new Map([[third, 1]]) }), {
      tests: [third, own, first, second],
      left: 0,
    });
  });

  it("takes a file that has never run for an average one", () => {
    const known: typeof seconds = { ...seconds, "test/a/slow.test.ts": undefined! };
    const planner = makePlanner({ tests: files, loads, secondsOf: (test) => known[test], budget: 9 });
    assert.deepEqual(planner.planFor("src/a/a.ts").tests, ["test/a/a.test.ts", "test/a/slow.test.ts"]);
  });
});
