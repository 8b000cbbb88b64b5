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
