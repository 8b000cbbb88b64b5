/** A file of JSON lines: what is read back, what a crash tore off, and lines cut off again. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLines } from "../../src/data/lines.ts";
import { DiskFailure } from "../../src/data/write.ts";

describe("a file of lines", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lines-"));
    path = join(folder, "below", "log.jsonl");
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const text = (): string => readFileSync(path, "utf8");

  it("is begun with its folder, and reads back in order, letters of several bytes too", () => {
    const first = openLines(path);
    assert.deepEqual([first.values, text()], [[], ""]);
    for (const value of [{ a: 1 }, "ü 🙂", null]) first.append(value);
    assert.deepEqual(first.values, [{ a: 1 }, "ü 🙂", null]);
    assert.equal(text(), '{"a":1}\n"ü 🙂"\nnull\n');
    const again = openLines(path);
    assert.deepEqual(again.values, first.values);
    again.append(4);
    assert.equal(text(), '{"a":1}\n"ü 🙂"\nnull\n4\n');
  });

  it("a last line without an end is kept if it is whole, else cut, when the next is written and not before", () => {
    const cases: [was: string, values: unknown[], then: string][] = [
      ['1\n"ü"', [1, "ü"], '1\n"ü"\n7\n'],
      ['"ü"\n{"a":', ["ü"], '"ü"\n7\n'],
      ['{"a":', [], "7\n"],
      ["1\nno json\n2\n", [1, null, 2], "1\nno json\n2\n7\n"],
    ];
    openLines(path);
    for (const [was, values, then] of cases) {
      writeFileSync(path, was);
      const lines = openLines(path);
      assert.deepEqual([lines.values, text()], [values, was]);
      lines.append(7);
      assert.deepEqual([lines.values, text()], [[...values, 7], then]);
      lines.append(8);
      assert.equal(text(), `${then}8\n`);
    }
  });

  it("gives up its last lines, and goes on from there", () => {
    openLines(path);
    writeFileSync(path, '"ü"\n2\n3\n{"torn');
    const lines = openLines(path);
    lines.drop(0);
    assert.equal(text(), '"ü"\n2\n3\n{"torn', "nothing to drop, nothing to mend");
    lines.drop(2);
    assert.deepEqual([lines.values, text()], [["ü"], '"ü"\n']);
    lines.append(5);
    lines.drop(1);
    lines.append(6);
    assert.deepEqual([lines.values, text()], [["ü", 6], '"ü"\n6\n']);
    lines.drop(2);
    assert.deepEqual([lines.values, text()], [[], ""]);
  });

  it("cannot be where a folder is, or below a file: it says so", () => {
    assert.throws(
      () => openLines(folder),
      (error) => error instanceof DiskFailure && error.error.kind === "folder",
    );
    writeFileSync(join(folder, "file"), "");
    assert.throws(
      () => openLines(join(folder, "file", "log.jsonl")),
      (error) => error instanceof DiskFailure && error.error.path === join(folder, "file", "log.jsonl"),
    );
  });
});
