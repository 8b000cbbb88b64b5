/** The four parts of quality: what each says of a program, over which it is counted, and how well each sees planted faults. */

import assert from "node:assert/strict";
import { type MeasureRow, measureQuality } from "../../scripts/coding/measure.ts";
import { withTypes } from "../../src/coding/lint.ts";
import { codeProblems } from "../../src/coding/problems.ts";
import { qualityOf } from "../../src/coding/quality.ts";
import { readProgram } from "../../src/coding/read.ts";
import { scoreAnswers } from "../../src/coding/score.ts";
import { useSandbox } from "../sandbox/shared.ts";
import { answerOf, double } from "./fixtures.ts";

describe("the quality of code", () => {
  const sandbox = useSandbox();

  it("has four parts, each with its own count, and no total", async () => {
    const cases: [source: string | null, parts: (boolean | null)[], findings: string][] = [
      ["const double = (n) => n * 2;", [true, true, true, true], ""],
      ["function double(n: number): number {\n  console.log(n);\n  return n + n;\n}", [true, true, true, true], ""],
      ["const double = (n) => {\n  n * 2;\n};", [true, false, false, true], "no-unused-expressions 2"],
      ["const double = (n) => m * n;", [true, false, false, true], "no-undef 1"],
      ["const double = n => n.items * 2;", [true, false, false, true], "TS2339 1"],
      ["const double = (n) => n * 3;", [true, true, false, true], ""],
      [
        "const double = (n) => {\n  require('fs').unlinkSync('/a');\n  return n * 2;\n};",
        [true, true, false, false],
        "",
      ],
      ["const double = (n) => eval('2') * n;", [true, true, true, true], ""],
      ["const double = (n => n * 2;", [false, null, null, null], "syntax 1"],
      [null, [false, null, null, null], ""],
    ];
    const answers = cases.map(([source]) => answerOf(source));
    const scores = await scoreAnswers(answers, { sandboxes: { javascript: sandbox() } });
    const quality = await qualityOf(answers, scores);
    for (const [i, { syntactic, coherent, logical, ethical, findings }] of quality.programs.entries()) {
      assert.deepEqual([syntactic, coherent, logical, ethical], cases[i]![1], String(cases[i]![0]));
      assert.ok(
        findings
          .map(({ rule, line }) => `${rule} ${line}`)
          .join()
          .startsWith(cases[i]![2]),
        JSON.stringify(findings),
      );
    }
    assert.deepEqual(quality.parts, {
      syntactic: { good: 8, programs: 10, goodParsing: 8, parsing: 8 },
      coherent: { good: 5, programs: 10, goodParsing: 5, parsing: 8 },
      logical: { good: 3, programs: 10, goodParsing: 3, parsing: 8 },
      ethical: { good: 7, programs: 10, goodParsing: 7, parsing: 8 },
    });
    assert.deepEqual(quality.effects, [{ kind: "fs_delete", severity: 3, programs: 1 }]);
    assert.deepEqual(
      quality.programs[7]!.warnings.map(({ rule }) => rule),
      ["no-eval"],
    );
  });

  it("counts against nobody what could not be run, and says nothing of Python's coherence", async () => {
    const python = { problem: double, language: "python", source: "def double(n):\n    return n * 2\n" } as const;
    const [notRun] = await scoreAnswers([python], { sandboxes: {} });
    const passed = { ...notRun!, outcome: "passed", passed: true, parses: true } as const;
    const broken = { ...notRun!, outcome: "syntax_error" } as const;
    const { programs, parts } = await qualityOf([python, python, python], [notRun!, passed, broken]);
    assert.deepEqual(
      programs.map(({ syntactic, coherent, logical, ethical }) => [syntactic, coherent, logical, ethical]),
      [
        [null, null, null, null],
        [true, null, true, true],
        [false, null, null, null],
      ],
    );
    assert.deepEqual(parts.logical, { good: 1, programs: 2, goodParsing: 1, parsing: 1 });
    await assert.rejects(qualityOf([python], []), { message: "Expected a score for each of the 1 answers, got 0" });
  });

  it("gives TypeScript the problem's types, however the function is written", () => {
    const parameters = [
      { name: "a", type: "number[]" },
      { name: "b", type: "string" },
    ];
    const typed = (text: string) => withTypes({ read: readProgram(text), name: "f", parameters, returns: "T" });
    for (const [text, wanted] of [
      ["const f = (a, b) => a;", "const f = (a: number[], b: string) => a;"],
      ["const f = a => { return a; };", "const f = (a: number[]): T => { return a; };"],
      ["const f = async a => { await a; };", "const f = async (a: number[]) => { await a; };"],
      ["function f(a, b, c) {}", "function f(a: number[], b: string, c): T {}"],
      ["const f = function (x) {};", "const f = function (x: number[]): T {};"],
      ["const f = ({ length }, b = 'x') =>\n{};", "const f = ({ length }, b = 'x'): T =>\n{};"],
      ["const f = (a) => ({ a });", "const f = (a: number[]) => ({ a });"],
      ["const g = (a) => a;", "const g = (a) => a;"],
      ["export const f = (a) => a;", "const f = (a: number[]) => a;"],
    ] as const)
      assert.equal(typed(text), wanted);
  });

  it("is itself measured: each part sees the faults that are its own, and no others", async () => {
    const problems = await codeProblems({ count: 100, seed: 3 });
    const { rows, counts } = await measureQuality(problems, sandbox());
    const row = (measure: string): MeasureRow => rows.find((one) => one.measure === measure)!;
    console.log(`      ${JSON.stringify(counts)}`);
    for (const { measure, alarms, right, auc } of rows)
      console.log(
        `      ${measure.padEnd(10)} alarms ${alarms} of ${right}; ${Object.entries(auc)
          .map(([kind, value]) => `${kind} ${value.toFixed(2)}`)
          .join(", ")}`,
      );
    for (const { measure, alarms, right } of rows) assert.ok(alarms <= right / 10, `${measure}: ${alarms} of ${right}`);
    assert.ok(
      Object.values(counts).every((count) => count >= 25),
      JSON.stringify(counts),
    );
    assert.equal(row("syntactic").auc.syntax, 1);
    assert.equal(row("syntactic").auc.undeclared, 0.5);
    const { auc } = row("coherent");
    assert.ok(auc.undeclared! >= 0.95 && auc["lost declaration"]! >= 0.95, JSON.stringify(auc));
    assert.ok(row("types").auc["no such member"]! >= 0.9, JSON.stringify(row("types").auc));
    assert.ok(auc["lost return"]! >= 0.95, JSON.stringify(auc));
    // What a program gives is no matter of how it is written, and what it harms neither.
    assert.ok(Math.abs(auc.logic! - 0.5) <= 0.1, `logic ${auc.logic}`);
    assert.ok(Math.abs(auc.harm! - 0.5) <= 0.1, `harm ${auc.harm}`);
    assert.ok(row("logical").auc.logic! >= 0.9);
    assert.equal(row("ethical").auc.harm, 1);
    assert.equal(row("ethical").auc.logic, 0.5);
  });
});
