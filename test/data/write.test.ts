/** What an error of the file system is told as, and what is none. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskFailure } from "../../src/data/write.ts";

describe("an error of the disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "write-"));
  after(() => rmSync(folder, { recursive: true }));

  const errorOf = (work: () => void): unknown => {
    try {
      work();
    } catch (error) {
      return error;
    }
    return assert.fail("it was written");
  };

  it("is of a file unless a folder was wanted", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const asFile = errorOf(() => writeFileSync(folder, ""));
    assert.match(String(diskFailure(folder, asFile)), /cannot be a file \(EISDIR\): it is a folder/);
    const below = join(file, "below");
    const notFolder = errorOf(() => writeFileSync(below, ""));
    assert.match(String(diskFailure(below, notFolder)), /cannot be a file \(ENOTDIR\)/);
    const asFolder = errorOf(() => mkdirSync(below, { recursive: true }));
    assert.match(String(diskFailure(below, asFolder, { wanted: "folder" })), /cannot be a folder \(ENOTDIR\)/);
    assert.match(String(diskFailure(below, asFolder, { wanted: "folder", chosenBy: "`logTo`" })), /by `logTo`$/);
  });

  it("is told once, and whatever is none stays what it is", () => {
    const told = diskFailure(
      "a",
      errorOf(() => writeFileSync(folder, "")),
    );
    assert.equal(diskFailure("b", told), told);
    for (const other of [null, undefined, "EISDIR", { code: "EISDIR", errno: -21 }, new Error("of another kind")])
      assert.equal(diskFailure("a", other), other);
    const coded = Object.assign(new Error("of the network"), { code: "ECONNREFUSED_BY_US" });
    assert.equal(diskFailure("a", coded), coded);
  });
});
