/** How deep a text may nest before no parser sees it, and the names that patterns declare. */

import assert from "node:assert/strict";
import { isTooDeep, parse } from "../../../kernel/language/parse.ts";
import { namesOf, nestedVars, type PatternNode } from "../../../kernel/language/pattern.ts";

describe("a text for the parser", () => {
  const nested = (open: string, inner: string, close: string, times: number): string =>
    open.repeat(times) + inner + close.repeat(times);

  it("is refused where it nests more than 2,000 levels deep, in whatever way", () => {
    const ways: [open: string, inner: string, close: string][] = [
      ["(", "1", ")"],
      ["[", "", "]"],
      ["({a:", "1", "})"],
      ["a = ", "1", ""],
      ["x ? 1 : ", "1", ""],
      ["a => ", "1", ""],
      ["if (a) ", "b", ""],
      ["while (a) ", "b", ""],
      ["A<", "B", ">"],
      ["f(", "", ")"],
    ];
    for (const [open, inner, close] of ways) {
      assert.equal(isTooDeep(nested(open, inner, close, 2100)), true, open);
      assert.equal(isTooDeep(nested(open, inner, close, 400)), false, open);
    }
    assert.deepEqual([isTooDeep("(".repeat(2000)), isTooDeep("(".repeat(2001))], [false, true]);
    assert.throws(() => parse("(".repeat(2001)), {
      name: "SyntaxError",
      message: "This nests more than 2,000 levels deep: split it up",
    });
  });

  it("is not for what stands beside each other, however long, or in strings and comments", () => {
    const line = "const a = f([1, { b: (2) }]) ? x : y => z;\n";
    for (const text of [
      line.repeat(3000),
      `[${"[], ".repeat(5000)}]`,
      `f(${"a = 1, ".repeat(5000)})`,
      `// ${"a = ? ".repeat(3000)}\n1`,
      `/* ${"= ? ".repeat(3000)} */`,
      `"${"= ? ".repeat(3000)}"`,
      `'${"\\' = ".repeat(3000)}'`,
      `\`${"= ? ".repeat(3000)}\``,
      `1${" + 1".repeat(5000)}`,
    ])
      assert.equal(isTooDeep(text), false, text.slice(0, 30));
  });

  it("is TypeScript, JavaScript or either with elements, by its file's name", () => {
    const faults = (source: string, file?: string) =>
      parse(source, file === undefined ? {} : { file }).errors.length > 0;
    const cases: [source: string, refusedBy: string[]][] = [
      ["const a: number = 1;", ["a.js", "a.mjs", "a.cjs"]],
      ["const a = <T>b;", ["a.js", "a.mjs", "a.cjs", "a.tsx"]],
      ["const a = <b>c</b>;", ["a.js", "a.mjs", "a.cjs", "a.ts", "a.mts", "cell"]],
      ["await 1; import.meta;", []],
    ];
    for (const [source, refusedBy] of cases)
      for (const file of ["a.js", "a.mjs", "a.cjs", "a.ts", "a.mts", "a.tsx", "cell"])
        assert.equal(faults(source, file), refusedBy.includes(file), `${source} in ${file}`);
    assert.deepEqual([faults("const a: number = 1;"), faults("const a = <b>c</b>;")], [false, true]);
  });
});

describe("the names that are declared", () => {
  const bodyOf = (source: string) => parse(source).program.body as unknown as PatternNode[];

  it("by a pattern are those of all its parts, in their order", () => {
    for (const [pattern, names] of [
      ["a", ["a"]],
      ["{ a, b: c, d = 1, e: f = 2, ...g }", ["a", "c", "d", "f", "g"]],
      ["[a, , b = 1, [c], ...d]", ["a", "b", "c", "d"]],
      ["{ a: [b, { c }], [k]: d }", ["b", "c", "d"]],
      ["[...[a, ...b]]", ["a", "b"]],
      ["[]", []],
    ] as const) {
      const { declarations } = bodyOf(`let ${pattern} = x;`)[0] as unknown as { declarations: { id: PatternNode }[] };
      assert.deepEqual(namesOf(declarations[0]!.id), names, pattern);
    }
    assert.deepEqual(namesOf({ type: "MemberExpression" }), []);
  });

  it("by var belong to the whole text at any depth, but for functions', classes' and namespaces' own", () => {
    for (const [source, names] of [
      ["var a, { b } = c; let d;", ["a", "b"]],
      ["if (x) { var a; } else for (var [b, c] of d) { var e; }", ["a", "b", "c", "e"]],
      ["try { var a; } catch { var b; } finally { { var c; } }", ["a", "b", "c"]],
      ["function f() { var a; } (() => { var b; }); (function () { var c; });", []],
      ["class A { static { var a; } m() { var b; } } namespace N { var c; }", []],
    ] as const)
      assert.deepEqual(nestedVars(bodyOf(source)), names, source);
  });
});
