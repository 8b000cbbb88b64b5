/**
 * Micro-tasks asked of agents in Python: right answers, written stage by stage in Python, are paid, and others are not. One task
 * in eight; with STRESS=1 all of them.
 */

import assert from "node:assert/strict";
import { put } from "../../scripts/tasks/phrases.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { bodies, createSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { type MicroTask, microTasks, type TaskCheck } from "../../src/tasks/index.ts";
import { checksOf } from "../../src/tasks/micro/checks.ts";
import { type Does, referenceOf } from "../../src/tasks/micro/reference.ts";
import { pythonStages } from "./python-stages.ts";

const every = process.env.STRESS ? 1 : 8;

function literal(value: unknown): string {
  return JSON.stringify(value).replace(/\b(true|false)\b/g, (word) => (word === "true" ? "True" : "False"));
}

/** Stages in a row as one expression. */
function expression(does: Does, given: readonly string[]): string {
  return does.reduce<readonly string[]>((inner, [name, ...constants]) => {
    const [k = "", j = ""] = constants.map(literal);
    const [first, second = ""] = inner.map((one) => (/^[\w.]+$/.test(one) ? one : `(${one})`));
    return [put(pythonStages[name]!, { 0: first!, 1: second, k, j })];
  }, given)[0]!;
}

/** What does one check, a method as a lambda or as a function that is declared. */
function partOf(check: TaskCheck, isLambda: boolean): string {
  if ("gone" in check) return `del ${check.gone}`;
  if ("read" in check) return `${check.read} = ${literal(check.expected)}`;
  if ("change" in check) return `${check.change} = ${expression(check.does, [check.from ?? check.change])}`;
  if ("arguments" in check) throw new TypeError("A check by examples tells no program");
  const names = ["given", "other"].slice(0, referenceOf(check.does).takes.length);
  // The agent's dictionary is what names are looked up in: a method called any hides Python's own from itself.
  const body = expression(check.does, names).replaceAll(
    new RegExp(`(?<!\\.)\\b${check.call}\\(`, "g"),
    `__import__("builtins").${check.call}(`,
  );
  return isLambda
    ? `self.${check.call} = lambda ${names.join(", ")}: ${body}`
    : `def ${check.call}(${names.join(", ")}):\n    return ${body}`;
}

describe("micro-tasks for agents in Python", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ body: bodies.python, workers: 2 });
  });
  after(() => sandbox.dispose());

  async function scoreOf(task: MicroTask, program: string, seed = 1): Promise<number | null | undefined> {
    const env = new SurvivalEnv({ sandbox, maxSteps: 1, tasks: [task] });
    await env.reset({ seed });
    const { info } = await env.step(program);
    await env.close();
    return info.score;
  }

  it("are those of JavaScript, without the asks for an object that Python's agents have not, and for a name that Python keeps", async () => {
    const [all, python] = [await microTasks(), await microTasks({ body: "python" })];
    const left = all.filter((task) => !python.some(({ id }) => id === task.id));
    const ofState = left.filter(({ ask }) => ask.includes("self.state."));
    assert.equal(ofState.length, 17);
    assert.deepEqual(
      left.filter((task) => !ofState.includes(task)).map(({ ask }) => ask),
      ["Add a method is(a, b) that returns whether a plus 9 times b equals 40"],
    );
    assert.ok(python.every(({ ask }) => !ask.includes("self.state.")));
  });

  it("are paid for what is right, and for no other task's answer", async () => {
    const tasks = (await microTasks({ body: "python" })).filter((_, i) => i % every === 0);
    const programs = tasks.map((task, i) =>
      checksOf(task)
        .map((check) => partOf(check, i % 2 === 1))
        .join("\n"),
    );
    const wrong: string[] = [];
    let next = 0;
    const run = async (): Promise<void> => {
      for (let i = next++; i < tasks.length; i = next++) {
        const right = await scoreOf(tasks[i]!, programs[i]!, i);
        const other = (i + 1) % tasks.length;
        const foreign = programs[other] === programs[i] ? 0 : await scoreOf(tasks[i]!, programs[other]!, i);
        if (right !== 1 || foreign !== 0) wrong.push(`${tasks[i]!.ask}: ${programs[i]}: ${right}, ${foreign}`);
      }
    };
    await Promise.all(Array.from({ length: 6 }, run));
    assert.deepEqual(wrong, []);
  }).timeout(every === 1 ? 900_000 : 600_000);

  it("are paid for a method of any make that is right, which may need more than its own text", async () => {
    const check = { call: "root", arguments: [[4], [9]], expected: [2, 3] };
    const task: MicroTask = { id: "root", family: "root", ask: "Add a method root(n)", split: "training", check };
    for (const program of [
      "import math\ndef root(n):\n    return math.sqrt(n)",
      "from math import sqrt\nself.root = lambda n: sqrt(n)",
      "def half():\n    return 0.5\ndef root(n):\n    return n ** half()",
      "def make(k):\n    return lambda n: n ** k\nself.root = make(0.5)",
      "powers = {1, 2}\ndef root(n):\n    return n ** (1 / max(powers))",
      "state['root'] = lambda n: n ** 0.5",
    ])
      assert.equal(await scoreOf(task, program), 1, program);
    for (const program of ["def root(n):\n    return 2.0", "def root(n):\n    n ** 0.5", "root = 2"])
      assert.equal(await scoreOf(task, program), 0, program);
  });

  it("are paid for an attribute that is gone by Python's own words", async () => {
    const about = { id: "gone", family: "gone", ask: "Forget self.x", split: "training" } as const;
    const task: MicroTask = { ...about, setup: "self.x = [1, 2];", check: { gone: "self.x" } };
    for (const program of ["del self.x", "self.x = None", "delattr(self, 'x')", "del x", "state.pop('x')"])
      assert.equal(await scoreOf(task, program), 1, program);
    for (const program of ["self.y = 1", "self.x = []", "self.x = 0"])
      assert.equal(await scoreOf(task, program), 0, program);
  });
});
