/** What is somebody's own, made again from its file: as the file is, not as it was when something was first made of it. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromModule, originOf, remake } from "../../src/workers/module.ts";

type Own = () => string;

describe("a module of one's own", () => {
  let folder: string;
  let path: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "module-"));
    path = join(folder, "own.ts");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is what its file says now, for who names it and for a worker that has made it before", async () => {
    for (const word of ["before", "after", "before"]) {
      writeFileSync(path, `export const make = (end: string) => () => "${word}" + end;`);
      const made = await fromModule<Own>(path, "make", "!");
      assert.equal(made(), `${word}!`);
      const again = (await remake(originOf(made)!, folder)) as Own;
      assert.equal(again(), `${word}!`);
    }
  });

  it("is one and the same for as long as its file is the same", async () => {
    writeFileSync(path, "export const own = () => 1;");
    const [one, other] = [await fromModule<object>(path, "own"), await fromModule<object>(path, "own")];
    assert.equal(one, other);
    assert.equal(await remake(originOf(one)!, folder), one);
  });
});
