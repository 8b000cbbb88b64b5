/**
 * Every code block of README, CONTRIBUTING and docs runs: TypeScript as cells of one notebook a page, in the real kernel, with
 * type errors as errors; a test file under mocha; shell lines in a folder of their own, where `npx` finds this repository's
 * commands. What is left out stands in `blocks.ts`, each with its reason.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { formatNotebook, runNotebook } from "../../kernel/notebook/index.ts";
import { cacheFolder, policies, rollout, SurvivalEnv } from "../../src/index.ts";
import { leaveOut } from "../support.ts";
import { allBlocks, type Block, leftOut, noPrograms, pages, root, smaller } from "./blocks.ts";

const blocks = allBlocks();
const isTest = ({ lines }: Block) => lines.some((line) => line.startsWith("describe("));

describe("the code blocks of the pages", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "blocks-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const page of pages) {
    const cells = blocks.filter((block) => block.file === page && block.language === "ts" && !isTest(block));
    if (cells.length > 0)
      it(`of TypeScript in ${page} run as cells, without an error of types or of anything else`, async function () {
        if (cells.some(({ lines }) => /models\.local\("smollm2"/.test(lines.join("\n"))) && !hasSmolLM2())
          leaveOut(this, "SmolLM2 is not there: run `npm run setup:smollm2`");
        await runAsCells(cells);
      });
  }

  for (const block of blocks.filter((one) => one.language === "ts" && isTest(one)))
    it(`the test file at ${block.place} passes where it would be put`, () => {
      const place = mkdtempSync(join(root, "test", ".block-"));
      try {
        const file = join(place, "block.test.ts");
        writeFileSync(file, block.lines.join("\n"));
        const said = execFileSync(process.execPath, [join(root, "node_modules/mocha/bin/mocha.js"), file], {
          cwd: root,
          encoding: "utf8",
        });
        assert.match(said, /\n1 passed, 0 failed, 0 skipped/);
      } finally {
        rmSync(place, { recursive: true, force: true });
      }
    });

  for (const block of blocks.filter(({ language }) => language === "sh")) {
    const lines = block.lines.filter((line) => !Object.keys(leftOut).some((start) => line.startsWith(start)));
    if (lines.some((line) => line.trim() !== ""))
      it(`of the shell at ${block.place} run`, async () => {
        await prepareFolder(folder);
        execFileSync("bash", ["-euo", "pipefail", "-c", lines.join("\n")], {
          cwd: folder,
          encoding: "utf8",
          env: shellEnvironment(folder),
          stdio: "pipe",
        });
        for (const [, made] of lines.join("\n").matchAll(/--(?:output|html) (\S+)/g))
          assert.ok(existsSync(join(folder, made!)), `${made} was not written`);
      });
  }

  it("are in a language that a test knows, and every exception still stands somewhere", () => {
    const lines = blocks.flatMap((block) => block.lines);
    const strange = blocks
      .filter(({ language }) => language !== "ts" && language !== "sh")
      .filter((block) => !Object.keys(noPrograms).some((start) => block.lines.some((line) => line.startsWith(start))));
    assert.deepEqual(
      strange.map(({ place }) => place),
      [],
    );
    const text = lines.join("\n");
    const stale = [...Object.keys(leftOut), ...Object.keys(noPrograms)].filter(
      (start) => !lines.some((line) => line.startsWith(start)),
    );
    assert.deepEqual([...stale, ...smaller.map(([from]) => from).filter((from) => !text.includes(from))], []);
  });
});

/** In a folder below notebooks/, where a reader's own notebook of a clone would lie. */
async function runAsCells(cells: readonly Block[]): Promise<void> {
  const place = mkdtempSync(join(root, "notebooks", ".blocks-"));
  try {
    const path = join(place, "page.ipynb");
    const sources = cells.map(({ lines }) =>
      smaller.reduce((text, [from, to]) => text.replace(from, () => to), lines.join("\n")),
    );
    const code = sources.map((source) => ({
      cell_type: "code" as const,
      source,
      metadata: {},
      outputs: [],
      execution_count: null,
    }));
    const metadata = { autoagent: { types: "error", answers: Array(5).fill("Say who you are") } };
    writeFileSync(path, formatNotebook({ cells: code, metadata, nbformat: 4, nbformat_minor: 5 }));
    const { notebook, failure } = await runNotebook({ path });
    assert.equal(failure, null, `${cells[(failure?.cell ?? 1) - 1]?.place}\n${failure?.traceback}`);
    for (const [i, { lines, place: where }] of cells.entries()) {
      // An expression at the end whose comment says what it gives has given it.
      const [, said] = /^\(?await .*; \/\/ (.+)$/.exec(lines.at(-1)!) ?? [];
      const shown = JSON.stringify(notebook.cells[i]!.outputs);
      if (said !== undefined) assert.ok(shown.includes(said), `${where} says "${said}", and the cell gave ${shown}`);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** What the pages' shell lines take for granted: a notebook, a record, a file, and the packages of the clone. */
async function prepareFolder(folder: string): Promise<void> {
  if (existsSync(join(folder, "episodes.sqlite"))) return;
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const cell = { cell_type: "code" as const, source: "1 + 1", metadata: {}, outputs: [], execution_count: null };
  writeFileSync(
    join(folder, "some.ipynb"),
    formatNotebook({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }),
  );
  mkdirSync(join(folder, "path", "to"), { recursive: true });
  writeFileSync(join(folder, "path", "to", "file.ts"), "const n: number = 1;\nconsole.log(n);\n");
  mkdirSync(join(folder, "bin"));
  writeFileSync(
    join(folder, "bin", "npx"),
    `#!/bin/sh\ncommand=$1\nshift\nexec "${process.execPath}" "${root}/scripts/$command.mjs" "$@"\n`,
    { mode: 0o755 },
  );
  const env = new SurvivalEnv({ maxSteps: 3 });
  await rollout(env, policies.random(), { episodes: 2, seed: 1, record: join(folder, "episodes.sqlite") });
  await env.close();
}

function shellEnvironment(folder: string): NodeJS.ProcessEnv {
  const path = [join(folder, "bin"), dirname(process.execPath), process.env.PATH].join(delimiter);
  return { ...process.env, PATH: path, JUPYTER_DATA_DIR: join(folder, "jupyter") };
}

function hasSmolLM2(): boolean {
  return existsSync(join(cacheFolder(), "models", "smollm2", "card.json"));
}
