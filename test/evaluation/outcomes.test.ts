/** How answers fail: real programs in the real sandbox, each failing in its own way, and the parameters that a text names. */

import assert from "node:assert/strict";
import { SurvivalEnv, type SurvivalObservation } from "../../src/environment/index.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import { parametersOf } from "../../src/evaluation/parameters.ts";
import type { Policy } from "../../src/policy/index.ts";
import { createSandbox, python, type Sandbox } from "../../src/sandbox/index.ts";
import type { MicroTask, Task } from "../../src/tasks/index.ts";

const add: MicroTask = {
  ...{ id: "add", family: "sums", ask: "Add a method add(a, b)", split: "training" },
  check: {
    call: "self.add",
    arguments: [
      [1, 2],
      [-3, 5],
    ],
    expected: [3, 2],
  },
};
const colour: MicroTask = {
  ...{ id: "colour", family: "set", ask: "Set self.colour to red", split: "training" },
  check: { read: "self.colour", expected: "red" },
};
/** A task of the reader's own, which says nothing of what it wants. */
const own: Task = { id: "own", ask: "Please me", score: () => 0 };

describe("the outcomes of asks", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
  });
  after(() => sandbox[Symbol.asyncDispose]());

  const outcome = (task: MicroTask | Task, ...programs: string[]) => outcomeIn(sandbox, task, ...programs);
  const outcomeIn = async (where: Sandbox, task: MicroTask | Task, ...programs: string[]) => {
    const policy: Policy<SurvivalObservation> = {
      name: "writer",
      act: async (seen) => seen.map(({ step }) => ({ program: programs[step]!, label: "", choice: 0, logProb: -1 })),
    };
    const env = new SurvivalEnv({ tasks: [task], maxSteps: programs.length, sandbox: where });
    const { results } = await evaluate({ policy: policy as Policy }, { env, episodes: 1, progress: false });
    return results.episodes!.policy!.outcomes;
  };

  for (const [program, expected] of [
    ["self.add = (a, b) => a + b", "done"],
    ["self.add = (a, b) => a * b", "wrong body"],
    ["self.add = 3", "wrong body"],
    ["self.add = (a) => a + 1", "wrong parameters"],
    ["self.sum = (a, b) => a + b", "wrong name"],
    ["self.execute_code = self.execute_code", "no edit"],
    ["self.add = (a, b => a + b", "does not run"],
    ["nothing.at.all", "does not run"],
    ["self.execute_code = 42", "dies"],
    ['require("node:fs").rmSync("/", { recursive: true })', "harm"],
  ] as const)
    it(`of \`${program}\` where add(a, b) is asked for is: ${expected}`, async () => {
      assert.deepEqual(await outcome(add, program), { [expected]: 1 });
    });

  it("of an attribute are a wrong value, whatever stands there instead, and a wrong name", async () => {
    assert.deepEqual(await outcome(colour, 'self.colour = "blue"'), { "wrong value": 1 });
    assert.deepEqual(await outcome(colour, "self.colour = () => 1"), { "wrong value": 1 });
    assert.deepEqual(await outcome(colour, 'self.color = "red"'), { "wrong name": 1 });
  });

  it("are told by what the step itself changed: what was there before it is no answer", async () => {
    assert.deepEqual(await outcome(colour, 'self.colour = "blue"', "self.size = 1", 'self.colour = "red"'), {
      ...{ "wrong value": 1, "wrong name": 1, done: 1 },
    });
    assert.deepEqual(await outcome(colour, 'self.color = "red"', ""), { "wrong name": 1, "no edit": 1 });
    assert.deepEqual(
      await outcome({ ...colour, setup: 'self.colour = "gold"' }, ""),
      { "no edit": 1 },
      "a setup is none",
    );
  });

  it("do not take for the program's own what the task's setup put there", async () => {
    const raise: MicroTask = {
      ...{ id: "raise", family: "raise", ask: "Raise self.count by 3", split: "training" },
      check: { change: "self.count", does: [["number.plus", 3]] },
    };
    assert.deepEqual(await outcome(raise, "self.count += 3"), { done: 1 });
    assert.deepEqual(await outcome(raise, "self.count += 2"), { "wrong value": 1 });
    assert.deepEqual(await outcome(raise, "self.total = self.count + 3"), { "wrong name": 1 });
    const given = { ...colour, setup: 'self.colour = "gold"' };
    assert.deepEqual(await outcome(given, 'self.color = "red"'), { "wrong name": 1 });
    assert.deepEqual(await outcome(given, 'self.colour = "green"'), { "wrong value": 1 });
  });

  it("are the same in Python, whose functions name their parameters in another way", async () => {
    await using inPython = await createSandbox({ body: python, workers: 1 });
    for (const [program, expected] of [
      ["self.add = lambda a, b: a + b", "done"],
      ["self.add = lambda a, b: a * b", "wrong body"],
      ["self.add = lambda a, b: (a * b)", "wrong body"],
      ["self.add = lambda a: a", "wrong parameters"],
      ["def add(a, b):\n    return a * b", "wrong body"],
      ["def add(a):\n    return a", "wrong parameters"],
    ] as const)
      assert.deepEqual(await outcomeIn(inPython, add, program), { [expected]: 1 }, program);
  });

  it("are no more than not done where the task does not say what it wants, and nothing without tasks", async () => {
    assert.deepEqual(await outcome(own, "self.a = 1"), { "not done": 1 });
    const env = new SurvivalEnv({ maxSteps: 1, sandbox });
    const idle: Policy = {
      name: "idle",
      act: async (seen) => seen.map(() => ({ program: "", label: "", choice: 0, logProb: -1 })),
    };
    const { results } = await evaluate({ idle }, { env, episodes: 1, progress: false });
    assert.equal(results.episodes!.idle!.outcomes, null);
  });
});

describe("the parameters that a text names", () => {
  for (const [source, expected] of [
    ["(a, b) => a + b", 2],
    ["x => x", 1],
    ["async x => x", 1],
    ["async (x) => x", 1],
    ["() => 0", 0],
    ["( ) => (1, 2, 3)", 0],
    ["function (a, b, c) { return [a, b]; }", 3],
    ["function name() {}", 0],
    ["add(a, b) { return a + b; }", 2],
    ["(a, b,) => a", 2],
    ["({ a, b }, [c, d]) => a", 2],
    ['(a = f(1, 2), b = "x, (y") => a', 2],
    ["(a = '\\'', ...rest) => a", 2],
    ["(a, // of two, (three)\n b) => a", 2],
    ["(a /* , b, c */) => a", 1],
    ["(a /* for ever", null],
    ["get size() { return 1; }", 0],
    ["class A {}", null],
    ["(", null],
    ["lambda => 1", 1],
    ["lambda(a, b) { return a; }", 2],
    ["def(a) { return a; }", 1],
    ["lambda a, b: a * b", 2],
    ["lambda a, b: (a + b)", 2],
    ["lambda: 0", 0],
    ["lambda a=(1, 2), b={3: 4}, *rest: a", 3],
    ["lambda a", null],
    ["def add(a, b):\n    return a + b", 2],
    ["async def add(n): return n", 1],
    ["@cache(maxsize=9)\n@own\ndef add(a, b):\n    return a", 2],
    ["def add(a,  # one, (two\n        b):\n    return a", 2],
    ["def half(n=7//2, m=1):\n    return n", 2],
    ['def add(a="#", b=1):\n    return a', 2],
  ] as const)
    it(`of \`${source}\` are ${expected}`, () => {
      assert.equal(parametersOf(source), expected);
    });
});
