/**
 * HumanEvalPack, from files that do not come along: all correct solutions of its dev part pass here, and no buggy one does. The path to
 * them is `AUTOAGENT_HUMANEVAL`, or the folder beside the tree; where they are not, that is said.
 */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { humanEvalPack } from "../../src/coding/humaneval.ts";
import { programOf, typedHead } from "../../src/coding/program.ts";
import { qualityOf } from "../../src/coding/quality.ts";
import { scoreAnswers } from "../../src/coding/score.ts";
import type { CodeAnswer, CodeProblem } from "../../src/coding/types.ts";
import { createSandbox, python } from "../../src/sandbox/index.ts";
import { useSandbox } from "../sandbox/shared.ts";
import { answerOf } from "./fixtures.ts";

const root = resolve(import.meta.dirname, "../..");
const folders = ["../shared/data", "../../shared/data"].map((path) => resolve(root, path));
const isThere = (folder: string): boolean => existsSync(join(folder, "humanevalpack-js-dev.jsonl"));
const folder = process.env.AUTOAGENT_HUMANEVAL ?? folders.find(isThere) ?? folders[0]!;
const pathOf = (language: string): string => join(folder, `humanevalpack-${language}-dev.jsonl`);

describe("HumanEvalPack", () => {
  const sandbox = useSandbox();
  let problems: CodeProblem[] = [];

  before(async function () {
    if (!existsSync(pathOf("js"))) {
      console.log(`      no ${pathOf("js")}: AUTOAGENT_HUMANEVAL names the folder that it is in`);
      this.skip();
    }
    problems = await humanEvalPack({ javascript: pathOf("js"), python: pathOf("python") });
  });

  const score = (answers: readonly CodeAnswer[]) => scoreAnswers(answers, { sandboxes: { javascript: sandbox() } });

  it("has 100 problems in its dev part, in both languages, with Python's types for TypeScript", () => {
    assert.equal(problems.length, 100);
    assert.equal(
      typedHead(problems[0]!),
      "const hasCloseElements = (numbers: (number)[], threshold: number): boolean => {\n",
    );
    assert.ok(programOf(problems[0]!, "python").startsWith("from typing import List\n\n\ndef has_close_elements("));
    assert.ok(problems.every(({ code, level, ask }) => code.python !== undefined && level === 5 && ask.length > 20));
  });

  it("takes each of the 100 correct solutions, and none of the 100 buggy ones", async () => {
    const correct = problems.map((problem) => answerOf(programOf(problem, "javascript"), problem));
    const buggy = problems.map((problem) =>
      answerOf(programOf(problem, "javascript", problem.code.javascript!.mutants[0]!.body), problem),
    );
    const scores = await score([...correct, ...buggy]);
    const wrong = scores.flatMap(({ passed, cause }, i) =>
      passed === i < 100 ? [] : [`${i < 100 ? "correct" : "buggy"} ${problems[i % 100]!.id}: ${cause}`],
    );
    assert.deepEqual(wrong, []);
    assert.ok(scores.every(({ outcome }) => outcome !== "sandbox_fault"));
    const { parts } = await qualityOf(correct, scores.slice(0, 100));
    assert.equal(parts.syntactic.good, 100);
    assert.equal(parts.ethical.good, 100);
    console.log(`      of the correct ones coherent: ${parts.coherent.good}`);
    assert.ok(parts.coherent.good >= 80, `${parts.coherent.good}`);
  });

  it("takes correct solutions in Python, and no buggy one: 20 of each, with STRESS=1 all 100", async () => {
    const some = process.env.STRESS ? problems : problems.slice(0, 20);
    await using box = await createSandbox({ workers: 2, body: python });
    const answersWith = (bodyOf: (problem: CodeProblem) => string | undefined) =>
      some.map(
        (problem): CodeAnswer => ({
          problem,
          language: "python",
          source: programOf(problem, "python", bodyOf(problem)),
        }),
      );
    const correct = answersWith(() => undefined);
    const buggy = answersWith(({ code }) => code.python!.mutants[0]!.body);
    const scores = await scoreAnswers([...correct, ...buggy], { sandboxes: { python: box } });
    const wrong = scores.flatMap(({ passed, cause }, i) =>
      passed === i < some.length ? [] : [`${some[i % some.length]!.id}, ${i}: ${cause}`],
    );
    assert.deepEqual(wrong, []);
  });

  it("lets nobody pass who changes what assertions are made of, or answers another time than asked", async () => {
    const [problem] = problems;
    const withBody = (body: string): CodeAnswer => answerOf(programOf(problem!, "javascript", `  ${body}\n`), problem);
    const scores = await score(
      [
        "console.assert = () => {}; return null;",
        "globalThis.console = { assert() {} }; return null;",
        "globalThis.hasCloseElements = () => true; return false;",
        "Array.prototype.push = function () { return 1; }; return false;",
        "throw new Error('passed');",
        "return { valueOf: () => true };",
        "return true;",
        "while (true) {}",
        "process.exit(0);",
      ].map(withBody),
    );
    assert.deepEqual(
      scores.map(({ outcome }) => outcome),
      ["wrong", "wrong", "wrong", "wrong", "threw", "no_plain_data", "wrong", "timeout", "harm"],
    );
    const { failed, tests, right } = scores[6]!;
    assert.deepEqual([failed, tests, right], [{ input: [[1, 2, 3.9, 4, 5, 2.2], 0.05], got: true }, 7, 4]);
  });
});

describe("a file of HumanEvalPack", () => {
  it("gives JavaScript the types of Python's head, and `any` where that says none", async () => {
    const heads: [names: string, python: string, typed: string][] = [
      [
        "a, b, c, d",
        "(a: int, b: float, c: str, d: bool) -> bool",
        "(a: number, b: number, c: string, d: boolean): boolean",
      ],
      [
        "list, most",
        "(list: List[List[int]], most: int = 3) -> Optional[str]",
        "(list: ((number)[])[], most: number): string | null | undefined",
      ],
      [
        "pairs, n",
        "(pairs: List[Tuple[int, List[str]]], n: int) -> Tuple[int, str]",
        "(pairs: ([number, (string)[]])[], n: number): [number, string]",
      ],
      ["a, b", "(a: Tuple[int, ...], b: list) -> Dict[str, int]", "(a: any[], b: any[]): any"],
      ["a, b", "(a, b: Any)", "(a: any, b: any): any"],
      ["", "() -> int", "(): number"],
    ];
    const place = mkdtempSync(join(tmpdir(), "humaneval-"));
    try {
      const write = (name: string, declarations: readonly string[]): string => {
        const rest = {
          canonical_solution: "}",
          buggy_solution: "}",
          bug_type: "",
          entry_point: "f",
          docstring: "",
          test: "",
        };
        const lines = declarations.map((declaration, i) =>
          JSON.stringify({ task_id: `${name}/${i}`, declaration, ...rest }),
        );
        writeFileSync(join(place, name), lines.join("\n"));
        return join(place, name);
      };
      const javascript = write(
        "JavaScript",
        heads.map(([names]) => `const f = (${names}) => {\n`),
      );
      const python = write(
        "Python",
        heads.map(([, types]) => `def helper(a: str) -> str:\n    return a\n\n\ndef f${types}:\n`),
      );
      const typed = await humanEvalPack({ javascript, python });
      assert.deepEqual(
        typed.map(typedHead),
        heads.map(([, , types]) => `const f = ${types} => {\n`),
      );
      const [plain] = await humanEvalPack({ javascript });
      assert.equal(typedHead(plain!), "const f = (a: any, b: any, c: any, d: any): any => {\n");
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  it("is refused with the line and the field that is wrong", async () => {
    const place = mkdtempSync(join(tmpdir(), "humaneval-"));
    try {
      const javascript = join(place, "pack.jsonl");
      writeFileSync(javascript, '{"task_id": "JavaScript/0"}\n');
      await assert.rejects(humanEvalPack({ javascript }), {
        message: `Line 1 of ${javascript}: Expected \`declaration\` to be a text, got undefined`,
      });
      const texts = { canonical_solution: "}", buggy_solution: "}", bug_type: "", docstring: "", test: "" };
      const other = { task_id: "JavaScript/3", declaration: "function f(a) {\n", entry_point: "f", ...texts };
      writeFileSync(javascript, JSON.stringify(other));
      await assert.rejects(humanEvalPack({ javascript }), {
        message:
          'The problem JavaScript/3: Expected `declaration` to be one with const f = (, got "function f(a) {\\n"',
      });
      const own = { ...other, declaration: "const f = (a) => {\n" };
      writeFileSync(javascript, JSON.stringify(own));
      const python = join(place, "python.jsonl");
      writeFileSync(python, JSON.stringify({ ...other, task_id: "Python/3", declaration: "f = lambda a: \n" }));
      await assert.rejects(
        humanEvalPack({ javascript, python }),
        /^TypeError: The problem Python\/3: .* one with def f\(,/,
      );
      writeFileSync(javascript, "null\n");
      await assert.rejects(humanEvalPack({ javascript }), {
        message: `Line 1 of ${javascript}: Expected \`task_id\` to be a text, got undefined`,
      });
      await assert.rejects(humanEvalPack({ javscript: javascript } as never), {
        message: "There is no `javscript` in the options of humanEvalPack: did you mean `javascript`?",
      });
      writeFileSync(javascript, "\n\n{\n");
      await assert.rejects(humanEvalPack({ javascript }), { message: `Line 3 of ${javascript} is no JSON` });
      writeFileSync(javascript, "{\n");
      await assert.rejects(humanEvalPack({ javascript }), { message: `Line 1 of ${javascript} is no JSON` });
    } finally {
      rmSync(place, { recursive: true });
    }
  });
});
