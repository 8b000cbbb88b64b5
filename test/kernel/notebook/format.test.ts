/** Notebook files: what is read, what is refused and why, what is written, and a write that fails. */

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Cell,
  formatNotebook,
  type Notebook,
  prepareFolder,
  readNotebook,
  sourceOf,
  writeWhole,
} from "../../../kernel/notebook/format.ts";

describe("a notebook file", () => {
  let folder: string;
  let path: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "format-"));
    path = join(folder, "a.ipynb");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const refused = (message: string | RegExp) => ({ name: "NotebookFailure", message });

  it("is read if it is of nbformat 4 and of our languages or none, and becomes 4.5", () => {
    const cells = [{ cell_type: "markdown", source: "a", metadata: {} }];
    const read = (more: object): Notebook => {
      writeFileSync(path, JSON.stringify({ cells, nbformat: 4, nbformat_minor: 2, ...more }));
      return readNotebook(path);
    };
    assert.deepEqual(read({}), { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
    for (const language of ["typescript", "javascript"]) {
      const metadata = { kernelspec: { language }, kept: 1 };
      assert.deepEqual(read({ metadata }).metadata, metadata);
    }
    for (const metadata of [{}, { kernelspec: {} }, { kernelspec: { name: "python3" } }])
      assert.deepEqual(read({ metadata }).metadata, metadata);
    assert.throws(
      () => read({ metadata: { kernelspec: { language: "python" } } }),
      refused(`${path} is for a kernel of the language "python": this one runs TypeScript.`),
    );
    for (const nbformat of [3, 5])
      assert.throws(
        () => read({ nbformat }),
        refused(
          `${path} is of nbformat ${nbformat}: convert it to nbformat 4 with \`jupyter nbconvert --to notebook\`.`,
        ),
      );
    const noCells = refused(`${path} is not a notebook: it has no list of cells or no nbformat.`);
    for (const more of [{ cells: {} }, { cells: undefined }, { nbformat: undefined }, { nbformat: "4" }])
      assert.throws(() => read(more), noCells);
    for (const text of ["null", "7", "[]"]) {
      writeFileSync(path, text);
      assert.throws(() => readNotebook(path), noCells, text);
    }
    const bare = { cell_type: "code", source: ["1"] };
    assert.deepEqual(read({ cells: [bare] }).cells, [{ ...bare, metadata: {} }]);
    const noText = "has no source of text, or of lines of text";
    for (const [cell, fault] of [
      [null, "has no cell_type"],
      ["text", "has no cell_type"],
      [{ source: "1", metadata: {} }, "has no cell_type"],
      ...[undefined, null, 7, {}, ["1", 2], [["1"]]].map((source) => [{ ...bare, source }, noText] as const),
    ] as const)
      assert.throws(
        () => read({ cells: [bare, cell] }),
        refused(`${path} is not a notebook: its cell 2 ${fault}.`),
        JSON.stringify(cell),
      );
    writeFileSync(path, "{ half");
    assert.throws(() => readNotebook(path), refused(/a\.ipynb is not a notebook: it is not JSON \(.+\)\.$/));
    const none = join(folder, "none.ipynb");
    assert.throws(() => readNotebook(none), refused(`There is no notebook ${none}.`));
    assert.throws(() => readNotebook(folder), refused(`The notebook ${folder} cannot be read (EISDIR).`));
  });

  it("has sources of one text or of lines", () => {
    const cell = (source: string | string[]): Cell => ({ cell_type: "code", metadata: {}, source });
    assert.deepEqual(
      ["a\nb", ["a\n", "b"], [], ""].map((source) => sourceOf(cell(source))),
      ["a\nb", "a\nb", "", ""],
    );
  });

  it("is written with sorted keys and lines, ids where they are missing, images as they are", () => {
    const png = "iVBOR\nw0=";
    const cells: Cell[] = [
      { cell_type: "markdown", source: "# A\n\ntext\n", metadata: { z: 1, a: { y: [{ d: 1, c: 2 }] } }, id: "own" },
      {
        cell_type: "code",
        source: ["1\n", "2"],
        metadata: {},
        execution_count: 3,
        outputs: [
          { output_type: "stream", name: "stdout", text: "a\nb" },
          {
            output_type: "display_data",
            metadata: {},
            data: { "image/png": png, "text/plain": "x\ny", "application/json": { b: 1, a: 2 } },
          },
          {
            output_type: "display_data",
            metadata: {},
            data: { "image/svg+xml": "<svg>\n</svg>", "image/jpeg": "a\nb", "image/gif": "a\nb" },
          },
          { output_type: "display_data", metadata: {}, data: { "application/json": "a\nb", "text/x+json": "a\nb" } },
          { output_type: "error", ename: "E", evalue: "m", traceback: ["t\n"] },
        ],
      },
      { cell_type: "code", source: "", metadata: {} },
    ];
    const text = formatNotebook({ cells, metadata: { b: 1, a: 2 }, nbformat: 4, nbformat_minor: 2 });
    assert.ok(text.endsWith("\n}\n") && text.startsWith('{\n "cells": [\n  {\n   "cell_type"'));
    const read = JSON.parse(text) as { cells: { [key: string]: unknown }[] };
    assert.deepEqual(Object.keys(read), ["cells", "metadata", "nbformat", "nbformat_minor"]);
    const [markdown, code, empty] = read.cells;
    assert.equal(
      JSON.stringify(markdown),
      '{"cell_type":"markdown","id":"own","metadata":{"a":{"y":[{"c":2,"d":1}]},"z":1},"source":["# A\\n","\\n","text\\n"]}',
    );
    assert.match(code!.id as string, /^[0-9a-f]{8}$/);
    assert.notEqual(code!.id, empty!.id);
    assert.deepEqual([code!.source, code!.execution_count], [["1\n", "2"], 3]);
    assert.deepEqual(code!.outputs, [
      { output_type: "stream", name: "stdout", text: ["a\n", "b"] },
      {
        output_type: "display_data",
        metadata: {},
        data: { "image/png": png, "text/plain": ["x\n", "y"], "application/json": { a: 2, b: 1 } },
      },
      {
        output_type: "display_data",
        metadata: {},
        data: { "image/svg+xml": ["<svg>\n", "</svg>"], "image/jpeg": "a\nb", "image/gif": "a\nb" },
      },
      { output_type: "display_data", metadata: {}, data: { "application/json": "a\nb", "text/x+json": "a\nb" } },
      { output_type: "error", ename: "E", evalue: "m", traceback: ["t\n"] },
    ]);
    assert.deepEqual([empty!.source, empty!.execution_count, empty!.outputs], [[], null, []]);
    assert.ok(!("outputs" in markdown!));
    const { nbformat, nbformat_minor } = read as unknown as Notebook;
    assert.deepEqual([nbformat, nbformat_minor], [4, 5]);
  });

  it("is written in one step, or says why not and leaves what was there", () => {
    writeFileSync(path, "old");
    writeWhole(path, "new");
    assert.deepEqual([readFileSync(path, "utf8"), readdirSync(folder)], ["new", ["a.ipynb"]]);
    const place = join(folder, "place");
    mkdirSync(place);
    assert.throws(
      () => writeWhole(place, "x"),
      refused(`${place} cannot be written (EISDIR: choose a folder that you may write to); nothing was changed.`),
    );
    const below = join(folder, "none", "b.ipynb");
    assert.throws(
      () => writeWhole(below, "x"),
      refused(`${below} cannot be written (ENOENT: choose a folder that you may write to); nothing was changed.`),
    );
    assert.deepEqual(readdirSync(folder).sort(), ["a.ipynb", "place"], "nothing half is left");
  });

  it("has its folder made before a long run, which is refused where it cannot be", () => {
    const deep = join(folder, "deep", "er", "out.ipynb");
    prepareFolder(deep);
    assert.deepEqual(readdirSync(join(folder, "deep", "er")), []);
    const file = join(path, "out.ipynb");
    assert.throws(
      () => prepareFolder(file),
      refused(`${path} cannot be written to (EEXIST): choose a folder that you may write to.`),
    );
    if (process.getuid?.() === 0) return; // root may write everywhere
    chmodSync(join(folder, "deep", "er"), 0o555);
    assert.throws(() => prepareFolder(deep), refused(/cannot be written to \(EACCES\)/));
    assert.ok(!existsSync(deep));
  });
});
