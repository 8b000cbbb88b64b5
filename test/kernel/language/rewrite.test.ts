/**
 * What becomes of a cell, without a kernel: each is prepared and run in a context of its own, with stand-ins for what the
 * session gives it, as V8's REPL mode would run it (names declared once, then assigned). Not here: types, and what only
 * the real session can show (`test/kernel/session`).
 */

import assert from "node:assert/strict";
import { createContext, runInContext } from "node:vm";
import { prepareCell } from "../../../kernel/language/rewrite.ts";

interface Ran {
  /** What was shown, in order. */
  shown: unknown[];
  /** Every import, as it was asked for. */
  imports: unknown[][];
  /** How often a loop that awaits asked whether it was interrupted. */
  guards: number;
  used: unknown[][];
  /** The names declared by the last cell. */
  names: string[];
  values: { [name: string]: unknown };
}

/** Runs cells one after the other, as one session. */
async function run(...cells: string[]): Promise<Ran> {
  const ran: Ran = { shown: [], imports: [], guards: 0, used: [], names: [], values: {} };
  const modules: { [source: string]: object } = {
    paths: { default: "the default", join: (...parts: string[]) => parts.join("/"), "two words": 2 },
  };
  const declared = new Set<string>();
  const context = createContext({
    __show: (value: unknown) => void ran.shown.push(value),
    __import: async (...given: unknown[]) => {
      ran.imports.push(given);
      return modules[given[0] as string] ?? {};
    },
    __guard: () => void ran.guards++,
    __use: (value: unknown, isAsync: boolean) => {
      ran.used.push([value, isAsync]);
      return value;
    },
    __meta: { url: "cell:" },
    __node: { module: "of Node" },
  });
  for (const [i, cell] of cells.entries()) {
    const { code, names } = prepareCell(cell, i + 1);
    ran.names = names;
    const fresh = names.filter((name) => !declared.has(name));
    for (const name of fresh) declared.add(name);
    if (fresh.length > 0) runInContext(`let ${fresh.join(", ")};`, context);
    await runInContext(`(async () => {${code}\n})()`, context);
  }
  for (const name of declared) ran.values[name] = runInContext(name, context);
  // What a context makes has that context's own prototypes.
  return {
    ...ran,
    shown: plain(ran.shown),
    values: plain(ran.values),
    used: plain(ran.used),
    imports: plain(ran.imports),
  };
}

function plain<T>(value: T): T {
  return structuredClone(JSON.parse(JSON.stringify(value, (_, one) => (one === undefined ? "undefined" : one))));
}

/** What one cell, or several of a session, must come to. */
type Case = [cells: string | string[], expected: Partial<Ran>];

const tables: { [what: string]: Case[] } = {
  "has its functions from its first line on": [
    ["f(); function f() { return 1 }", { shown: [1], names: ["f"] }],
    ["const x = twice(4); function twice(n: number) { return 2 * n }\nx", { shown: [8] }],
    ["function a() { return b() } function b() { return 3 }\na()", { shown: [3], names: ["a", "b"] }],
    ["const x = await g(); async function g() { return 5 }\nx", { shown: [5] }],
    ["const [x] = [...h()]; function* h() { yield 6 }\nx", { shown: [6] }],
    ["const x = e(); export function e() { return 7 }\nx", { shown: [7], names: ["x", "e"] }],
    ["const x = d(); export default function d() { return 8 }\nx", { shown: [8] }],
    ["function f() { return 1 }\nfunction f() { return 2 }\nf()", { shown: [2] }],
  ],
  "has its imports from its first line on": [
    [
      'const x = join("a", "b"); import { join } from "paths"\nx',
      { shown: ["a/b"], imports: [["paths", "undefined", ["join"]]] },
    ],
    ['import { join } from "paths"\njoin("a", "b")', { shown: ["a/b"], names: ["join"] }],
    ['const x = f(); function f() { return join("c") } import { join } from "paths";\nx', { shown: ["c"] }],
    [
      'import { join as j } from "paths"; j("a")',
      { shown: ["a"], names: ["j"], imports: [["paths", "undefined", ["join"]]] },
    ],
    ['import { "two words" as two } from "paths"; two', { shown: [2], names: ["two"] }],
    ['import d from "paths"; d', { shown: ["the default"], imports: [["paths", "undefined", ["default"]]] }],
    ['import * as p from "paths"; p.join("a")', { shown: ["a"], names: ["p"], imports: [["paths"]] }],
    ['import d, * as p from "paths"; [d, p.default]', { shown: [["the default", "the default"]] }],
    ['import d, { join } from "paths"; join(d, "x")', { shown: ["the default/x"], names: ["d", "join"] }],
    ['import "paths"', { imports: [["paths"]], names: [], shown: [] }],
    ['import x from "x" with { type: "json" }', { imports: [["x", "json", ["default"]]] }],
    ['import type { T } from "paths"; 1', { imports: [], names: [], shown: [1] }],
    ['export * from "x"; export { y } from "y"', { imports: [["x"], ["y"]], names: [] }],
    ['const { join } = await import("paths"); join("z")', { shown: ["z"], imports: [["paths"]] }],
    ["import.meta.url", { shown: ["cell:"] }],
  ],
  "keeps the variables of its blocks that are `var`, and no others": [
    ["for (var i = 0; i < 3; i++) { var twice = 2 * i }", { names: ["i", "twice"], values: { i: 3, twice: 4 } }],
    ["for (var k in { a: 1 });", { names: ["k"], values: { k: "a" } }],
    ["for (var [x, { y }] of [[1, { y: 2 }]]) { }", { names: ["x", "y"], values: { x: 1, y: 2 } }],
    ["if (true) { var y = 1; let z = 2 } else var w = 3", { names: ["y", "w"], values: { y: 1, w: "undefined" } }],
    ["{ { var { deep } = { deep: 9 } } }", { names: ["deep"], values: { deep: 9 } }],
    [
      "try { throw 1 } catch (e) { var caught = e } finally { const no = 1 }",
      { names: ["caught"], values: { caught: 1 } },
    ],
    ["switch (1) { case 1: var s = 4 }", { names: ["s"], values: { s: 4 } }],
    ["l: while (true) { var w = 5; break l }", { names: ["w"], values: { w: 5 } }],
    ["function f() { var inner = 1; return inner }\nconst g = () => { var inner = 2 }", { names: ["f", "g"] }],
    ["class A { static { var inner = 1 } }", { names: ["A"] }],
    ["for (let i = 0; i < 3; i++) { const c = i }", { names: [] }],
    [["var kept = 1", "if (false) { var kept = 2 }"], { values: { kept: 1 } }],
  ],
  "shows the value of its last expression, and of nothing else": [
    ["1; 2", { shown: [2] }],
    ["1; 2;", { shown: [2] }],
    ["const a = 1", { shown: [] }],
    ["const a = 1; a", { shown: [1] }],
    ["1; const a = 2", { shown: [] }],
    ["5; function f() {}", { shown: [5] }],
    ["5; type T = number; interface I { a: T }", { shown: [5] }],
    ["5;;", { shown: [5] }],
    ["5; declare const there: number", { shown: [5] }],
    ["5; class A {}", { shown: [] }],
    ["if (true) 1", { shown: [] }],
    ['"use strict"', { shown: ["use strict"] }],
    ["await Promise.resolve(4)", { shown: [4] }],
    ["let a = 1, b = 2; a, b", { shown: [2] }],
    ["let a; a = 3", { shown: [3] }],
    ["1 as number", { shown: [1] }],
    ["enum E { A = 4 }", { shown: [], names: ["E"] }],
    ["", { shown: [] }],
    ["// nothing", { shown: [] }],
    ["6 // six", { shown: [6] }],
  ],
  "takes a brace for an object where one was meant, and for a block elsewhere": [
    ["{ a: 1 }", { shown: [{ a: 1 }] }],
    ["{ a: 1, b: 2 }", { shown: [{ a: 1, b: 2 }] }],
    ["// a comment\n{ a: [1], ...{ b: 2 } } // after it", { shown: [{ a: [1], b: 2 }] }],
    ["{}", { shown: [{}] }],
    ["{ a: 1 };", { shown: [] }],
    ["{ let a = 1; a }", { shown: [], names: [] }],
    ["{ a: 1 }\n2", { shown: [2] }],
  ],
  "may declare any name again as anything": [
    [["let x = 1", "const x = 2", "x"], { shown: [2] }],
    [["const x = 1", "function x() { return 3 }\nx()"], { shown: [3] }],
    [["class x {}", "let x = 4; x"], { shown: [4] }],
    [["let x = 1", "let x; x"], { shown: ["undefined"] }],
    [["var x = 1", "var x; x"], { shown: [1] }],
    [["const x = 1", 'import x from "paths"; x'], { shown: ["the default"] }],
    [["enum E { A = 1 }", "enum E { B = 2 }", "Object.keys(E)"], { shown: [["2", "B"]] }],
    [["let a = 1, b = 2", "[a, b] = [b, a]; [a, b]"], { shown: [[2, 1]] }],
    [
      ["const { a, b: [c], ...rest } = { a: 1, b: [2], d: 3 }", "const { a = 9 } = {}; [a, c, rest]"],
      { shown: [[9, 2, { d: 3 }]] },
    ],
    ["const a = 1\nconst [b] = [2]\nconst { c } = { c: 3 }\n;[a, b, c]", { shown: [[1, 2, 3]] }],
    [
      "const f = () => 1, g = function () {}, h = class {}, i = function own() {}; [f, g, h, i].map((x) => x.name)",
      { shown: [["f", "g", "h", "own"]] },
    ],
    ["export const a = 1, b = 2; export { a }; export default 5; a + b", { shown: [3], names: ["a", "b"] }],
  ],
  "asks in each loop that awaits, and in no other, whether it was interrupted": [
    ["for (let i = 0; i < 3; i++) await i", { guards: 3 }],
    ["for (const i of [1, 2]) { await i }", { guards: 2 }],
    ["for await (const i of [1, 2]);", { guards: 2 }],
    ["let n = 0; while (n < 4) { n++; await 0 }", { guards: 4 }],
    ["let n = 0; do { n++; await 0 } while (n < 2)", { guards: 2 }],
    ["for (let i = 0; i < 2; i++) for (let j = 0; j < 3; j++) await j", { guards: 2 + 6 }],
    ["for (let i = 0; i < 3; i++) { const f = async () => { await 1 } }", { guards: 0 }],
    ["const f = async () => { for (const i of [1, 2]) await i }\nawait f()", { guards: 2 }],
    ["for (let i = 0; i < 3; i++);", { guards: 0 }],
  ],
  "hands what it uses to the session, and finds the names that CommonJS has": [
    [
      "using a = 1 as never; await using b = 2 as never",
      {
        used: [
          [1, false],
          [2, true],
        ],
        names: ["a", "b"],
      },
    ],
    ["module", { shown: ["of Node"] }],
    ["const m = { module }; m", { shown: [{ module: "of Node" }] }],
    [["const module = 1", "module"], { shown: [1] }],
    ["const a = { module: 2 }; a.module", { shown: [2] }],
  ],
};

describe("a cell that is prepared", () => {
  for (const [what, cases] of Object.entries(tables))
    it(what, async () => {
      for (const [cells, expected] of cases) {
        const ran = await run(...[cells].flat());
        const { values, ...rest } = expected;
        for (const [key, value] of Object.entries(rest))
          assert.deepEqual(ran[key as keyof Ran], value, `${key} of ${JSON.stringify(cells)}`);
        for (const [name, value] of Object.entries(values ?? {}))
          assert.deepEqual(ran.values[name], value, `${name} of ${JSON.stringify(cells)}`);
      }
    });

  it("says where each position of its code stood in the cell, also of what was moved", () => {
    const source = "later();\n  { a: 1 }\nfunction later(): void {\n  throw new Error('here');\n}";
    const { code, locate } = prepareCell(source, 3);
    const place = (text: string, word: string) => {
      const before = text.slice(0, text.indexOf(word)).split("\n");
      return { line: before.length, column: before.at(-1)!.length };
    };
    for (const word of ["new Error", "later();"]) {
      const { line, column } = place(code, word);
      assert.deepEqual(locate(line, column), place(source, word), word);
    }
    assert.match(code, /\n\/\/# sourceURL=cell-3\.ts$/);
    assert.deepEqual(prepareCell("{ a: bad }", 1).locate(1, prepareCell("{ a: bad }", 1).code.indexOf("bad")), {
      line: 1,
      column: 5,
    });
  });

  it("or cannot be says where the parser stumbled, in the cell's own lines", () => {
    for (const [source, line, column] of [
      ["let x = = 1", 1, 8],
      ["const ok = 1;\nconst é = 'äöü', 5", 2, 17],
      ["await 1;\n\n  )", 3, 2],
    ] as const)
      assert.throws(
        () => prepareCell(source, 1),
        (error: { name: string; line: number; column: number }) => {
          assert.deepEqual([error.name, error.line, error.column], ["SyntaxError", line, column], source);
          return true;
        },
      );
  });
});
