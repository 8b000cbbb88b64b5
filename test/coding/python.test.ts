/** Answers in Python, in the sandbox's Python body: the same outcomes, the ladder's twins, and nobody near the test. */

import assert from "node:assert/strict";
import { codeProblems } from "../../src/coding/problems.ts";
import { programOf } from "../../src/coding/program.ts";
import { scoreAnswers } from "../../src/coding/score.ts";
import type { CodeAnswer, CodeOutcome } from "../../src/coding/types.ts";
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
  }).timeout(240_000);

  it("take the ladder's twins for right", async () => {
    const problems = await codeProblems({ count: 8 });
    const scores = await score(
      problems.map((problem) => ({ problem, language: "python", source: programOf(problem, "python") })),
    );
    assert.deepEqual(
      scores.flatMap(({ passed, cause }, i) => (passed ? [] : [`${problems[i]!.id}: ${cause}`])),
      [],
    );
  }).timeout(240_000);
});
