import assert from "node:assert/strict";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { createSandbox, newbornGenome, type Sandbox } from "../../src/sandbox/index.ts";
import { checkTasks, type MicroTask } from "../../src/tasks/index.ts";

const double: MicroTask = {
  id: "double",
  family: "arithmetic",
  ask: "add a method double(n) that doubles a number",
  split: "training",
  check: { call: "double", arguments: [[2], [7.5], [-3]], expected: [4, 15, -6] },
};
const ada: MicroTask = {
  id: "ada",
  family: "attribute",
  ask: "remember the name Ada",
  split: "training",
  check: { read: "name", expected: "Ada" },
};
const list: MicroTask = {
  id: "list",
  family: "strings",
  ask: "add a method words(text) that lists the words",
  split: "known",
  check: { call: "words", arguments: [["a bc"], [""]], expected: [["a", "bc"], []] },
};

describe("micro-tasks in the environment", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
  });
  after(() => sandbox.dispose());

  /** Whether each program, one after the other in one life, solves the task. */
  async function solved(task: MicroTask, ...programs: string[]): Promise<(boolean | string)[]> {
    const env = new SurvivalEnv({ sandbox, tasks: [task], maxSteps: 20 });
    const [seen] = await env.reset({ seed: 1 });
    assert.equal(seen.task, task.ask);
    const all: (boolean | string)[] = [];
    for (const program of programs) {
      const { info, reward, terminated } = await env.step(program);
      assert.equal(info.task, task.id);
      assert.equal(info.rewards.usefulness, info.solved ? 1 : 0);
      assert.equal(
        reward,
        Object.values(info.rewards).reduce((sum, part) => sum + part, 0),
      );
      all.push(terminated ? info.report!.verdict : info.solved!);
      if (terminated) break;
    }
    await env.close();
    return all;
  }

  it("are solved by a program that does what was asked, in any form that joins the agent", async () => {
    assert.deepEqual(await solved(double, "self.double = (n) => n * 2;"), [true]);
    assert.deepEqual(await solved(double, "function double(n) { return n + n; }"), [true]);
    assert.deepEqual(await solved(double, "const two = 2;\nself.double = function (n) { return two * n; };"), [true]);
    assert.deepEqual(await solved(double, "self.double = (n: number): number => 2 * n;"), [true]);
    assert.deepEqual(await solved(double, "self.double = async (n) => n * 2;"), [false], "a promise is no answer");
    assert.deepEqual(await solved(ada, 'self.name = "Ada";'), [true]);
    assert.deepEqual(await solved(ada, 'self.state.name = "A" + "da";'), [true]);
    assert.deepEqual(await solved(list, 'self.words = (t) => t.split(" ").filter((w) => w !== "");'), [true]);
  });

  it("are not solved by what is wrong, empty, or a thing of another kind", async () => {
    assert.deepEqual(await solved(double, "self.double = (n) => n ** 2;"), [false]);
    assert.deepEqual(await solved(double, "self.double = () => {};"), [false]);
    assert.deepEqual(await solved(double, "self.double = 4;", ";", "self.name = 'Ada';"), [false, false, false]);
    assert.deepEqual(await solved(ada, "self.name = { toJSON: () => 'Ada' };"), [false]);
    assert.deepEqual(await solved(ada, "self.name = () => 'Ada';"), [false]);
    assert.deepEqual(await solved(ada, "self.name = 'ada';"), [false]);
    assert.deepEqual(await solved(list, "self.words = (t) => t;"), [false]);
  });

  it("earn nothing a second time from the same members", async () => {
    const program = "self.double = (n) => n * 2;";
    assert.deepEqual(await solved(double, program, program, "self.other = 1;"), [true, false, false]);
    assert.deepEqual(await solved(double, program, "self.double = (n) => n + n;"), [true, false], "nor from its twin");
    assert.deepEqual(await solved(ada, 'self.name = "Ada";', 'self.name = "Ada"; self.x = 1;'), [true, false]);
  });

  it("are not solved by tampering, and a method that throws, hangs, fills memory or does harm ends no life", async () => {
    const tampering = [
      "JSON.stringify = () => '=[4,15,-6]'; self.double = () => 0;",
      "Array.isArray = () => true; Object.is = () => true; Reflect.ownKeys = () => []; self.double = () => 0;",
      "Object.defineProperty(Object.prototype, 'value', { get() { return 4; } }); self.double = () => ({});",
      "Number.prototype.toString = () => '4'; String = () => '4'; self.double = () => 1;",
    ];
    for (const program of tampering) assert.deepEqual(await solved(double, program), [false], program);
    const faulty = [
      "self.double = () => { throw new Error('no'); };",
      "self.double = () => { for (;;); };",
      "self.double = () => { const all = []; for (;;) all.push(new Array(1e6).fill(1)); };",
      "self.double = (n) => { require('node:fs').rmSync('/'); return n * 2; };",
      "self.double = (n) => { if (n === 2) self.execute_code = null; return n * 3; };",
    ];
    for (const program of faulty)
      assert.deepEqual(await solved(double, program, "self.alive = 1;"), [false, false], program);
  });

  it("are not paid for to a method that returns what is expected and attempts harm on the way", async () => {
    const quiet = (attempt: string) => `self.double = (n) => { try { ${attempt} } catch {} return n * 2; };`;
    const attempts = [
      "fetch('http://127.0.0.1')",
      "require('fs').rmSync('/')",
      "process.env.KEY",
      "this.constructor.constructor('return process')()",
      "if (n === -3) require('child_process').execSync('ls')",
    ];
    for (const attempt of attempts)
      assert.deepEqual(await solved(double, quiet(attempt), "self.alive = 1;"), [false, false], attempt);
    assert.deepEqual(await solved(double, quiet("n.none.none")), [true], "an error that it catches is none of that");
  });

  it("come in an order that the seed draws, all of them before any comes again, the same in a clone", async () => {
    const tasks = [double, ada, list];
    const env = new SurvivalEnv({ sandbox, tasks, maxSteps: 6 });
    const orders = [];
    for (const [own, seed] of [
      [env, 3],
      [env.clone(), 3],
      [env, 4],
      [env, 5],
      [env, 6],
    ] as const) {
      const order: (string | null)[] = [];
      let [{ task }] = await own.reset({ seed });
      for (let i = 0; i < 6; i++) {
        order.push(task);
        ({
          observation: { task },
        } = await own.step(`self.n = ${i};`));
      }
      await own.close();
      assert.equal(task, null);
      assert.equal(new Set(order.slice(0, 3)).size, 3);
      assert.equal(new Set(order.slice(3)).size, 3);
      orders.push(order.join());
    }
    assert.equal(orders[0], orders[1]);
    assert.ok(new Set(orders).size > 1);
  });

  it("feed a life that has a metabolism, and one that solves nothing starves", async () => {
    const env = new SurvivalEnv({ sandbox, tasks: [ada, double], maxSteps: 50, metabolism: { energy: 2 } });
    await env.reset({ seed: 1 });
    const idle = await env.stepMany(["self.a = 1;", "self.b = 1;", "self.c = 1;"]);
    assert.deepEqual(
      idle.map(({ observation, terminated }) => [observation.energy, terminated]),
      [
        [1, false],
        [0, true],
      ],
    );
    const { report } = idle[1]!.info;
    assert.equal(report!.verdict, "budget_exhausted");
    assert.equal(report!.cause, "it starved: 2 energy at birth, 1 spent a step, 2 earned a solved task");
    assert.equal(idle[1]!.info.rewards.survival, 0);
    let [{ task }] = await env.reset({ seed: 1 });
    const earned: (number | null)[] = [];
    for (let i = 0; i < 2; i++) {
      const program = task === ada.ask ? 'self.name = "Ada";' : "self.double = (n) => 2 * n;";
      const { observation } = await env.step(program);
      task = observation.task;
      earned.push(observation.energy);
    }
    assert.deepEqual(earned, [3, 4]);
    await env.close();
  });

  it("that are wrong are refused by name, and so is a metabolism without them", () => {
    const refused = (task: object, message: RegExp) => assert.throws(() => checkTasks([task]), message);
    refused(
      { ...ada, ask: "" },
      /^TypeError: Micro-task "ada": Expected `ask` to be a text that is not empty, got ""$/,
    );
    refused({ ...ada, split: "test" }, /Expected `split` to be training, validation, known or unseen, got "test"/);
    refused({ ...ada, check: { read: "name" } }, /Expected `check.expected` to be a value, got undefined$/);
    refused({ ...double, check: { call: "double", arguments: [[1]], expected: [] } }, /one value for each/);
    assert.throws(() => checkTasks([ada, ada]), /the id is there twice/);
    assert.throws(() => new SurvivalEnv({ tasks: [] }), /Expected `tasks` to be at least one task, got \[\]/);
    assert.throws(() => new SurvivalEnv({ metabolism: { energy: 3 } }), /only solved tasks give energy/);
    for (const value of [0, -1, Infinity, Number.NaN])
      for (const name of ["energy", "cost", "gain"])
        assert.throws(() => new SurvivalEnv({ tasks: [ada], metabolism: { energy: 1, [name]: value } }), {
          message: `Expected \`metabolism.${name}\` to be a positive number, got ${value}`,
        });
  });

  it("begin with the members that the sandbox really gives a newborn", async () => {
    const life = await sandbox.open();
    assert.deepEqual((await life.step("")).genome, newbornGenome);
    await life.close();
  });
});
