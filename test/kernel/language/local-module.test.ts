/** A reader's own .ts file, made ready for Node: what is blanked, what is put back, and where every line stays. */

import assert from "node:assert/strict";
import { compileLocalModule, isModuleText } from "../../../kernel/language/local-module.ts";

const other = {
  "./types.ts":
    "export interface Shape { a: number }\nexport type Side = 'l';\nexport const value = 1;\nexport class Both {}\n",
};

function compile(source: string, file = "/folder/file.ts") {
  const find = (specifier: string) => {
    const text = other[specifier as keyof typeof other];
    return text === undefined ? null : { file: "/folder/types.ts", source: text };
  };
  return compileLocalModule(source, { file, directory: "/folder", find });
}

const createRequire = 'process.getBuiltinModule("node:module").createRequire(import.meta.url)';

describe("a reader's own file", () => {
  it("is a module if it imports, exports, asks import.meta or awaits at its top", () => {
    const modules = [
      "import 'x';",
      "export {};",
      "import.meta.url;",
      "await f();",
      "for await (const a of b);",
      "if (a) { await b; }",
    ];
    const scripts = [
      "export = 1;",
      "import a = require('a');\nexport = a;",
      "const a = require('a');",
      "async function f() { await 1; }",
      "class A { async b() { await 1; } }",
      "() => import('x');",
      "export {",
      "",
    ];
    for (const text of modules) assert.equal(isModuleText(text, "a.ts"), true, text);
    for (const text of scripts) assert.equal(isModuleText(text, "a.ts"), false, text);
    assert.equal(compile("export {"), null, "what does not parse is Node's to tell");
    const plain = "const a: number = 1;\nmodule.exports = a;\n";
    assert.deepEqual(compile(plain), { code: plain, isModule: false, isTyped: true });
  });

  it("has the names of types blanked in imports and exports, and every other letter where it was", () => {
    const cases: [source: string, code: string][] = [
      ["import { Shape, value } from './types.ts';\nvalue;", "import {        value } from './types.ts';\nvalue;"],
      [
        "import { value, Shape as S } from './types.ts';\nlet s: S = value;",
        "import { value,            } from './types.ts';\nlet s: S = value;",
      ],
      [
        "import {\n  Shape,\n} from './types.ts';\nlet s: Shape;",
        "        \n        \n                    \nlet s: Shape;",
      ],
      [
        "import type { Shape } from './types.ts';\nlet s: Shape;",
        "import type { Shape } from './types.ts';\nlet s: Shape;",
      ],
      [
        "import { type Shape, value } from './types.ts';\nvalue;",
        "import { type Shape, value } from './types.ts';\nvalue;",
      ],
      ["import './types.ts';", "import './types.ts';"],
      ["export { Shape, value } from './types.ts';", "export {        value } from './types.ts';"],
      ["export type { Shape } from './types.ts';", "export type { Shape } from './types.ts';"],
      ["interface Own {}\nconst a = 1;\nexport { Own, a };", "interface Own {}\nconst a = 1;\nexport {      a };"],
      [
        "import { Shape, Both } from './types.ts';\nexport { Shape, Both };",
        "import {        Both } from './types.ts';\nexport {        Both };",
      ],
    ];
    for (const [source, code] of cases)
      assert.deepEqual(compile(source), { code, isModule: true, isTyped: true }, source);
  });

  it("is given require, __dirname and __filename if it uses them and has none, on its first line", () => {
    const cases: [source: string, code: string][] = [
      ["export const a = require('a');", `const require = ${createRequire};export const a = require('a');`],
      [
        "#!/usr/bin/env node\nexport const a = __dirname;\n",
        "#!/usr/bin/env node\nconst __dirname = import.meta.dirname;export const a = __dirname;\n",
      ],
      [
        "export const a = [__filename, __dirname];",
        "const __dirname = import.meta.dirname, __filename = import.meta.filename;export const a = [__filename, __dirname];",
      ],
      ["const require = f();\nexport const a = require('a');", "const require = f();\nexport const a = require('a');"],
      [
        "import { require } from 'x';\nexport const a = require;",
        "import { require } from 'x';\nexport const a = require;",
      ],
      ["export function require() {}\nrequire();", "export function require() {}\nrequire();"],
      ["export const a = b.require, my__dirname = 1;", "export const a = b.require, my__dirname = 1;"],
    ];
    for (const [source, code] of cases) assert.equal(compile(source)!.code, code, source);
  });

  it("is compiled, with a source map, only where stripping types is not enough", () => {
    const compiled = [
      "export enum A { B }",
      "export namespace N { export const a = 1; }",
      "export class A { constructor(readonly a: number) {} }",
      "import a = require('a');\nexport const b = a;",
    ];
    for (const source of compiled) {
      const { code, isTyped, isModule } = compile(source)!;
      assert.deepEqual([isTyped, isModule], [false, true], source);
      const [, encoded] = /\n\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\n$/.exec(code)!;
      const map = JSON.parse(Buffer.from(encoded!, "base64").toString()) as {
        sources: string[];
        sourcesContent: string[];
      };
      assert.deepEqual([map.sources, map.sourcesContent], [["/folder/file.ts"], [source]]);
    }
    const { code, isModule, isTyped } = compile("const a: number = 1;\nexport = a;")!;
    assert.deepEqual(
      [code.split("\n//#")[0], isModule, isTyped],
      ["const a = 1;\nmodule.exports = a;\n", false, false],
    );
    const tsx = compile("export const a: number = 1;", "/folder/file.tsx")!;
    assert.equal(tsx.isTyped, false);
    const element = "export const a = <b>x</b>;\n";
    assert.match(compile(element, "/folder/file.tsx")!.code, /"b"/);
    assert.deepEqual([compile(element), isModuleText(element, "/folder/file.ts")], [null, false]);
    for (const source of [
      "export declare enum A { B }",
      "export declare namespace N { const a: number; }",
      "export const namespace = 1;",
      "export class A { readonly a = 1; private b = 2; }",
    ])
      assert.deepEqual(compile(source), { code: source, isModule: true, isTyped: true }, source);
  });
});
