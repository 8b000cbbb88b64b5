/** The names that CommonJS gives a file, in a cell: replaced where they are read, and nowhere else. */

import assert from "node:assert/strict";
import MagicString from "magic-string";
import { parse } from "../../../kernel/language/parse.ts";
import { replaceCommonJsNames } from "../../../kernel/language/rewrite-names.ts";

describe("the names that CommonJS gives a file", () => {
  const rewritten = (code: string): string => {
    const text = new MagicString(code);
    replaceCommonJsNames(text, code, parse(code).program);
    return text.toString();
  };
  const value = (name: string): string => `(typeof ${name} === "undefined" ? __node.${name} : ${name})`;

  it("are replaced where they are read, in the short form of a property too", () => {
    for (const name of ["__dirname", "__filename", "module", "exports"])
      for (const [before, after] of [
        ["f(", ");"],
        ["a[", "];"],
        ["x = { [", "]: 1 };"],
        ["x = { a: ", " };"],
        ["", ".a = 1;"],
        ["`${", "}`;"],
      ] as const)
        assert.equal(rewritten(`${before}${name}${after}`), `${before}${value(name)}${after}`);
    assert.equal(
      rewritten("x = { module, exports };"),
      `x = { module: ${value("module")}, exports: ${value("exports")} };`,
    );
  });

  it("are left where they are no reference, or the cell's own", () => {
    for (const code of [
      "a.module; a.exports = 1; x = { module: 1, exports() {} };",
      "module: for (;;) break module;",
      "class A { module = 1; exports() {} }",
      "const module = 1; f(module);",
      "function f(exports) { return exports; }",
      "const { a: [__dirname] } = b; f(__dirname);",
      "try {} catch (module) { f(module); }",
      "import { x as module } from 'y'; module;",
      "exports = 1; f(exports);",
      "dirname; modules;",
    ])
      assert.equal(rewritten(code), code);
    assert.equal(rewritten("import { module as a } from 'y'; a;"), "import { module as a } from 'y'; a;");
  });
});
