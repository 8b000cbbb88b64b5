/** The reader's copies of the lessons: made, brought up to date while they are untouched, and never written over. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { copyLessons } = (await import(join(import.meta.dirname, "../../scripts/lessons.mjs"))) as {
  copyLessons(folders: { from: string; to: string }): string[];
};

describe("copies of the lessons", () => {
  let folder: string;
  const from = () => join(folder, "notebooks");
  const to = () => join(folder, "lab");
  const read = (path: string): string => readFileSync(join(folder, path), "utf8");
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lessons-"));
    mkdirSync(from());
    for (const name of ["00-a.ipynb", "01-b.ipynb", "notes.txt"]) writeFileSync(join(from(), name), `first ${name}`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("are made of every notebook, once", () => {
    assert.deepEqual(copyLessons({ from: from(), to: to() }), []);
    assert.deepEqual(readdirSync(to()).sort(), [".copied-lessons.json", "00-a.ipynb", "01-b.ipynb"]);
    writeFileSync(join(to(), "00-a.ipynb"), "mine");
    assert.deepEqual(copyLessons({ from: from(), to: to() }), []);
    assert.equal(read("lab/00-a.ipynb"), "mine");
    assert.equal(read("notebooks/00-a.ipynb"), "first 00-a.ipynb");
  });

  it("follow their lessons while they are untouched; a changed one stays and is named", () => {
    copyLessons({ from: from(), to: to() });
    writeFileSync(join(to(), "00-a.ipynb"), "mine");
    for (const name of ["00-a.ipynb", "01-b.ipynb", "02-c.ipynb"]) writeFileSync(join(from(), name), `second ${name}`);
    for (let again = 0; again < 2; again++) {
      assert.deepEqual(copyLessons({ from: from(), to: to() }), ["00-a.ipynb"]);
      assert.deepEqual(
        ["00-a", "01-b", "02-c"].map((name) => read(`lab/${name}.ipynb`)),
        ["mine", "second 01-b.ipynb", "second 02-c.ipynb"],
      );
    }
    rmSync(join(to(), "00-a.ipynb"));
    assert.deepEqual(copyLessons({ from: from(), to: to() }), []);
    assert.equal(read("lab/00-a.ipynb"), "second 00-a.ipynb");
  });

  it("are taken for the reader's own where the list of them is lost or damaged", () => {
    copyLessons({ from: from(), to: to() });
    writeFileSync(join(to(), ".copied-lessons.json"), "{ half");
    writeFileSync(join(from(), "00-a.ipynb"), "second");
    assert.deepEqual(copyLessons({ from: from(), to: to() }), ["00-a.ipynb", "01-b.ipynb"]);
    assert.equal(read("lab/00-a.ipynb"), "first 00-a.ipynb");
  });
});
