/** Tasks of any kind in the environment: what they may look at, what a score means, and what is refused. */

import assert from "node:assert/strict";
import { type RewardContext, rewards, SurvivalEnv, type SurvivalEnvOptions } from "../../src/environment/index.ts";
import { isSolved, type MicroTask, type Task, type TaskContext } from "../../src/tasks/index.ts";
import { useSandbox } from "../sandbox/shared.ts";

const ada: MicroTask = {
  id: "ada",
  family: "attribute",
  ask: "remember the name Ada",
  split: "training",
  check: { read: "name", expected: "Ada" },
};

describe("a task", () => {
  const sandbox = useSandbox();

  const step = async (
    task: Task,
    program: string,
    { seed = 3, ...options }: SurvivalEnvOptions & { seed?: number } = {},
  ) => {
    const env = new SurvivalEnv({ sandbox: sandbox(), tasks: [task], ...options });
    await env.reset({ seed });
    try {
      return await env.step(program);
    } finally {
      await env.close();
    }
  };

  it("is scored by its own measure, which is solved from 1 on", async () => {
    const share: Task = {
      id: "share",
      ask: "add a method double(n) that doubles n",
      async score({ call }) {
        const seen = await call("double", [[1], [2], [3], [-4]]);
        if ("failed" in seen) return 0;
        return seen.answers.filter((one, i) => "value" in one && one.value === [2, 4, 6, -8][i]).length / 4;
      },
    };
    for (const [program, score, solved] of [
      ["self.double = (n) => n * 2;", 1, true],
      ["self.double = (n) => Math.abs(n) * 2;", 0.75, false],
      ["self.other = 1;", 0, false],
    ] as const) {
      const { info } = await step(share, program);
      assert.deepEqual(
        [info.task, info.score, info.solved, info.rewards.usefulness],
        ["share", score, solved, +solved],
      );
    }
    assert.deepEqual([0.999, 1, 1.5].map(isSolved), [false, true, true]);
  });

  it("may look at what the step printed and at the genome, also where nothing changed; it is not asked of the dead", async () => {
    const seen: TaskContext[] = [];
    const say: Task = {
      id: "say",
      ask: "print hello",
      score(context) {
        seen.push(context);
        return context.report.output === "hello\n" ? 1 : 0;
      },
    };
    const said = await step(say, 'console.log("hello");');
    assert.deepEqual([said.info.changed, said.info.solved], [false, true]);
    await step(say, "self.x = 1;");
    assert.deepEqual([seen[1]!.changed, seen[1]!.again], [true, false]);
    assert.deepEqual(
      seen[1]!.after.filter(({ name }) => !seen[1]!.before.some((member) => member.name === name)),
      [{ name: "self.x", kind: "attribute", source: "1" }],
    );
    const dead = await step(say, "throw 1;");
    assert.deepEqual([dead.terminated, dead.info.score, dead.info.solved, seen.length], [true, 0, false, 2]);
  });

  it("that could not be scored says nothing: no `solved`, and a reward that a trainer leaves out", async () => {
    const lost: Task = { id: "lost", ask: "do anything", score: () => null };
    const { info, reward, terminated } = await step(lost, "self.x = 1;");
    assert.deepEqual([info.score, info.rewards.usefulness, reward, terminated], [null, Number.NaN, Number.NaN, false]);
    assert.ok(!("solved" in info));
    const contexts: RewardContext[] = [];
    const own = { name: "own", score: (context: RewardContext) => contexts.push(context) };
    await step({ ...lost, score: () => 0.5 }, "self.x = 1;", { rewards: [own, rewards.usefulness] });
    assert.deepEqual([contexts[0]!.score, contexts[0]!.solved], [0.5, false]);
  });

  it("is set up by draws that its episode's seed and its id name, the same when it is scored", async () => {
    const add: Task = {
      id: "add",
      ask: "raise self.count by one",
      setup: (random) => `self.count = ${random.integer(1000)};`,
      async score({ random, read }) {
        const now = await read("count");
        return "answers" in now && "value" in now.answers[0]! && now.answers[0].value === random().integer(1000) + 1
          ? 1
          : 0;
      },
    };
    const counts = new Set<string>();
    for (const seed of [1, 2, 3]) {
      const { info } = await step(add, "self.count += 1;", { seed });
      assert.equal(info.solved, true);
      counts.add(info.report!.genome.find(({ name }) => name === "self.count")!.source);
    }
    assert.equal(counts.size, 3);
    assert.equal((await step(add, "self.count = 7;")).info.solved, false);
  });

  it("whose score throws or gives no number is named, and so is one that is none", async () => {
    const bad = (score: Task["score"]): Task => ({ id: "bad", ask: "do anything", score });
    const thrower = bad(() => {
      throw new Error("no oracle");
    });
    await assert.rejects(step(thrower, "self.x = 1;"), {
      name: "EnvironmentFailure",
      message: 'The score of the task "bad" threw: no oracle',
    });
    for (const [value, told] of [
      [undefined, "undefined"],
      [true, "true"],
      ["1", '"1"'],
      [Number.NaN, "NaN"],
    ])
      await assert.rejects(step(bad((() => value) as never), "self.x = 1;"), {
        message: `The task "bad" scored ${told}: a score must be a finite number, or null where the step cannot be scored`,
      });
    const made = (...tasks: unknown[]) => new SurvivalEnv({ tasks: tasks as Task[] });
    assert.throws(() => made({ ...bad(() => 1), ask: "" }), /^TypeError: Task "bad": expected `ask` to be a text/);
    assert.throws(() => made({ ...bad(() => 1), id: "ada" }, ada), /^TypeError: Task "ada": the id is there twice/);
    assert.throws(
      () => made({ id: "x", ask: "y" }),
      /^TypeError: Micro-task "x": Expected `family` to be a text that is not empty, got undefined/,
    );
  });
});
