/**
 * A reader's own files in a folder far from any clone, over the real protocol: found and loaded as TypeScript people write
 * them, types and run time in agreement (each cell is checked in the mode `error`), nothing said by Node.
 */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { useKernel } from "./use-kernel.ts";

const files: { [path: string]: string } = {
  "lib/k.ts": "export const k = 1;\nexport default function twice(n: number): number {\n  return 2 * n;\n}\n",
  "lib/index.ts": 'export { k, default as twice } from "./k";\nexport * from "./types.js";\n',
  "lib/types.ts":
    "export interface Role {\n  name: string;\n}\nexport type Id = number;\nexport class User {\n  constructor(name: string) {\n    this.name = name;\n  }\n  name: string;\n}\n",
  // Types without the word: an import that is used as one, one that is passed on, one that is both.
  "lib/service.ts":
    'import { Id, Role, User } from "./types";\nimport Def from "./shape";\nexport { Role, Id as Key } from "./types";\nexport { Def };\nexport const make = (id: Id, role: Role, _: Def | null = null): string => new User(role.name + id).name;\n',
  "lib/shape.ts": "interface Shape {\n  side: number;\n}\nexport default Shape;\n",
  "lib/old.cjs": "module.exports = { old: 7 };\n",
  "lib/old.js": "module.exports = { old: 7 };\n",
  "lib/new.js": "export const fresh = 8;\nexport default class Fresh {}\n",
  "lib/new.d.ts": "export declare const fresh: number;\nexport default class Fresh {}\n",
  "lib/data.json": '{ "size": 3, "weird-key": 4 }',
  "lib/here.ts":
    'import { readFileSync } from "node:fs";\nimport { join } from "node:path";\nexport const text = (): string => readFileSync(join(__dirname, "data.json"), "utf8");\n',
  "lib/fails.ts":
    "interface Far {\n  a: 1;\n}\nexport function fail(_: Far | null): never {\n  throw new RangeError('own');\n}\n",
  "lib/view.tsx": "export const view = <T,>(x: T): T => x;\n",
  "lib/box.ts": "export default class Box {\n  constructor(readonly side = 2) {}\n}\n",
  "lib/deep/index.ts": "export const deep: number = await Promise.resolve(9);\n",
  "lib/User.ts": "export class User {\n  hello(): string {\n    return 'Hello Sally!';\n  }\n}\n",
};

const manifests: [name: string, text: string | null][] = [
  ["none at all", null],
  ["no type", "{}"],
  ["npm init's commonjs", '{ "type": "commonjs" }'],
  ["module", '{ "type": "module" }'],
];

for (const [name, manifest] of manifests)
  describe(`own files beside a package.json with ${name}`, () => {
    const kernel = useKernel({ files: { ...files, ...(manifest !== null && { "package.json": manifest }) } });
    const { run, value } = kernel;

    it("are found with and without an extension, under the name of their JavaScript, and as an index", async () => {
      assert.equal(await value('import { k } from "./lib/k.ts"; k'), "1");
      assert.equal(await value('import { k as bare } from "./lib/k"; bare'), "1");
      assert.equal(await value('import { k as js } from "./lib/k.js"; js'), "1");
      assert.equal(await value('import { deep } from "./lib/deep"; deep'), "9");
      assert.equal(await value('import { User } from "./lib/User"; new User().hello()'), "'Hello Sally!'");
      assert.equal(await value('import { view } from "./lib/view"; view(5)'), "5");
      assert.equal(await value('(await import("./lib/k")).k'), "1");
      assert.equal(await value('require("./lib/k").k'), "1");
    });

    it("have default exports, and pass on what others export", async () => {
      assert.equal(await value('import twice from "./lib/k.ts"; twice(4)'), "8");
      assert.equal(await value('(await import("./lib/k.ts")).default(5)'), "10");
      assert.equal(await value('import Box from "./lib/box"; [new Box().side, new Box(3)]'), "[ 2, Box { side: 3 } ]");
      assert.equal(
        await value(
          'import { k, twice, User, Role } from "./lib"; const role: Role = { name: "a" }; [k, twice(2), new User(role.name).name]',
        ),
        "[ 1, 4, 'a' ]",
      );
    });

    it("name types without the word, in imports and in what they pass on", async () => {
      const code =
        'import { make, Role, type Key } from "./lib/service"; const key: Key = 3; make(key, { name: "b" } satisfies Role)';
      assert.equal(await value(code), "'b3'");
      assert.equal(await value('import Shape from "./lib/shape"; const square: Shape = { side: 2 }; square.side'), "2");
    });

    it("may be JavaScript of either kind, and JSON without an attribute", async () => {
      assert.equal(await value('// types: off\nimport old from "./lib/old.cjs"; old.old'), "7");
      // With "type": "module" a .js file in CommonJS is an error in Node too.
      if (name !== "module") assert.equal(await value('// types: off\nimport old from "./lib/old.js"; old.old'), "7");
      assert.equal(await value('import Fresh, { fresh } from "./lib/new.js"; [fresh, new Fresh()]'), "[ 8, Fresh {} ]");
      assert.equal(await value('import { fresh as again } from "./lib/new"; again'), "8");
      assert.equal(await value('import data from "./lib/data.json"; [data.size, data["weird-key"]]'), "[ 3, 4 ]");
      assert.equal(await value('import { size } from "./lib/data.json"; size'), "3");
      assert.equal(await value('import data2 from "./lib/data.json" with { type: "json" }; data2.size'), "3");
    });

    it("have what CommonJS gives a file, and their errors at their own lines", async () => {
      assert.match((await value('import { text } from "./lib/here"; text()'))!, /"size": 3/);
      const { error } = await run('import { fail } from "./lib/fails"; fail(null)');
      assert.match(error!.traceback.join("\n"), /fails\.ts:5:9\)?\n/);
    });

    it("are refused a name that they do not export, by types and when it runs", async () => {
      const typed = await run('import { nope } from "./lib/User"; nope');
      assert.match(
        typed.error!.traceback.join("\n"),
        /error TS2305: Module '"\.\/lib\/User"' has no exported member 'nope'/,
      );
      for (const [code, evalue] of [
        ['import { nope } from "./lib/k";', "The requested module './lib/k' does not provide an export named 'nope'"],
        [
          'import gone from "./lib/types";',
          "The requested module './lib/types' does not provide an export named 'default'",
        ],
        [
          'import { Role, none } from "./lib/service.js";',
          "The requested module './lib/service.js' does not provide an export named 'none'",
        ],
      ] as const) {
        const { error } = await run(`// types: off\n${code}`);
        assert.deepEqual([error?.ename, error?.evalue], ["SyntaxError", evalue]);
        assert.match(error!.traceback.join("\n"), /at cell \d+, line 2, column 1/);
      }
    });

    it("are loaded anew when they change, also behind a name without an extension", async () => {
      writeFileSync(join(kernel.folder, "lib/live.ts"), "export const live = 'one';\n");
      writeFileSync(join(kernel.folder, "lib/through.ts"), 'export { live } from "./live";\n');
      assert.equal(await value('import { live } from "./lib/through"; live'), "'one'");
      await new Promise((resolve) => setTimeout(resolve, 20));
      writeFileSync(join(kernel.folder, "lib/live.ts"), "export const live = 'two';\n");
      assert.equal(await value('import { live } from "./lib/through"; live'), "'two'");
    });
  });
