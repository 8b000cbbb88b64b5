/** Completion of module names, over a folder with packages of every shape. No compiler is asked. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { completeModule, moduleAt } from "../../../kernel/language/service-modules.ts";

describe("the module name at a cursor", () => {
  it("is what stands between the quote and the cursor, where a module is named", () => {
    const cases: [before: string, text: string | null][] = [
      ['import x from "gpt', "gpt"],
      ["export * from'./a/", "./a/"],
      ['import "', ""],
      ['await import("node:f', "node:f"],
      ["require( './b", "./b"],
      ['import x from "a"; "b', null],
      ['const text = "gpt', null],
      ['import x from "a\n', null],
      ["import x from 'a\"b", null],
      ["important('a", null],
    ];
    for (const [before, text] of cases)
      for (const after of ["", '";\nimport y from "z"'])
        assert.deepEqual(
          moduleAt(before + after, before.length),
          text === null ? null : { start: before.length - text.length, text },
          before,
        );
  });
});

describe("the module names that begin with a text", () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "modules-"));
    const files: { [path: string]: unknown } = {
      "package.json": { name: "own", exports: { ".": "./index.js", "./part": "./part.js" } },
      "lab/helper.ts": "",
      "lab/data.json": "",
      "lab/notes.md": "",
      "lab/.hidden.ts": "",
      "lab/deep/one.mjs": "",
      "lab/deep/two.cts": "",
      "lab/node_modules/near/package.json": { exports: "./index.js" },
      "node_modules/.bin/tool": "",
      "node_modules/plain/package.json": { name: "plain" },
      "node_modules/@types/plain/index.d.ts": "",
      "node_modules/@scope/first/package.json": {},
      "node_modules/@scope/second/package.json": {
        exports: { ".": "./index.js", "./a": { import: "./a.js" }, "./gone": null, import: "./b.js" },
      },
      "node_modules/shaped/package.json": {
        exports: {
          "./features/*.js": { node: { import: "./dist/part-*.js" }, default: "./none/*.js" },
          "./raw/*": "./dist/*",
          "./exact": "./dist/exact.js",
        },
      },
      "node_modules/shaped/dist/part-one.js": "",
      "node_modules/shaped/dist/part-two.js": "",
      "node_modules/shaped/dist/part-three.ts": "",
      "node_modules/shaped/dist/other.js": "",
      "node_modules/shaped/dist/part-deep/inner.js": "",
      "node_modules/shaped/dist/node_modules/x.js": "",
    };
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
    }
    symlinkSync(join(root, "lab", "deep"), join(root, "lab", "linked"), "junction");
    symlinkSync(join(root, "nowhere"), join(root, "lab", "broken.ts"), "junction");
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const named = (text: string): string[] => completeModule(text, join(root, "lab")).map((one) => one.text);

  it("are files that can be imported and folders, where the text is a path", () => {
    const here = ["./broken.ts", "./data.json", "./deep/", "./helper.ts", "./linked/"];
    assert.deepEqual(named("./"), here);
    assert.deepEqual(named("./h"), ["./helper.ts"]);
    assert.deepEqual(named("./deep/"), ["./deep/one.mjs", "./deep/two.cts"]);
    assert.deepEqual(named("./linked/o"), ["./linked/one.mjs"]);
    assert.deepEqual(named("."), here);
    assert.deepEqual(named("../"), ["../lab/", "../package.json"]);
    assert.deepEqual(named("./none/"), []);
    assert.deepEqual(completeModule("./h", join(root, "lab")), [{ text: "./helper.ts", type: "path" }]);
  });

  it("are packages of this folder and those above, each once, and the package that one is in", () => {
    assert.deepEqual(named("ow"), ["own"]);
    assert.deepEqual(named("nea"), ["near"]);
    assert.deepEqual(named("pla"), ["plain"]);
    assert.deepEqual(named("@sc"), ["@scope/first", "@scope/second"]);
    assert.deepEqual(named("@scope/s"), ["@scope/second"]);
    assert.deepEqual(named(".b"), []);
    assert.deepEqual(completeModule("pla", join(root, "lab")), [{ text: "plain", type: "module" }]);
  });

  it("are Node's own with their prefix, the inner ones left out", () => {
    assert.deepEqual(named("node:fs"), ["node:fs", "node:fs/promises"]);
    assert.deepEqual(named("node:_"), []);
    assert.deepEqual(named("fs"), []);
  });

  it("are what a package exports, once its name is whole", () => {
    assert.deepEqual(named("@scope/second/"), ["@scope/second/a"]);
    assert.deepEqual(named("@scope/first/"), []);
    assert.deepEqual(named("plain/"), []);
    assert.deepEqual(named("near/"), []);
    assert.deepEqual(named("shaped/e"), ["shaped/exact"]);
  });

  it("have the files that are there for the star of an export, in folders below too", () => {
    const features = ["shaped/features/deep/", "shaped/features/one.js", "shaped/features/two.js"];
    assert.deepEqual(named("shaped/features/"), features);
    assert.deepEqual(named("shaped/features/t"), ["shaped/features/two.js"]);
    assert.deepEqual(named("shaped/raw/"), [
      ...["shaped/raw/other.js", "shaped/raw/part-deep/", "shaped/raw/part-one.js"],
      ...["shaped/raw/part-three.ts", "shaped/raw/part-two.js"],
    ]);
    assert.deepEqual(named("shaped/raw/part-deep/"), ["shaped/raw/part-deep/inner.js"]);
  });
});
