/** A notebook run from code: what its progress tells, and how long it says that it took. */

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunProgress, runNotebook } from "../../../kernel/notebook/index.ts";

describe("a notebook that is run from code", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "run-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("tells of each cell when it begins, on the way and when it is done, and the seconds until the first and in all", async () => {
    const path = join(folder, "a.ipynb");
    const cell = (source: string, cell_type = "code") => ({ cell_type, source, metadata: {} });
    const cells = [
      cell("# words", "markdown"),
      cell("  \n"),
      cell('// first\nawait display("half way"); await new Promise((done) => setTimeout(done, 700));'),
      cell("await display(table([{ a: 1 }])); 6 * 7"),
    ];
    writeFileSync(path, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    const told: RunProgress[] = [];
    const { signal } = new AbortController();
    const began = performance.now();
    const output = join(folder, "out", "a.ipynb");
    const done = await runNotebook({ path, output, signal, onProgress: (progress) => told.push(progress) });
    const elapsed = (performance.now() - began) / 1000;
    assert.equal(done.failure, null);
    assert.equal(getEventListeners(signal, "abort").length, 0);
    assert.ok(done.startSeconds > 0 && done.startSeconds < done.seconds && done.seconds <= elapsed);
    const first = told.filter((one) => one.cell === 1);
    const second = told.filter((one) => one.cell === 2);
    assert.equal(first.length + second.length, told.length);
    assert.deepEqual(
      [first[0], second[0], first.at(-1), second.at(-1)].map((one) => [one?.cells, one?.done, one?.note]),
      [
        [2, false, ""],
        [2, false, ""],
        [2, true, "'half way'"],
        [2, true, ""], // two lines are no note
      ],
    );
    assert.ok(
      first.slice(1, -1).some(({ note }) => note === "'half way'"),
      "on the way",
    );
    assert.ok(first[0]!.title.startsWith("await display("), first[0]!.title);
    for (const all of [first, second]) {
      assert.ok(all.every(({ seconds }, i) => seconds >= (all[i - 1]?.seconds ?? 0) && seconds < elapsed));
      assert.equal(all.filter(({ done: ended }) => ended).length, 1);
    }
    assert.ok(first.at(-1)!.seconds >= 0.6, "as long as the cell waits");
    const written = JSON.parse(readFileSync(output, "utf8")) as { cells: { execution_count?: number | null }[] };
    assert.deepEqual(
      written.cells.map(({ execution_count }) => execution_count),
      [undefined, null, 1, 2],
    );
  });

  it("ends with its kernel, although a timer goes on for ever, and with what nobody caught, told to its last letter", async () => {
    const path = join(folder, "b.ipynb");
    const cell = (source: string) => ({ cell_type: "code", source, metadata: {} });
    const forEver = "setInterval(() => {}, 1000); setTimeout(() => { throw new Error('late'); }, 100); 1";
    const parameters = (source: string) => ({ ...cell(source), metadata: { tags: ["parameters"] } });
    const cells = [
      cell("console.log(process.ppid)"),
      parameters("let a = 1"),
      parameters("a += 2; console.log(a)"),
      cell(forEver),
    ];
    writeFileSync(path, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    const { notebook, failure } = await runNotebook({ path, allowErrors: true, parameters: { a: 40 } });
    const [output] = notebook.cells[0]!.outputs!;
    const kernel = Number([(output as { text?: string | string[] }).text].flat().join(""));
    assert.ok(kernel > 0);
    assert.throws(() => process.kill(kernel, 0), { code: "ESRCH" });
    assert.deepEqual([failure?.cell, failure?.title], [5, forEver]);
    const after = notebook.cells[3]!.outputs![0] as { text?: string | string[] };
    assert.equal([after.text].flat().join(""), "42\n", "parameters are set after the first cell that is tagged so");
    assert.match(failure!.traceback, /Error: late/);
    assert.equal(failure!.traceback, failure!.traceback.trimEnd());
  });

  it("runs no cell once it was stopped, and writes the notebook all the same", async () => {
    const [path, output] = [join(folder, "c.ipynb"), join(folder, "c-out.ipynb")];
    const cells = ["one", "two"].map((name) => ({
      ...{ cell_type: "code", metadata: { tags: ["raises-exception"] } },
      source: `require("node:fs").writeFileSync(${JSON.stringify(name)}, "");`,
    }));
    writeFileSync(path, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    const { failure } = await runNotebook({ path, output, signal: AbortSignal.abort() });
    assert.equal(failure, null);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name === "one" || name === "two"),
      [],
    );
    const written = JSON.parse(readFileSync(output, "utf8")) as { cells: { execution_count?: number | null }[] };
    assert.deepEqual(
      written.cells.map(({ execution_count }) => execution_count),
      [null, null],
    );
  });

  it("hears of a late error although a cell has a `process` of its own, and ends although what is at work cannot be told", async () => {
    const path = join(folder, "d.ipynb");
    const run = async (...sources: string[]) => {
      const cells = sources.map((source) => ({ cell_type: "code", source, metadata: {} }));
      writeFileSync(path, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
      return (await runNotebook({ path })).failure;
    };
    const late = "setTimeout(() => { throw new Error('late'); }, 600); 1";
    assert.match((await run("const process = { pid: 1 };", late))!.traceback, /Error: late/);
    assert.equal(await run("process.getActiveResourcesInfo = null as never;"), null);
  });
});
