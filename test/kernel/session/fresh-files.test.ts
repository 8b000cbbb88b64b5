/** A reader's own files that import each other, edited between cells: whoever is imported next is made of what is on disk. */

import assert from "node:assert/strict";
import { statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { useKernel } from "./use-kernel.ts";

/** What `told` of a file says is the text of each file below it, as it was when it was loaded. */
const text = (own: string, ...imports: string[]): string =>
  [
    ...imports.map((name) => `import { told as ${name} } from "./${name}.ts";`),
    `export const loads = (globalThis.loads = (globalThis.loads ?? 0) + 1);`,
    `export const told = (from = ""): string =>`,
    `  from.includes("${own[0]}") ? "" : "${own}" + [${imports.map((name) => `${name}(from + "${own[0]}")`)}].join("");`,
  ].join("\n");

describe("own files that import each other", () => {
  const kernel = useKernel({
    environment: { AUTOAGENT_TYPES: "off" },
    files: {
      "a.ts": text("a1", "c"),
      "b.ts": text("b1", "c"),
      "c.ts": text("c1"),
      "p.ts": text("p1", "q"),
      "q.ts": text("q1", "r"),
      "r.ts": text("r1", "p"),
    },
  });
  const write = (file: string, ...given: Parameters<typeof text>): void => {
    const path = join(kernel.folder, `${file}.ts`);
    const { mtimeMs } = statSync(path);
    writeFileSync(path, text(...given));
    utimesSync(path, new Date(), new Date(mtimeMs + 1000)); // some disks keep whole seconds
  };
  const told = (file: string): Promise<string | undefined> =>
    kernel.value(`(await import("./${file}.ts")).told() + " after " + globalThis.loads`);

  it("are new to each of two that import one, whichever is imported first", async () => {
    assert.deepEqual([await told("a"), await told("b")], ["'a1c1 after 2'", "'b1c1 after 3'"]);
    write("c", "c2");
    assert.deepEqual([await told("a"), await told("b")], ["'a1c2 after 5'", "'b1c2 after 6'"]);
    write("c", "c3");
    assert.deepEqual(
      [await told("c"), await told("b"), await told("a")].join(),
      "'c3 after 7','b1c3 after 8','a1c3 after 9'",
    );
  });

  it("are loaded once where nothing changed, and no more for what they no longer import", async () => {
    assert.deepEqual([await told("a"), await told("b")], ["'a1c3 after 9'", "'b1c3 after 9'"]);
    write("a", "a2");
    assert.equal(await told("a"), "'a2 after 10'");
    write("c", "c4");
    assert.deepEqual([await told("a"), await told("b")], ["'a2 after 10'", "'b1c4 after 12'"]);
  });

  it("are new all round a circle, from wherever it is entered", async () => {
    assert.equal(await told("p"), "'p1q1r1 after 15'");
    for (const [i, file] of ["p", "q", "r"].entries()) {
      const imports = { p: "q", q: "r", r: "p" }[file]!;
      write(file, `${file}2`, imports);
      assert.equal(await told("q"), ["'q1r1p2 after 18'", "'q2r1p2 after 21'", "'q2r2p2 after 24'"][i]);
    }
    assert.equal(await told("p"), "'p2q2r2 after 24'");
  });
});

describe("own files of any kind", () => {
  const kernel = useKernel({ environment: { AUTOAGENT_TYPES: "off" } });
  const files: [path: string, text: (value: number) => string][] = [
    ["module.ts", (value) => `export const value: number = ${value};`],
    ["module.js", (value) => `export const value = ${value};`],
    ["common.cjs", (value) => `exports.value = ${value};`],
    ["common.js", (value) => `exports.value = ${value};`],
    ["common.ts", (value) => `const value: number = ${value}; module.exports = { value };`],
    ["data.json", (value) => `{ "value": ${value} }`],
    ["below.cjs", (value) => `exports.value = ${value};`],
    ["above.cjs", () => `module.exports = require("./below.cjs");`],
  ];
  const names = files.map(([path]) => path);
  const imported = `(await Promise.all(${JSON.stringify(names)}.map((name) => import("./" + name)))).map((one) => (one.default ?? one).value).join()`;
  // Node keeps an ES module that is required by its path.
  const required = `${JSON.stringify(names.slice(2))}.map((name) => require("./" + name).value).join()`;

  it("are as they are on disk whenever a cell imports or requires them, in any order", async () => {
    const { value, folder } = kernel;
    for (const [i, order] of [[imported, required], [required, imported], [required], [imported, required]].entries()) {
      for (const [path, text] of files) {
        writeFileSync(join(folder, path), text(i));
        if (path !== "above.cjs") utimesSync(join(folder, path), 1000 + i, 1000 + i);
      }
      for (const code of order) {
        const many = code === imported ? names.length : names.length - 2;
        assert.equal(await value(code), `'${Array(many).fill(i).join()}'`, `round ${i}: ${code}`);
      }
    }
  });

  it("are loaded once by `require` where nothing changed, and are what it is asked about", async () => {
    const { value } = kernel;
    assert.equal(await value('require("./common.cjs") === require("./common.cjs")'), "true");
    assert.equal(
      await value("require.resolve('./data.json').endsWith('data.json') && require.main === module"),
      "true",
    );
    assert.equal(await value("typeof require.cache[require.resolve('./common.cjs')].exports.value"), "'number'");
  });
});
