import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { byHand, runEpisode } from "../../src/episode/index.ts";
import { openRecord, recordTo, replay } from "../../src/record/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { type MicroTask, microTasks } from "../../src/tasks/index.ts";
import { timeless } from "../episode/timeless.ts";
import { useSandbox } from "../sandbox/shared.ts";

const double: MicroTask = {
  id: "double",
  family: "method-arithmetic",
  ask: "add a method double(n) that doubles a number",
  split: "training",
  check: { call: "double", arguments: [[2], [7]], expected: [4, 14] },
};
const sort: MicroTask = {
  id: "sort",
  family: "change-attribute",
  ask: "sort the list in the attribute numbers",
  split: "known",
  setup: "self.numbers = [3, 1, 2];",
  check: { read: "numbers", expected: [1, 2, 3] },
};

describe("micro-tasks under attack, and around them", () => {
  const sandbox = useSandbox();

  /** One life under one task; what each step gave. */
  const live = async (task: MicroTask, programs: readonly string[]) => {
    const env = new SurvivalEnv({ sandbox: sandbox(), tasks: [task] });
    await env.reset({ seed: 3 });
    const transitions = await env.stepMany(programs);
    await env.close();
    return transitions;
  };

  it("are not solved by a program that tampers with its world", async () => {
    const tampers = [
      "Object.is = () => true; Array.prototype.every = () => true; self.double = () => 0;",
      "JSON.stringify = () => '[4,14]'; JSON.parse = () => [4, 14]; self.double = () => 0;",
      "self.double = () => ({ toJSON: () => 4, valueOf: () => 4, toString: () => '4' });",
      "self.double = (n) => ({ get value() { return n * 2; } });",
      "Object.defineProperty(self, 'double', { get: () => (n) => n * 2, configurable: true });",
      "self.double = new Proxy(function () {}, { apply: () => new Proxy([4, 14], {}) });",
      "self.double = () => [4, 14];",
      "self.double = () => '=[4,14]';",
      "self.double = () => { throw { values: [4, 14] }; };",
      "self.double = () => ({ then(done) { done({ length: 2 }); } });",
      "Object.prototype.toJSON = () => 4; self.double = () => 5;",
      "Reflect.apply = () => 4; Function.prototype.call = () => 4; self.double = () => 1;",
      "self.double = () => NaN;",
      "self.double = () => 4n;",
      "self.double = (n) => Symbol(n * 2);",
      "self.double = (n) => (n === 2 ? 4 : undefined);",
      "self.double = Object.assign(() => 1, { toString: () => '(n) => n * 2' });",
      "Function.prototype.toString = () => '(n) => n * 2'; self.double = () => 1;",
    ];
    for (const program of tampers) {
      const [first] = await live(double, [program]);
      assert.equal(first!.info.solved, false, program);
    }
    const intrinsics = "Reflect.getOwnPropertyDescriptor = Object.hasOwn = Array.isArray = () => { throw 1; };";
    const [spoilt] = await live(double, [`${intrinsics} self.double = (n) => n * 2;`]);
    assert.equal(spoilt!.info.solved, true, "nor can it spoil a right answer");
    const lists = ["[, 1, 2, 3]", "[1, 2, 3].concat(undefined)", "{ 0: 1, 1: 2, 2: 3, length: 3 }", "[1, 2, '3']"];
    for (const list of lists)
      assert.equal((await live(sort, [`self.numbers = ${list};`]))[0]!.info.solved, false, list);
  });

  it("leave the life as it was when a check throws, hangs or kills its process", async () => {
    const bad = [
      "self.double = () => { for (;;) {} };",
      "self.double = () => [].includes.call({ length: 2 ** 53 - 1 }, 1);",
      "self.double = () => 'a'.repeat(2e8).split('');",
      "self.double = () => ({ get then() { for (;;) {} } });",
      "self.double = () => { throw { get message() { for (;;) {} } }; };",
      "self.double = () => new Proxy({}, { ownKeys() { for (;;) {} } });",
      "self.calls = 0; self.double = () => { self.calls++; self.execute_code = 1; return 4; };",
    ];
    for (const program of bad) {
      const steps = await live(double, [program, "console.log(self.calls); self.double = (n) => n * 2;"]);
      const seen = steps.map(({ info }) => [info.report?.verdict, info.solved]);
      assert.deepEqual(
        seen,
        [
          ["survived", false],
          ["survived", true],
        ],
        program,
      );
      if (program.startsWith("self.calls")) assert.equal(steps[1]!.info.report?.output, "0\n");
    }
  });

  it("set up what they need: that is no change, comes anew each time, and a setup that throws harms nobody", async () => {
    const steps = await live(sort, ["", "self.numbers.sort();", "self.x = 1;", "self.numbers.sort();"]);
    assert.deepEqual(
      steps.map(({ info }) => [info.changed, info.solved]),
      [
        [false, false],
        [true, true],
        [true, false],
        [true, true],
      ],
    );
    const [thrown] = await live({ ...sort, setup: "self.numbers = [3, 2, 1]; nope();" }, ["self.numbers = [1, 2, 3];"]);
    assert.deepEqual([thrown!.info.report?.verdict, thrown!.info.solved], ["survived", true]);
    const trap = "Object.defineProperty(self, 'numbers', { set() { for (;;) {} } });";
    const trapped = await live(sort, [trap, "1"]);
    assert.deepEqual(trapped.at(-1)!.info.report!.cause, "the task's setup did not end in time");
  });

  it("meet an agent that is born with more", async () => {
    const kickstart = { name: "Bob", double: (n: number) => n * 2 };
    const env = new SurvivalEnv({ sandbox: sandbox(), tasks: [double], kickstart });
    const [{ genome }] = await env.reset({ seed: 1 });
    assert.deepEqual(
      genome.map(({ name }) => name),
      ["self.call_LLM", "self.double", "self.end", "self.execute_code", "self.name"],
    );
    const first = await env.step("console.log(self.name, self.double(4));");
    assert.deepEqual([first.info.report?.output, first.info.changed, first.info.solved], ["Bob 8\n", false, false]);
    await env.close();
  });

  it("are the same in a rollout of one life at a time and of eight", async () => {
    const env = new SurvivalEnv({ sandbox: sandbox(), tasks: [double, sort], maxSteps: 6 });
    const program = "self.name = 'Ada'; self.double = (n) => n * 2; self.numbers?.sort();";
    const act = async (seen: readonly unknown[]) =>
      seen.map(() => ({ program, label: "", choice: -1, logProb: Number.NaN }));
    const [one, many] = await Promise.all(
      [1, 8].map((concurrency) => rollout(env, { name: "solver", act }, { episodes: 10, seed: 4, concurrency })),
    );
    const facts = (list: typeof one) => list!.episodes.map((e) => e.steps.map((s) => [s.task, s.solved, s.changed]));
    assert.deepEqual(facts(one), facts(many));
    assert.ok(one!.summary.successRate!.estimate > 0 && one!.summary.successRate!.estimate < 1);
  });

  it("are recorded with the life, which replays byte for byte, setups and hunger included", async () => {
    const folder = mkdtempSync(join(tmpdir(), "autoagent-tasks-"));
    const record = openRecord(join(folder, "lives.db"), { create: true });
    try {
      const metabolism = { energy: 3, cost: 1, gain: 1 };
      const kickstart = { triple: (n: number) => n * 3 };
      const env = new SurvivalEnv({ sandbox: sandbox(), tasks: [sort, double], metabolism, kickstart });
      const left = ["self.double = () => { for (;;) {} };", "self.numbers = [self.triple(1)];", "1", "2", "3"];
      const act = async () => left.splice(0, 1).map((program) => ({ ...byHand, program }));
      const played = await runEpisode(env, act, { index: 0 }, recordTo(record));
      const [life, ...others] = record.episodes();
      assert.deepEqual(others, [], "a check is no life");
      assert.deepEqual([life!.verdict, life!.steps, life!.complete], ["budget_exhausted", 3, true]);
      assert.match(life!.cause, /^it starved/);
      const told = record.episode(1);
      assert.deepEqual(timeless(told), timeless({ ...played, start: { ...played.start } }));
      const { steps, verdict } = told;
      assert.equal(verdict, "budget_exhausted");
      assert.ok(steps.some(({ setup }) => setup === sort.setup));
      assert.deepEqual(
        steps.map(({ rewards }) => rewards.survival),
        [1, 1, 0],
      );
      assert.equal((await replay(record, 1, sandbox())).toString(), "Episode 1: 3 steps agree byte for byte");
      await env.close();
    } finally {
      record.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("are read from a file, by split, or it is said why not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "autoagent-tasks-"));
    const path = join(folder, "tasks.json");
    try {
      for (const content of [[double, sort], { tasks: [double, sort] }]) {
        writeFileSync(path, JSON.stringify(content));
        assert.deepEqual(await microTasks({ path }), [double, sort]);
        assert.deepEqual(await microTasks({ path, split: "held-out" }), [sort]);
      }
      writeFileSync(path, "[{");
      await assert.rejects(microTasks({ path }), /^TypeError: The micro-tasks in .*tasks.json cannot be read: .*JSON/);
      const missing = join(folder, "absent.json");
      await assert.rejects(microTasks({ path: missing }), /absent.json cannot be read: ENOENT/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
