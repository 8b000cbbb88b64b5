/** Cells as people write TypeScript, over the real protocol: each checked in the mode `error`, with the value that it must have. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { useKernel } from "./use-kernel.ts";

const packages = {
  // What a lexer does not see as exports: as UMD packages write them.
  "node_modules/bare/package.json": '{ "name": "bare", "main": "index.js" }',
  "node_modules/bare/index.js": "(function (make) { module.exports = make(); })(() => ({ seen: 1, other: 2 }));",
  "node_modules/typed/package.json": '{ "name": "typed", "type": "module", "exports": "./index.js" }',
  "node_modules/typed/index.js": "export const real = 5;",
  "node_modules/typed/index.d.ts":
    "export declare const real: number;\nexport interface Shape { side: number }\nexport type Id = string;\nexport declare const promised: number;\n",
};

describe("cells of plain TypeScript", () => {
  const kernel = useKernel({ files: packages });
  const { run, value, values } = kernel;

  it("take generic arrows and assertions in angle brackets", () =>
    values([
      ["const id = <T>(x: T) => x; id(3)", "3"],
      ["const pair = async <A, B>(a: A, b: B): Promise<[A, B]> => [a, b]; await pair(1, 'b')", "[ 1, 'b' ]"],
      ["const n = <number>5; n", "5"],
      ["(<any>'text').length + (<string[]>['a']).length", "5"],
    ]));

  it("may hold and show any letter, the line ends of Unicode too", async () => {
    await values([
      ["'a\u2028b'.length + `\u2029`.length", "4"],
      ["/* \u2028 */ 7", "7"],
    ]);
    const text = "one\u2028two\u2029three\u0085four";
    const { stdout, shown } = await run(`const text = ${JSON.stringify(text)}; console.log(text); text`);
    assert.equal(stdout, `${text}\n`);
    assert.match(shown.at(-1)!, /^'one.*four'$/s);
    assert.equal(await value("1 + 1"), "2", "the next cell is answered, too");
  });

  it("may be an object literal, and still a block", () =>
    values([
      ["{ a: 1, b: 2 }", "{ a: 1, b: 2 }"],
      ["{ a: 1 }", "{ a: 1 }"],
      ["{}", "{}"],
      ["// a comment\n/* another */\n{\n  name: 'x',\n  get size() { return 3; },\n  ...{ rest: true },\n}.size", "3"],
      ["{ [Symbol.for('Jupyter.display')]: () => ({ 'text/plain': 'drawn' }) }", "drawn"],
      ["{ const inner = 4; inner; }", undefined],
      ["{ let deep = 1; deep++; }\n7", "7"],
    ]));

  it("point into an object literal at its own place", async () => {
    const { error } = await run("{ a: 1, b: null!.c }");
    assert.match(error!.traceback.join("\n"), /cell \d+, line 1, column 14|TS\d+/);
    const thrown = await run("// types: off\n{ a: 1, b: (() => { throw new Error('inside'); })() }");
    assert.match(thrown.error!.traceback.join("\n"), /line 2, column 27/);
    const first = await run("{ a: (() => { throw new Error('first line'); })() }");
    assert.match(first.error!.traceback.join("\n"), /line 1, column 21/);
    const typed = await run("{ a: 1, b: missing }");
    assert.match(typed.error!.traceback.join("\n"), /line 1, column 12: error TS2304: Cannot find name 'missing'/);
  });

  it("show the value of their last expression, whatever declares or says nothing after it", () =>
    values([
      ["f()\nfunction f() { return 1 }", "1"],
      ["2;;", "2"],
      ["3\n;\n;", "3"],
      ["'x'\ninterface After { a: 1 }\ntype Other = string", "'x'"],
      ["g(2);\nasync function g(n: number) { return n }\nfunction* h() {}", "2"],
      ["5\ndeclare const nothing: number;", "5"],
      ["6; const last = 1;", undefined],
      ["7\nimport { sep } from 'node:path';", "7"],
      ["sep.length + 7\nimport * as os from 'node:os';\nimport type { Stats } from 'node:fs';", "8"],
      ["9\nimport fs = require('node:fs');", "9"],
      ["10\nexport {};\nexport * from 'node:url';\nexport type Passed = 1;\nexport function given() {}", "10"],
      ["11\nexport const made = 1;", undefined],
      ["import { join } from 'node:path';", undefined],
    ]));

  it("merge namespaces, with each other and with what has their name", () =>
    values([
      ["namespace NS { export const a = 1 }\nnamespace NS { export const b = a + 1 }\nNS.b", "2"],
      ["namespace One.Two { export const a = 2 }\nnamespace One.Two { export const b = a * 3 }\nOne.Two.b", "6"],
      [
        "namespace Out { namespace In { export const a = 4 }\nnamespace In { export const b = a }\nexport const c = In.b }\nOut.c",
        "4",
      ],
      ["enum Sides { Left = 1 }\nnamespace Sides { export const all = Sides.Left + 6 }\nSides.all", "7"],
      [
        "class Point {}\nnamespace Point { export const zero = 0 }\nnamespace Point { export const one = zero + 1 }\nPoint.one",
        "1",
      ],
      ["function area() { return 1 }\nnamespace area { export const unit = 'm' }\n[area(), area.unit]", "[ 1, 'm' ]"],
    ]));

  it("keep a var of a block for later cells", () =>
    values([
      ["for (var i = 0; i < 2; i++) {}", undefined],
      ["i", "2"],
      ["if (true) { var n = 1; }\ntry { throw 5 } catch { var caught = 'yes'; }", undefined],
      ["[n, caught]", "[ 1, 'yes' ]"],
      ["for (var [key, at] of [['a', 1]] as const) { switch (key) { case 'a': var deep = at; } }", undefined],
      ["[key, deep]", "[ 'a', 1 ]"],
      ["n = 5; n + i", "7"],
    ]));

  it("may begin with a #! line", () =>
    values([
      ["#!/usr/bin/env node\n1 + 1", "2"],
      ["#!/usr/bin/env -S npx tsx\nenum Level { Low = 3 }\nLevel.Low", "3"],
      ["#! anything\nnamespace Begun { export const a = 4 }\nBegun.a", "4"],
    ]));

  it("have the names that CommonJS gives a file", async () => {
    assert.equal(await value("__dirname"), `'${kernel.folder}'`);
    assert.equal(await value("`${__filename}`"), `'${join(kernel.folder, "cell.ts")}'`);
    assert.equal(await value("const at = { __dirname }; at.__dirname === process.cwd()"), "true");
    assert.equal(await value("module.exports = { made: 1 }; module.exports.made"), "1");
    assert.equal(await value("exports.more = 2; typeof module"), "'object'");
    assert.equal(await value("require.main === module"), "true");
    assert.equal(await value("const module = { own: 3 }; module.own"), "3");
    assert.equal(await value("module.own"), "3");
    assert.equal(await value("({ module: 1, exports: 2 }).exports"), "2");
  });

  it("tell what was thrown, also when it is no object", async () => {
    const thrown = async (what: string) => (await run(`throw ${what};`)).error?.evalue;
    for (const [what, said] of [
      ["null", "null"],
      ["undefined", "undefined"],
      ["5n", "5n"],
      ["NaN", "NaN"],
      ["-0", "-0"],
      ["-Infinity", "-Infinity"],
      ["'text'", "'text'"],
      ["'5n'", "'5n'"],
      ["false", "false"],
      ["Symbol('s')", "Symbol(s)"],
      ["{ a: 1 }", "{ a: 1 }"],
    ] as const)
      assert.equal(await thrown(what), said, what);
  });

  it("refuse a name that a package does not export, and take types and hidden exports", async () => {
    const refused = async (code: string) => (await run(`// types: off\n${code}`)).error?.evalue;
    assert.equal(
      await refused("import { nope } from 'bare';"),
      "The requested module 'bare' does not provide an export named 'nope'",
    );
    assert.equal(
      await refused("import thing from 'typed';"),
      "The requested module 'typed' does not provide an export named 'default'",
    );
    assert.equal(
      await refused("import { real, promised } from 'typed';"),
      "The requested module 'typed' does not provide an export named 'promised'",
    );
    assert.equal(
      await refused("import { sep, separator } from 'node:path';"),
      "The requested module 'node:path' does not provide an export named 'separator'",
    );
    assert.equal(
      await value("// types: off\nimport { seen, other as second } from 'bare'; [seen, second]"),
      "[ 1, 2 ]",
    );
    assert.equal(
      await value(
        "import { real, Shape, Id } from 'typed'; const s: Shape = { side: real }; const id: Id = 'a'; [s, id]",
      ),
      "[ { side: 5 }, 'a' ]",
    );
  });

  it("import this kernel's own library from any folder, and tslab's interface, types and all", async () => {
    assert.equal(
      await value("import { returns } from 'autoagent-lab'; [...returns([1, 1], { gamma: 1 })]"),
      "[ 2, 1 ]",
    );
    const wrong = await run("returns('text');");
    assert.match(wrong.error!.traceback.join("\n"), /error TS2345: Argument of type 'string'/);
    writeFileSync(
      join(kernel.folder, "mine.ts"),
      "import { returns } from 'autoagent-lab';\nexport const sum = (): number => returns([1, 2], { gamma: 1 })[0]!;\n",
    );
    assert.equal(await value("import { sum } from './mine'; sum()"), "3");
    assert.equal(
      await value(
        "import * as tslab from 'tslab'; tslab.versions.node === process.version && /^7\\./.test(tslab.versions.typescript)",
      ),
      "true",
    );
    assert.equal(
      await value("import { display as shown, newDisplay } from 'tslab'; [typeof shown.html, typeof newDisplay().png]"),
      "[ 'function', 'function' ]",
    );
    assert.match((await run("tslab.display.nothing();")).error!.traceback.join("\n"), /TS2339: Property 'nothing'/);
  });

  it("name the one command that brings a missing package", async () => {
    for (const [specifier, name] of [
      ["no-such-package", "no-such-package"],
      ["no-such-package/deep/part.js", "no-such-package"],
      ["@no-such/package/part", "@no-such/package"],
    ]) {
      const code = `import x from "${specifier}"; x`;
      const cure = `Install it with \`npm install ${name}\` in ${kernel.folder}.`;
      const typed = await run(code);
      assert.ok(
        typed
          .error!.traceback.join("\n")
          .includes(`Cannot find module '${specifier}' or its corresponding type declarations. ${cure}`),
        typed.error!.traceback.join("\n"),
      );
      const { error } = await run(`// types: off\n${code}`);
      assert.equal(error!.evalue, `Cannot find package '${name}' imported from the cell. ${cure}`);
      assert.match(error!.traceback.join("\n"), /at cell \d+, line 2, column 1/);
    }
    const deno = await run('// types: off\nimport { real } from "npm:typed@5";');
    assert.match(deno.error!.evalue, /Cells name packages as Node does: write "typed"\.$/);
    const absent = await run('// types: off\nimport { chunk } from "npm:lodash@4.17/fp";');
    assert.ok(
      absent.error!.evalue.endsWith(`write "lodash/fp", after \`npm install lodash\` in ${kernel.folder}.`),
      absent.error!.evalue,
    );
  });
});

describe("cells beside a tsconfig.json", () => {
  const { values } = useKernel({
    files: {
      "tsconfig.json": '{ "extends": "./base/tsconfig.json", "compilerOptions": { "baseUrl": "./src" } }',
      "base/tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./parts/*"], "one": ["./parts/only.ts"] } } }',
      "src/parts/al.ts": "import { only } from 'one';\nexport const al = [only, 2];\n",
      "src/parts/only.ts": "export const only = 1;\n",
      "src/plain.ts": "export const plain = 3;\n",
    },
  });

  it("follow its paths and baseUrl", () =>
    values([
      ['import { al } from "@/al"; al', "[ 1, 2 ]"],
      ['import { only } from "one"; only', "1"],
      ['import { al as typed } from "@/al.ts"; typed', "[ 1, 2 ]"],
      ['import { plain } from "plain"; plain', "3"],
      ['import { plain as deep } from "./src/plain"; deep', "3"],
      ['import { sep } from "node:path"; typeof sep', "'string'"],
    ]));
});
