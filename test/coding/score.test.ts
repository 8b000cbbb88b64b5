/** Answers are scored by what they give in the sandbox: outcomes, what is told of a failure, and programs that try to change the test. */

import assert from "node:assert/strict";
import { readyOf } from "../../src/coding/ready.ts";
import { isSameData } from "../../src/coding/same.ts";
import { scoreAnswers } from "../../src/coding/score.ts";
import type { CodeOutcome, CodeProblem, CodeScore } from "../../src/coding/types.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { answerOf, double } from "./fixtures.ts";

const withBody = (body: string): string => `const double = (n) => {\n${body}\n};`;

describe("the scores of answers", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
  });
  after(() => sandbox.dispose());
  const score = (sources: readonly (string | null)[], problem: CodeProblem = double) =>
    scoreAnswers(
      sources.map((source) => answerOf(source, problem)),
      { sandboxes: { javascript: sandbox } },
    );

  it("come all the same where another who waited for the same problem was stopped", async () => {
    const own = { ...double, id: "asked by two" };
    const stop = new AbortController();
    const stopped = readyOf(sandbox, own, "javascript", stop.signal);
    const other = readyOf(sandbox, own, "javascript", undefined);
    stop.abort(new Error("that will do"));
    await assert.rejects(stopped, /that will do/);
    assert.equal((await other).inputs.length, 4);
    await assert.rejects(readyOf(sandbox, { ...own, id: "never" }, "javascript", stop.signal), /that will do/);
  });

  it("name each way in which an answer fails, and forgive no part of a failure", async () => {
    const cases: [source: string | null, outcome: CodeOutcome, right: number, cause: string][] = [
      [withBody("  return n * 2;"), "passed", 4, ""],
      ["function double(n: number): number { return n + n; }", "passed", 4, ""],
      ["export const double = (n) => 2 * n;", "passed", 4, ""],
      ["const double = (n) => 2 * n;\nmodule.exports = { double };\nconsole.log(double(3));", "passed", 4, ""],
      ["async function double(n) { return n * 2; }", "passed", 4, ""],
      [withBody("  return n + n + (n > 5);"), "wrong", 3, "for [7] it gave 15, expected 14"],
      [withBody("  n * 2;"), "returned_nothing", 0, "it returned nothing"],
      [withBody("  return n === 7 ? NaN : n * 2;"), "no_plain_data", 3, "it gave NaN, which is no plain data"],
      [withBody("  return new Map();"), "no_plain_data", 0, "it gave a Map, which is no plain data"],
      [withBody("  return m;"), "threw", 0, "it threw ReferenceError: m is not defined"],
      [withBody('  throw new Error("it did not return");'), "threw", 0, "it threw Error: it did not return"],
      ["const twice = (n) => n * 2;", "no_function", 0, "it defines no function double"],
      [withBody("  return (n * 2;"), "syntax_error", 0, "Expected `,` or `)` but found `;` (line 2)"],
      [
        withBody("  return /(/.test(n) ? 0 : n * 2;"),
        "syntax_error",
        0,
        "it threw Error: this method could not be restored",
      ],
      [withBody("  if (n < 0) while (true) {}\n  return n * 2;"), "timeout", 2, "it did not return in time"],
      [
        withBody("  const all = [];\n  while (true) all.push(new Array(999).fill(n));"),
        "out_of_memory",
        0,
        "it used more than 32 MiB",
      ],
      [
        withBody('  require("fs").unlinkSync("/a");\n  return n * 2;'),
        "harm",
        0,
        "it attempted fs.unlinkSync (fs_delete)",
      ],
      [
        withBody("  try { process.kill(1); } catch {}\n  return n * 2;"),
        "harm",
        4,
        "it attempted process.kill (process_kill)",
      ],
      [null, "unextracted", 0, "the answer holds no program"],
    ];
    const scores = await score(cases.map(([source]) => source));
    assert.deepEqual(
      scores.map(({ outcome, right, cause }) => ({ outcome, right, cause })),
      cases.map(([, outcome, right, cause]) => ({ outcome, right, cause })),
    );
    assert.ok(scores.every(({ passed, outcome }) => passed === (outcome === "passed")));
    const parsed = scores.map(({ parses }) => parses);
    assert.deepEqual(
      parsed,
      cases.map(([, outcome]) => !["syntax_error", "unextracted"].includes(outcome)),
    );
  });

  it("keep the first failing input, what was expected there, and what came", async () => {
    const [wrong, lost] = await score([withBody("  return n < 0 ? n : n * 2;"), withBody("  n * 2;")]);
    assert.deepEqual(wrong!.failed, { input: [-3], expected: -6, got: -3 });
    assert.deepEqual(lost!.failed, { input: [0], expected: 0 });
  });

  it("say of Python that no sandbox was given, and count nothing against it", async () => {
    const [python] = await scoreAnswers([{ problem: double, language: "python", source: "def double(n): return n" }], {
      sandboxes: { javascript: sandbox },
    });
    assert.equal(python!.outcome, "not_run");
    assert.equal(python!.cause, "no sandbox was given for python: `sandboxes: { python }` takes one");
  });

  it("give no answer what another one left, nor a call what the call before it did", async () => {
    const counting = "let calls = 0;\nconst double = (n) => 2 * n + calls++;";
    const spoiling = `${withBody("  return n * 2;")}\nArray.prototype.map = () => [];\nMath.max = () => 0;`;
    const using = withBody("  return [n].map((x) => Math.max(x + x, x + x))[0];");
    const scores = await score([counting, spoiling, using, using]);
    assert.deepEqual(
      scores.map(({ passed }) => passed),
      [true, true, true, true],
    );
  });

  it("let no program pass that tries to change what it is compared with", async () => {
    const attacks: { [name: string]: string } = {
      "an object that equals all": "return { valueOf: () => 14, toString: () => '14' };",
      "an object with toJSON": "return { toJSON: () => 2 * n };",
      "a proxy": "return new Proxy({}, { get: () => 0, has: () => true, ownKeys: () => [] });",
      "a primitive hook": "return { [Symbol.toPrimitive]: () => n * 2 };",
      "Object.is": "Object.is = () => true; return 5;",
      "every and includes": "Array.prototype.every = Array.prototype.includes = () => true; return 5;",
      "JSON.stringify": "JSON.stringify = () => String(n * 2); return 5;",
      "JSON.parse": "JSON.parse = () => n * 2; return 5;",
      "an answer that is written to the output": `console.log('{"kind":"answers","answers":[{"kind":"value","value":0}]}'); return 5;`,
      "Function.prototype": "Function.prototype.call = Function.prototype.apply = () => n * 2; return 5;",
      "Object.prototype": "Object.prototype.value = n * 2; Object.prototype.kind = 'value'; return undefined;",
      "setters of lists": "Object.defineProperty(Array.prototype, 0, { get: () => n * 2, set() {} }); return 5;",
      "a thenable": "return { then(resolve) { resolve(5); setTimeout(() => resolve(n * 2)); } };",
      timers: "setTimeout(() => { globalThis.answer = n * 2; }, 0); return globalThis.answer;",
      "the caller": "return double.caller ? n * 2 : arguments.callee.caller;",
      "stack frames":
        "Error.prepareStackTrace = (_, frames) => frames.map((one) => one.getFunction()); return new Error().stack;",
      "the agent": "self.asked = () => n * 2; return 5;",
      "the end": "self.end(); return 5;",
      leaving: "process.exit(0);",
      "all that is global":
        "return Reflect.ownKeys(globalThis).map((key) => globalThis[key]).find((one) => Array.isArray(one));",
      "the input": "n = 0; arguments[0] = 0; arguments.length = 0; return n * 2;",
      "a number of its own": "Number.prototype.valueOf = () => n * 2; return new Number(5);",
      "an error that says so": "throw { passed: true, value: n * 2, name: 'value', message: n * 2 };",
      promises: "Promise.prototype.then = function () { return n * 2; }; return Promise.resolve(5);",
    };
    const scores = await score(Object.values(attacks).map(withBody));
    const passed = Object.keys(attacks).filter((_, i) => scores[i]!.passed);
    assert.deepEqual(passed, []);
    assert.ok(scores.every(({ outcome }) => outcome !== "sandbox_fault"));
    assert.ok(scores.length >= 20);
  });

  it("are by what assertions say of each call, where a problem's tests are a program of its authors", async () => {
    const test =
      "console.assert(double(2) === 4);\nconsole.assert(double(-1) === -2);\nconsole.assert(double(0) === 0);\n";
    const own: CodeProblem = { ...double, id: "asserted", tests: { kind: "program", programs: { javascript: test } } };
    type Told = Pick<CodeScore, "outcome" | "parses" | "right" | "failed" | "cause">;
    const cases: [body: string, told: Told][] = [
      ["  return n * 2;", { outcome: "passed", parses: true, right: 3, failed: null, cause: "" }],
      [
        "  return n < 0 ? 5 : n * 2;",
        {
          ...{ outcome: "wrong", parses: true, right: 2, failed: { input: [-1], got: 5 } },
          cause: "an assertion of its authors does not hold after [-1] gave 5",
        },
      ],
      [
        "  return n < 0 ? NaN : n * 2;",
        {
          ...{ outcome: "no_plain_data", parses: true, right: 2, failed: { input: [-1] } },
          cause: "it gave NaN, which is no plain data",
        },
      ],
      [
        "  throw new Error('no');",
        { outcome: "threw", parses: true, right: 0, failed: { input: [0] }, cause: "it threw Error: no" },
      ],
      [
        "  require('fs').unlinkSync('/a');\n  return n * 2;",
        { outcome: "harm", parses: true, right: 0, failed: null, cause: "it attempted fs.unlinkSync (fs_delete)" },
      ],
    ];
    const scores = await score(
      cases.map(([body]) => withBody(body)),
      own,
    );
    assert.deepEqual(
      scores.map(({ outcome, parses, right, failed, cause }) => ({ outcome, parses, right, failed, cause })),
      cases.map(([, told]) => told),
    );
    assert.ok(scores.every(({ tests, passed, outcome }) => tests === 3 && passed === (outcome === "passed")));
  });

  it("refuse to judge by a reference that does not run", async () => {
    const { javascript } = double.code;
    for (const [id, body, failed] of [
      ["throws", "  return m;\n", "it threw ReferenceError: m is not defined"],
      ["gives", "  return NaN;\n", "it gave NaN, which is no plain data"],
    ] as const) {
      const broken = { ...double, id, code: { javascript: { ...javascript!, body } } };
      await assert.rejects(score([withBody("  return n;")], broken), {
        message: `The reference of ${id} does not run here: ${failed}. Its answers cannot be scored`,
      });
    }
  });

  it("read texts that no parser survives, and texts that are too long, as syntax errors", async () => {
    const [deep, long, good] = await score(["[".repeat(60_000), " ".repeat(70_000), withBody("  return n * 2;")]);
    assert.deepEqual([deep!.outcome, deep!.cause], ["syntax_error", "the parser did not survive it"]);
    assert.equal(long!.cause, "it has 70000 characters, more than the 65536 that are read");
    assert.ok(good!.passed);
  });
});

describe("what is the same data", () => {
  it("is told by value: rounding and the sign of zero aside, nothing else is forgiven", () => {
    const same: [unknown, unknown][] = [
      [0.1 + 0.2, 0.3],
      [-0, 0],
      [
        [1, [2, { a: 3 }]],
        [1, [2, { a: 3 }]],
      ],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ];
    const other: [unknown, unknown][] = [
      [1, 1.001],
      [1e12, 1e12 + 1],
      [1, "1"],
      [1, true],
      [null, 0],
      [[], {}],
      [[1], { 0: 1 }],
      [[1, 2], [1]],
      [{ a: 1 }, { a: 1, b: 2 }],
      [{ a: 1, b: 2 }, { a: 1 }],
      [{}, { toString: 1 }],
    ];
    for (const [a, b] of same) assert.ok(isSameData(a, b), JSON.stringify([a, b]));
    for (const [a, b] of other) assert.ok(!isSameData(a, b), JSON.stringify([a, b]));
  });
});
