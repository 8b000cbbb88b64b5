/** Expressions in Python: parentheses where Python needs them to read what JavaScript does, and no others. */

import assert from "node:assert/strict";
import { programInPython } from "../../corpus/python/statements.ts";

const inPython = (expression: string): string => programInPython(`const f = ${expression};`).replace(/^f = /, "");

describe("an expression in Python", () => {
  it("is the same text where both languages read it alike", () => {
    for (const text of [
      "(a + b) * c",
      "a + b * c",
      "a - (b - c)",
      "a - b - c",
      "a + (b + c)",
      "a * (b * c)",
      "a / (b * c)",
      "a * b / c",
      "a % (b + 1)",
      "-(a + b)",
      "-a * b",
      "-(a * b)",
      "a - -b",
      "(-a) ** 2",
      "a ** b ** c",
      "(a ** b) ** c",
      "(a * b) ** c",
      "a ** (b + 1)",
      "a > b + 1",
      "(a > b) + c",
      "(a > b) * -1",
      "(a + b)[0]",
      "[a, b + 1][c - 1]",
    ])
      assert.equal(inPython(text), text);
  });

  it("has parentheses around what is looser in Python, and none around what is not", () => {
    for (const [javascript, python] of [
      // Python takes comparisons in a row as all of them at once.
      ["a === b === c", "(a == b) == c"],
      ["(a > b) === c", "(a > b) == c"],
      ["a !== (b < c)", "a != (b < c)"],
      ["xs.includes(a) === b", "(a in xs) == b"],
      ["xs.includes(a === b)", "(a == b) in xs"],
      ["(a === b).includes(c)", "c in (a == b)"],
      ["(a + b).includes(c + d)", "c + d in a + b"],
      ["-(a ** 2)", "-a ** 2"],
      ["a ** -b", "a ** (-b)"],
      ["a > b ? c : d", "c if a > b else d"],
      ["(a ? b : c) + d", "(b if a else c) + d"],
      ["(a ? b : c) > d", "(b if a else c) > d"],
      ["a ? b : c ? d : e", "b if a else d if c else e"],
      ["a ? (b ? c : d) : e", "(c if b else d) if a else e"],
      ["(a ? b : c) ? d : e", "d if (b if a else c) else e"],
      ["a ? (x) => x : b", "(lambda x: x) if a else b"],
      ["(x) => x > 1 ? x : 0", "lambda x: x if x > 1 else 0"],
      ["(x) => (y) => x + y", "lambda x: (lambda y: x + y)"],
      ["[a ? b : c, d]", "[b if a else c, d]"],
      ["self.f(a ? b : c)", "self.f(b if a else c)"],
    ] as const)
      assert.equal(inPython(javascript), python, javascript);
  });

  it("has them around a method's own text or list, and around what it is given, where an operator stands for it", () => {
    for (const [javascript, python] of [
      ["(a + b).toUpperCase()", "(a + b).upper()"],
      ["(a ? b : c).length", "len(b if a else c)"],
      ["xs.includes(a + b)", "a + b in xs"],
      ["xs.includes(a > b)", "(a > b) in xs"],
      ["xs.includes(a ? b : c)", "(b if a else c) in xs"],
      ["(a + b).includes(c)", "c in a + b"],
      ["(a ? xs : ys).includes(a)", "a in (xs if a else ys)"],
      ["xs.includes(a) ? b : c", "b if a in xs else c"],
      ["xs.indexOf(a) + 1", "(xs.index(a) if a in xs else -1) + 1"],
      ["xs.indexOf(a ? b : c)", "xs.index(b if a else c) if (b if a else c) in xs else -1"],
      ["a.repeat(3) + b", "a * 3 + b"],
      ["a.repeat(b + 1)", "a * (b + 1)"],
      ["a.repeat(b * c)", "a * (b * c)"],
      ["(a + b).repeat(3)", "(a + b) * 3"],
      ["Math.floor((a + b) / c)", "(a + b) // c"],
      ["Math.floor(a / (b * c))", "a // (b * c)"],
      ["Math.floor(a / b) * c", "a // b * c"],
      ["c * Math.floor(a / b)", "c * (a // b)"],
      ["Math.floor(a / b) ** 2", "(a // b) ** 2"],
      ["[...(a + b)].reverse().join('')", "(a + b)[::-1]"],
      ["(a ? xs : ys).join('-')", '"-".join(str(x) for x in (xs if a else ys))'],
      ["xs.filter((x) => x > 1)", "[x for x in xs if x > 1]"],
      ["xs.filter((x) => x ? a : b)", "[x for x in xs if (a if x else b)]"],
      ["(a ? xs : ys).map((x) => x ? a : b)", "[a if x else b for x in (xs if a else ys)]"],
      ["Math.max(...(a ? xs : ys))", "max(xs if a else ys)"],
    ] as const)
      assert.equal(inPython(javascript), python, javascript);
  });

  it("is refused where the languages differ, by what has no Python", () => {
    for (const [javascript, what] of [
      ["!a", "!"],
      ["typeof a", "typeof"],
      ["a & b", "&"],
      ["((x) => x)(3)", "a call of what has no name"],
      ["Math.floor(a)", "a floor of what is not divided"],
    ] as const)
      assert.throws(() => inPython(javascript), {
        message: `The corpus has no Python for ${what}: say in corpus/python how it is written`,
      });
  });
});
