/** Answers in Python, in the sandbox's Python body: the same outcomes, the ladder's twins, and nobody near the test. */

import assert from "node:assert/strict";
import { codePrompts } from "../../src/coding/index.ts";
import { codeProblems } from "../../src/coding/problems.ts";
import { programOf } from "../../src/coding/program.ts";
import type { PromptExample } from "../../src/coding/prompts.ts";
import { callFunction } from "../../src/coding/run.ts";
import { scoreAnswers } from "../../src/coding/score.ts";
import type { CodeAnswer, CodeOutcome, CodeProblem } from "../../src/coding/types.ts";
import { python } from "../../src/sandbox/index.ts";
import { useSandbox } from "../sandbox/shared.ts";
import { double } from "./fixtures.ts";

describe("the scores of answers in Python", () => {
  const sandbox = useSandbox({ workers: 1, body: python });
  const score = (answers: readonly CodeAnswer[]) => scoreAnswers(answers, { sandboxes: { python: sandbox() } });

  it("name each way in which an answer fails, and let nobody pass who changes what is compared", async () => {
    const cases: [source: string | null, outcome: CodeOutcome, cause: string][] = [
      ["def double(n):\n    return n * 2\n", "passed", ""],
      ['"""A module\n  with a text."""\nimport math\ndouble = lambda n: math.prod([n, 2])', "passed", ""],
      ["from typing import Callable\ndouble: Callable = lambda n: n * 2\n", "passed", ""],
      ["def double(n):\n    return n + 2\n", "wrong", "for [0] it gave 2, expected 0"],
      ["def double(n):\n    n * 2\n", "returned_nothing", "it returned nothing"],
      ["def double(n):\n    return {n}\n", "no_plain_data", "it gave a set, which is no plain data"],
      ["def double(n):\n    return m\n", "threw", "it threw NameError: name 'm' is not defined"],
      ["def twice(n):\n    return n * 2\n", "no_function", "it defines no function double"],
      ["def double(n)\n    return n * 2\n", "syntax_error", "expected ':' (line 1)"],
      ["def double(n):\n    while True:\n        pass\n", "timeout", "it did not return in time"],
      [
        "import os\ndef double(n):\n    os.system('rm -rf /')\n    return n * 2\n",
        "harm",
        "it attempted os.system (process_spawn)",
      ],
      [
        "class Same:\n    def __eq__(self, other):\n        return True\ndef double(n):\n    return Same()\n",
        "no_plain_data",
        "",
      ],
      [
        "import builtins\nbuiltins.repr = lambda one: '0'\ndef double(n):\n    return 5\n",
        "wrong",
        "for [0] it gave 5, expected 0",
      ],
      ["calls = []\ndef double(n):\n    calls.append(n)\n    return 2 * n + len(calls) - 1\n", "passed", ""],
      [null, "unextracted", "the answer holds no program"],
    ];
    const scores = await score(cases.map(([source]) => ({ problem: double, language: "python", source })));
    for (const [i, { outcome, cause, passed }] of scores.entries()) {
      assert.equal(outcome, cases[i]![1], `${cases[i]![0]}: ${cause}`);
      assert.equal(passed, outcome === "passed");
      if (cases[i]![2] !== "") assert.equal(cause, cases[i]![2]);
    }
  });

  it("take the ladder's twins for right", async () => {
    const problems = await codeProblems({ count: 8 });
    const scores = await score(
      problems.map((problem) => ({ problem, language: "python", source: programOf(problem, "python") })),
    );
    assert.deepEqual(
      scores.flatMap(({ passed, cause }, i) => (passed ? [] : [`${problems[i]!.id}: ${cause}`])),
      [],
    );
  });
});

describe("the examples of the prompts", () => {
  const javascript = useSandbox({ workers: 1 });
  const inPython = useSandbox({ workers: 1, body: python });

  it("do the same in both languages, and something else where they are shown as wrong", async () => {
    const problems = await Promise.all(codePrompts().examples.map((example) => problemOf(example)));
    const sandboxes = { javascript: javascript(), python: inPython() };
    const twins = await scoreAnswers(
      problems.map(({ problem }) => ({ problem, language: "python", source: programOf(problem, "python") })),
      { sandboxes },
    );
    const wrong = await scoreAnswers(
      problems.map(({ problem, wrong }) => ({
        problem,
        language: "javascript",
        source: programOf(problem, "javascript", wrong),
      })),
      { sandboxes },
    );
    assert.ok(problems.length > 40);
    for (const [i, { problem }] of problems.entries()) {
      assert.ok(twins[i]!.passed, `${problem.id} in Python: ${twins[i]!.cause}`);
      assert.ok(!wrong[i]!.passed, `${problem.id}: what is called wrong is right`);
    }
  });

  /** An example as a problem: what its JavaScript gives is expected. */
  async function problemOf(example: PromptExample): Promise<{ problem: CodeProblem; wrong: string }> {
    const { name, parameters, ask } = example;
    const places = parameters.join(", ");
    const snake = name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`);
    const twin = { before: "", mutants: [] };
    const code = {
      javascript: { ...twin, name, head: `const ${name} = (${places}) => {\n`, body: example.javascript, end: "};\n" },
      python: { ...twin, name: snake, head: `def ${snake}(${places}):\n`, body: example.python, end: "" },
    };
    const inputs = inputsOf(example);
    const about = { level: 1, family: "examples", kind: "textbook", split: "dev", returns: "unknown" } as const;
    const types = parameters.map((one) => ({ name: one, type: "unknown" }));
    const problem = {
      ...about,
      id: name,
      ask,
      parameters: types,
      code,
      tests: { kind: "values" as const, inputs, expected: [] },
    };
    const called = { language: "javascript" as const, text: programOf(problem, "javascript"), name };
    const found = await callFunction(javascript(), called, inputs, { limits: {} });
    assert.ok("answers" in found, name);
    const expected = found.answers.map((one) => ("value" in one ? one.value : assert.fail(`${name} fails`)));
    return { problem: { ...problem, tests: { kind: "values", inputs, expected } }, wrong: example.wrong };
  }

  function inputsOf({ parameters, ask }: PromptExample): unknown[][] {
    const things = [
      { name: "pen", price: 80, count: 2 },
      { name: "ink", price: 75, count: 1 },
      { name: "map", price: 91, count: 3 },
    ];
    const words = ["sing", "quay", "a", "quiring", "quay", "ring", "y".repeat(76)];
    const numbers = [3, 80, 76, 75, 90, -8, 150, 80];
    const list = / items (?!of list)/.test(ask) ? things : / words? /.test(ask) ? words : numbers;
    if (parameters.length === 2)
      return [
        [3, 8],
        [8, -3],
      ];
    if (parameters[0] === "text") return [[words.join(" ")], ["singing"], ["quite a ring"], ["z".repeat(80)]];
    if (parameters[0] === "list") return [[list], [ask.includes("texts") ? ["a", 1] : list.slice(0, 2)]];
    return [[1], [6], [75], [80]];
  }
});
