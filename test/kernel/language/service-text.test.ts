/** Places and answers as texts: where a fault of a cell is told, names as they are written, cursors, documentation. */

import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { createCells } from "../../../kernel/language/service-cells.ts";
import {
  answerOf,
  nameAt,
  place,
  startOfTyped,
  toInspection,
  toUnits,
  typeOf,
  written,
} from "../../../kernel/language/service-text.ts";

describe("a fault of a cell", () => {
  const directory = tmpdir();
  const cells = createCells(directory);
  cells.commit("const k = 1; let l = 1; function f() {} class C {} enum E { A } namespace N { export const x = 1 }");
  const cell = "ab\ncd";
  const told = (code: number, message: string, start = 0, end = 1) => {
    const raw = { code, message, severity: "error" as const, start: start + 10, end: end + 10 };
    return place(cell, raw, { headerLength: 10, cells, directory });
  };

  it("is told by the cell's own lines and columns, from one on; what lies before the cell at its beginning", () => {
    for (const [start, end, wanted] of [
      [0, 1, [1, 1, 1, 2]],
      [1, 2, [1, 2, 1, 3]],
      [3, 5, [2, 1, 2, 3]],
      [1, 4, [1, 2, 2, 2]],
      [-9, -3, [1, 1, 1, 1]],
    ] as const) {
      const { line, column, endLine, endColumn, ...rest } = told(1, "m", start, end);
      assert.deepEqual([line, column, endLine, endColumn], wanted);
      assert.deepEqual(rest, { code: 1, message: "m", severity: "error" });
    }
  });

  it("that is only the compiler's view of earlier cells is told as one of the names themselves", () => {
    const said = (name: string) => `Cannot assign to '${name}' because it is an import.`;
    for (const [name, code, what] of [
      ["k", 2588, "a constant"],
      ["f", 2630, "a function"],
      ["C", 2629, "a class"],
      ["E", 2628, "an enum"],
      ["N", 2631, "a namespace"],
    ] as const) {
      const { code: own, message } = told(2632, said(name));
      assert.deepEqual([own, message], [code, `Cannot assign to '${name}' because it is ${what}.`]);
    }
    for (const [code, message] of [
      [2632, said("l")],
      [2632, said("toString")],
      [2632, "no name"],
      [2588, said("k")],
    ] as const)
      assert.deepEqual([told(code, message).code, told(code, message).message], [code, message]);
  });

  it("is a warning for a package without types, and has advice where a package is not there", () => {
    assert.equal(told(7016, "m").severity, "warning");
    assert.equal(told(7017, "m").severity, "error");
    for (const code of [2307, 2882]) {
      const missing = "Cannot find module 'no-such-package-here' or its types.";
      const advice = `Install it with \`npm install no-such-package-here\` in ${directory}.`;
      assert.equal(told(code, missing).message, `${missing} ${advice}`);
      for (const message of ["Cannot find module './none'.", "no name"])
        assert.equal(told(code, message).message, message);
    }
  });
});

describe("what is asked at a cursor", () => {
  it("counts letters as Unicode does, and answers so", () => {
    const code = "a\u{1f600}bc";
    for (const [points, units] of [
      [0, 0],
      [1, 1],
      [2, 3],
      [3, 4],
      [9, 5],
    ] as const)
      assert.equal(toUnits(code, points), units);
    const found = [{ text: "bcd", type: "const" }];
    assert.deepEqual(answerOf(code, 3, 5, found), {
      ...{ matches: ["bcd"], cursorStart: 2, cursorEnd: 4 },
      types: [{ text: "bcd", type: "const", start: 2, end: 4 }],
    });
  });

  it("begins with the name that is typed, or with the text of a string that is open", () => {
    const cases: [before: string, typed: string][] = [
      ["a.größe", "größe"],
      ["a.b ", ""],
      ["x\nnam$e", "nam$e"],
      ['f("key wi', "key wi"],
      ["f('a', 'b", "b"],
      ["f('a').b", "b"],
      ["a / b", "b"],
      ["// it's", "s"],
      ["`it's`.b", "b"],
      ["'\\'' + \"x", "x"],
    ];
    for (const [before, typed] of cases)
      assert.equal(startOfTyped(`${before} rest`, before.length), before.length - typed.length, before);
  });

  it("is the name that the cursor is in or behind, or whose call it has just opened", () => {
    const cases: [code: string, at: number | null][] = [
      ["ab|c", 0],
      ["x.größe|", 2],
      ["x.|abc", 2],
      ["f(|", 0],
      ["o.f ( |", 2],
      ["f(a, |", null],
      ["1 + |", null],
      ["|", null],
      ["f(|)", 0],
    ];
    for (const [code, at] of cases) assert.equal(nameAt(code.replace("|", ""), code.indexOf("|")), at, code);
  });

  it("is a member, a key or a name, each written as it must be", () => {
    const of = (...texts: string[]) => texts.map((text) => ({ text, type: "property" }));
    const given = (code: string, isMember: boolean, ...texts: string[]) => {
      const { from, found } = written(code, code.length, { isMember, found: of(...texts) });
      return [from - code.length, ...found.map(({ text }) => text)];
    };
    assert.deepEqual(given("o.", true, "a", "größe", "#own", "$"), [0, "a", "größe", "#own", "$"]);
    assert.deepEqual(given("o.", true, "a", "b-c"), [0, "a"], "what needs brackets, only where nothing else is");
    assert.deepEqual(given("o.", true, "b-c", "0", "1.5"), [-1, '["b-c"]', "[0]", "[1.5]"]);
    assert.deepEqual(given("o?.", true, 'b"c'), [-2, '?.["b\\"c"]']);
    assert.deepEqual(given("o. ", true, "b c"), [-2, '["b c"]']);
    for (const quote of ['"', "'", "`"]) assert.deepEqual(given(`o[${quote}`, true, "b-c"), [0, "b-c"]);
  });

  it("is told as text and as Markdown, with its documentation where there is some; kinds by Jupyter's words", () => {
    for (const [documentation, tail] of [
      ["", ""],
      ["Says *so*.", "\n\nSays *so*."],
    ] as const)
      assert.deepEqual(toInspection("const a: 1", documentation), {
        found: true,
        data: { "text/plain": `const a: 1${tail}`, "text/markdown": `\`\`\`typescript\nconst a: 1\n\`\`\`${tail}` },
      });
    assert.deepEqual(["let", "const", "import", "namespace", "function", "class", "enum", "type"].map(typeOf), [
      "variable",
      "variable",
      "module",
      "module",
      "function",
      "class",
      "enum",
      "type",
    ]);
  });
});
