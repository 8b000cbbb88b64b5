/** Checks of cells: the same expectations on both compilers. */

import assert from "node:assert/strict";
import { formatDiagnostics, type Implementation } from "../../../kernel/language/index.ts";
import { withService } from "./with-service.ts";

for (const implementation of ["typescript7", "typescript6"] satisfies Implementation[])
  describe(`checking cells with ${implementation}`, () => {
    it("lets types flow from cell to cell, and through redeclaration of any kind", () =>
      withService({ implementation }, async ({ run, faults }) => {
        await run("const a = 1;");
        assert.deepEqual(await faults("const t: string = a;"), [
          "2322 Type 'number' is not assignable to type 'string'.",
        ]);
        await run("let a = 'text';");
        await run("const t: string = a;");
        await run("function a() { return 1n; }");
        await run("const big: bigint = a();");
        await run("class a { id = 7; }");
        await run("const seven: number = new a().id; let other: a;");
        await run("enum a { One, Two }");
        await run("const two: a = a.Two; a.One");
        assert.deepEqual(await faults("a()"), [
          `2349 This expression is not callable.\n  Type 'typeof a' has no call signatures.`,
        ]);
        await run("interface a { only: 'type' }");
        await run("const typed: a = { only: 'type' };");
        await run("const { a, b: [c = 5] } = { a: 1, b: [2] };");
        await run("const sum: number = a + c;");
      }));

    it("lets a later cell assign a let of an earlier one, and nothing else", () =>
      withService({ implementation }, async ({ run, faults }) => {
        await run("let n = 1; const k = 2; function f() {} class C {} enum E { A } namespace N { export const x = 1 }");
        await run("n = 3; n++; [n] = [4];");
        assert.deepEqual(await faults("n = 'x';"), ["2322 Type 'string' is not assignable to type 'number'."]);
        assert.deepEqual(await faults("k = 1; f = 1; C = 1; E = 1; N = 1;"), [
          "2588 Cannot assign to 'k' because it is a constant.",
          "2630 Cannot assign to 'f' because it is a function.",
          "2629 Cannot assign to 'C' because it is a class.",
          "2628 Cannot assign to 'E' because it is an enum.",
          "2631 Cannot assign to 'N' because it is a namespace.",
        ]);
      }));

    it("says where a fault is, in the cell's own lines, with a code frame", () =>
      withService({ implementation }, async ({ service, run }) => {
        await run("const size = 3;");
        const cell = "interface P { x: number }\n// 😀 a comment\n\tconst p: P = { x: String(size) };\nsize.foo(";
        const unfinished = await service.check(cell);
        assert.deepEqual(
          unfinished.map(({ line, column, severity }) => [line, column, severity]),
          [[4, 10, "error"]],
        );
        const whole = cell.replace("\nsize.foo(", "\nsize");
        const found = await service.check(whole);
        assert.deepEqual(found, [
          {
            line: 3,
            column: 17,
            endLine: 3,
            endColumn: 18,
            code: 2322,
            message: "Type 'string' is not assignable to type 'number'.",
            severity: "error",
          },
        ]);
        const text = [
          "Cell 12, line 3, column 17: error TS2322: Type 'string' is not assignable to type 'number'.",
          "  2 | // 😀 a comment",
          "> 3 | \tconst p: P = { x: String(size) };",
          "    | \t               ^",
          "  4 | size",
        ];
        assert.equal(formatDiagnostics(whole, found, { cellNumber: 12 }), text.join("\n"));
      }));

    it("finds none in a cell that is not to be checked, or is nested too deep to be", () =>
      withService({ implementation }, async ({ service }) => {
        const fault = "const n: number = 'text';";
        assert.equal((await service.check(fault)).length, 1);
        for (const cell of [
          `// @ts-nocheck\n${fault}`,
          `\n  //   @ts-nocheck\n${fault}`,
          `${"(".repeat(50_000)}1${")".repeat(50_000)}`,
        ])
          assert.deepEqual(await service.check(cell), []);
        assert.equal((await service.check(`1;\n// @ts-nocheck\n${fault}`)).length, 1, "it is no longer at the top");
      }));

    it("finds no fault in what cells may do", () =>
      withService({ implementation, files: { "data.json": '{ "n": 1 }' } }, async ({ run, faults }) => {
        await run("const wait = await Promise.resolve(1); for await (const x of [1, 2]) wait + x;");
        await run("using r = { [Symbol.dispose]() {} }; r; wait;");
        await run("enum Color { Red } namespace N { export const x = Color.Red; } const enum Flag { On = 1 } Flag.On;");
        await run(
          "const log = (value: unknown, _: ClassMethodDecoratorContext) => {}; class A { @log m() {} constructor(private x = 1) {} }",
        );
        await run("import type { Server } from 'node:http'; import { type Socket, connect } from 'node:net'; connect;");
        await run("let server: Server | Socket;");
        await run("console.log(import.meta.url, import.meta.dirname); require('node:fs'); await import('node:path');");
        await run("1 + 1");
        await run("({ a: 1 })");
        await run("undefined; // nothing");
        await run("export const exported = 1; export default class Named {}");
        await run("exported + 1; new Named();");
        await run("import data from './data.json' with { type: 'json' }; data.n.toFixed();");
        await run("var x = 1; var x = 2; label: for (;;) break label;");
        await run("[1].map((x) => x + 1); Object.groupBy([1], String); new Set([1]).union(new Set([2]));");
        await run("// @ts-expect-error\nconst wrong: string = 1;");
        assert.deepEqual(await faults("// @ts-nocheck\nconst wrong: string = 1;"), []);
        await run("display(html`<b>x</b>`); md`*x*`; svg`<svg/>`; table([{ a: 1 }]); plot({ data: [] }); clear();");
        await run(
          "const said: string = await input('?', { password: true }); prompt('?'); confirm('?'); progress(3).set(1);",
        );
        assert.match((await faults("document"))[0]!, /^2584 Cannot find name 'document'/);
      }));

    it("resolves packages as Node does: exports maps, ES modules, types of what is imported earlier", () =>
      withService({ implementation }, async ({ run, faults, directory }) => {
        await run("import { encode, decode } from 'gpt-tokenizer'; import OpenAI from 'openai';");
        await run("import { encode as small } from 'gpt-tokenizer/encoding/o200k_base'; import * as fs from 'fs';");
        await run(
          "const ids: number[] = [...encode('hi'), ...small('hi')]; const client = new OpenAI({ apiKey: 'x' }); fs.statSync;",
        );
        assert.deepEqual(await faults("const text: number = decode(ids);"), [
          "2322 Type 'string' is not assignable to type 'number'.",
        ]);
        assert.deepEqual(await faults("client.chat.completions.creat"), [
          "2551 Property 'creat' does not exist on type 'Completions'. Did you mean 'create'?",
        ]);
        assert.deepEqual(await faults("import 'gpt-tokenizer/nowhere'; import x from 'no-such-package'"), [
          "2882 Cannot find module or type declarations for side-effect import of 'gpt-tokenizer/nowhere'.",
          `2307 Cannot find module 'no-such-package' or its corresponding type declarations. Install it with \`npm install no-such-package\` in ${directory}.`,
        ]);
      }));

    it("warns of a package without types, and runs on with any", () =>
      withService(
        {
          implementation,
          files: {
            "node_modules/bare/index.js": "export const x = 1;",
            "node_modules/bare/package.json": '{"name":"bare","type":"module","exports":"./index.js"}',
          },
        },
        async ({ service }) => {
          const found = await service.check("import { x } from 'bare'; const s: string = x;");
          assert.deepEqual(
            found.map(({ code, severity }) => [code, severity]),
            [[7016, "warning"]],
          );
        },
      ));

    it("follows local files: changed, and made after they were missed", () =>
      withService(
        { implementation, files: { "helper.ts": "export const size = 1;\n" } },
        async ({ run, faults, write }) => {
          await run("import { size } from './helper.ts'; const n: number = size;");
          assert.deepEqual(await faults("import { later } from './later.ts'; later;"), [
            "2307 Cannot find module './later.ts' or its corresponding type declarations.",
          ]);
          write("later.ts", "export const later = 1;\n");
          await run("import { later } from './later.ts'; later.toFixed();");
          write("helper.ts", "export const size = 'three';\n");
          await run("const text: string = size;");
          write("helper.ts", "export const size = [1, 2, 3];\n");
          await run("const list: number[] = size;");
        },
      ));

    it("lets the folder's tsconfig.json change strictness, not what cells are", () =>
      withService(
        {
          implementation,
          files: {
            "tsconfig.json":
              '{ "compilerOptions": { "strict": false, "module": "commonjs", "noUnusedLocals": true, "isolatedModules": true } }',
          },
        },
        async ({ run }) => {
          await run("const n: number = null; function f(x) { return x; } await f(1);");
          await run("await f(n);");
        },
      ));

    it("is strict without one", () =>
      withService({ implementation }, async ({ faults }) => {
        assert.deepEqual(await faults("function f(x) { return x; }"), [
          "7006 Parameter 'x' implicitly has an 'any' type.",
        ]);
      }));

    it("keeps global declarations for every later cell", () =>
      withService({ implementation }, async ({ run }) => {
        await run("declare global { var shared: Map<string, number>; }");
        await run("globalThis.shared = new Map();");
        await run("shared.set('a', 1);");
      }));

    it("passes over a cell that does not parse, and forgets all after a reset", () =>
      withService({ implementation }, async ({ service, run, faults }) => {
        await run("const kept = 1;");
        assert.match((await faults("const broken = ;"))[0]!, /^1109 /);
        service.commit("const kept = ;");
        await run("kept.toFixed();");
        service.reset();
        assert.deepEqual(await faults("kept;"), ["2304 Cannot find name 'kept'."]);
        await run("const kept = 'new';");
        await run("kept.trim();");
      }));

    it("keeps its answers right over a hundred cells", () =>
      withService({ implementation }, async ({ run, faults }) => {
        await run("let total = 0; const first = { deep: 'text' };");
        for (let n = 1; n <= 100; n++) await run(`const value${n} = first.deep.length + ${n}; total += value${n};`);
        assert.deepEqual(await faults("const wrong: string = value1 + value100 + total;"), [
          "2322 Type 'number' is not assignable to type 'string'.",
        ]);
      }));
  });
