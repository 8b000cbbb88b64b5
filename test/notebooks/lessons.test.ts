/** Every lesson runs from top to bottom without an error, and its exercise can tell a right answer from a wrong one. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { formatNotebook, type Notebook, readNotebook, runNotebook, sourceOf } from "../../kernel/notebook/index.ts";

const notebooks = resolve(import.meta.dirname, "../../notebooks");
const lessons = readdirSync(notebooks).filter((name) => name.endsWith(".ipynb") && !name.startsWith("00-"));
/** These take long on a model that is not in the repository: they are kept with what came of it, and run small here. */
const executed: {
  [name: string]: { small: { [parameter: string]: number }; outputs: number; holds?: RegExp };
} = {
  "06-a-real-llm.ipynb": { small: { updates: 2, episodes: 8, hackUpdates: 1, adapterUpdates: 1 }, outputs: 15 },
  "08-code-tasks.ipynb": { small: { count: 2, updates: 1, episodes: 8 }, outputs: 9 },
  // Short, but its text speaks of the figures.
  "09-ethics.ipynb": { small: {}, outputs: 7, holds: /Harm against usefulness, update by update/ },
};

describe("the lessons", () => {
  const cache = process.env.AUTOAGENT_CACHE;
  const empty = mkdtempSync(join(tmpdir(), "autoagent-no-models-"));
  before(() => {
    process.env.AUTOAGENT_CACHE = empty;
  });
  after(() => {
    rmSync(empty, { recursive: true, force: true });
    if (cache === undefined) delete process.env.AUTOAGENT_CACHE;
    else process.env.AUTOAGENT_CACHE = cache;
  });

  for (const name of lessons)
    it(`${name} runs from top to bottom, and is kept ${name in executed ? "with its" : "without"} outputs`, async () => {
      const path = join(notebooks, name);
      const kept = readNotebook(path).cells.flatMap((cell) => cell.outputs ?? []);
      const own = executed[name];
      if (own) checkKept(kept, own);
      else assert.deepEqual(kept, []);
      const { notebook, failure } = await runNotebook({ path, ...(own && { parameters: own.small }) });
      assert.equal(failure, null, failure?.traceback);
      for (const cell of notebook.cells)
        for (const output of cell.outputs ?? [])
          if (!/^Python starts for the first time here/.test(String(output.text)))
            assert.notEqual(output.name, "stderr", `${sourceOf(cell)}\n${String(output.text)}`);
      if (name.startsWith("06-")) checkHeadSize(notebook);
    });

  it("01-returns says that the exercise's zeros are wrong, and that the answer is right", async () => {
    const path = join(notebooks, "01-returns.ipynb");
    const asGiven = await runNotebook({ path });
    assert.match(lastText(asGiven.notebook), /not yet/);
    const solved = readNotebook(path);
    for (const cell of solved.cells)
      cell.source = sourceOf(cell).replace("const mine = [0, 0]", "const mine = [1005, -1005]");
    const folder = mkdtempSync(join(notebooks, ".solved-"));
    try {
      writeFileSync(join(folder, "solved.ipynb"), formatNotebook(solved));
      const { notebook } = await runNotebook({ path: join(folder, "solved.ipynb") });
      assert.match(lastText(notebook), /^'right:/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** What is kept is a whole run on SmolLM2, without an error, and without a place on anyone's machine. */
function checkKept(
  outputs: readonly { [field: string]: unknown }[],
  { outputs: least, holds = /smollm2: 30 layers, width 576/ }: (typeof executed)[string],
): void {
  const text = JSON.stringify(outputs);
  assert.ok(outputs.length > least, `${outputs.length} outputs`);
  assert.match(text, holds);
  assert.deepEqual(
    outputs.filter(({ output_type: type, name }) => type === "error" || name === "stderr"),
    [],
  );
  assert.doesNotMatch(text, /\/(home|root|tmp|work|Users)\//);
}

/** The lesson tells how large a trained head is: the one that was just trained is not larger. */
function checkHeadSize({ cells }: Notebook): void {
  const [, kilobytes] = /a file of less than (\d+) kB/.exec(cells.map(sourceOf).join("\n")) ?? [];
  const { size } = statSync(join(notebooks, "runs", "06-tiny.safetensors"));
  assert.ok(size < 1000 * Number(kilobytes), `${size} bytes`);
}

function lastText({ cells }: Notebook): string {
  const output = cells
    .filter((cell) => cell.cell_type === "code")
    .at(-1)
    ?.outputs?.at(-1);
  return String((output?.data as { "text/plain"?: string } | undefined)?.["text/plain"]);
}
