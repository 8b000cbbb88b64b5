/** Cells as modules: what each declares, what the next is given of it, and where its text begins. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { createCells } from "../../../kernel/language/service-cells.ts";

describe("cells as modules", () => {
  /** The kinds of the names that a cell declares. */
  const kindsOf = (source: string): { [name: string]: string } | null => {
    const cells = createCells("/lab");
    if (cells.commit(source) === null) return null;
    return Object.fromEntries([...cells.names].map(([name, { kind }]) => [name, kind]));
  };

  it("declare names of every kind, the last declaration's, but for a type that shares a value's", () => {
    const cases: [source: string, kinds: object | null][] = [
      ["let a = 1, [b] = [1]; var { c } = d;", { a: "let", b: "let", c: "let" }],
      ["const a = 1; using b = c; await using d = e;", { a: "const", b: "const", d: "const" }],
      [
        "function f() {} async function* g() {} declare function h(): void;",
        { f: "function", g: "function", h: "function" },
      ],
      ["class A {} abstract class B {}", { A: "class", B: "class" }],
      ["enum A {} const enum B {}", { A: "enum", B: "enum" }],
      ["namespace A {} namespace B.C {}", { A: "namespace", B: "namespace" }],
      ["type A = 1; interface B {}", { A: "type", B: "type" }],
      [
        "import a, { b, type c as d } from 'x'; import * as e from 'y'; import f = require('z');",
        { a: "import", b: "import", d: "import", e: "import", f: "import" },
      ],
      ["export const a = 1; export default function g() {}", { a: "const", g: "function" }],
      ["export default 1; export * from 'x'; export { y } from 'z';", {}],
      ["let a = 1; interface a {}", { a: "import" }],
      ["class a {} interface a {}", { a: "class" }],
      [
        "for (var i = 0; ; ) { var j; let k; } if (x) { var { l } = x; } function f() { var m; }",
        { f: "function", i: "let", j: "let", l: "let" },
      ],
      ["declare global { interface A {} } declare module 'x' {}", {}],
      ["let = ;", null],
    ];
    for (const [source, kinds] of cases) assert.deepEqual(kindsOf(source), kinds, source);
  });

  it("are kept by their number, export what they declare and import what they use; those that add to globals always count", () => {
    const cells = createCells("/lab");
    assert.equal(cells.current, join("/lab", "__cell.mts"));
    assert.deepEqual(cells.commit("const a = 1, b = 2; export const c = 3; let n = 0;"), {
      path: join("/lab", "__cell1.mts"),
      text: "\nconst a = 1, b = 2; export const c = 3; let n = 0;\n;export{a,b,n};\n",
      isRoot: false,
    });
    assert.equal(cells.commit("const = 1"), null);
    assert.deepEqual(cells.commit("function f() { return a + c + n; }"), {
      path: join("/lab", "__cell2.mts"),
      text: 'import{a,c}from"./__cell1.mts";declare let n: typeof import("./__cell1.mts").n;\nfunction f() { return a + c + n; }\n;export{f};\n',
      isRoot: false,
    });
    assert.equal(cells.commit("const a = f();")!.text, 'import{f}from"./__cell2.mts";\nconst a = f();\n;export{a};\n');
    assert.equal(
      cells.commit("a; b")!.text,
      'import{a}from"./__cell3.mts";import{b}from"./__cell1.mts";\na; b\n;export{};\n',
    );
    for (const source of ["declare global { var g: 1 }", "declare module 'x';"])
      assert.equal(cells.commit(source)!.isRoot, true, source);
  });

  it("are looked at behind one line of names, without those that they declare themselves, though they are not whole yet", () => {
    const cells = createCells("/lab");
    cells.commit("const a = 1, größe = 2; let n = 0;");
    const let_n = 'declare let n: typeof import("./__cell1.mts").n;';
    const from = (list: string) => `import{${list}}from"./__cell1.mts";`;
    for (const [source, options, first, before] of [
      ["1", {}, "", 0],
      ["größe + a", {}, from("größe,a"), 0],
      ["n = a", {}, `${from("a")}${let_n}`, 0],
      ["n = a", { isRead: true }, from("n,a"), 0],
      ["1", { extraNames: ["a", "none"] }, from("a"), 0],
      ["{ a: n }", {}, `${from("a")}${let_n}`, 1],
      ["const a = n", {}, let_n, 0],
      // Not whole yet: what seems to be declared is not given.
      ["const a = (", {}, "", 0],
      ["  async function a( n", {}, let_n, 0],
      ["const { a, x: [n] } = f(", {}, "", 0],
      ["import { a } from", {}, "", 0],
      ["f(a, n", {}, `${from("a")}${let_n}`, 0],
    ] as const) {
      const { text, headerLength } = cells.module(source, options);
      assert.equal(headerLength, first.length + 1 + before, source);
      assert.equal(text.slice(0, first.length + 1), `${first}\n`, source);
      assert.equal(text.slice(headerLength, headerLength + source.length), source);
    }
  });
});
