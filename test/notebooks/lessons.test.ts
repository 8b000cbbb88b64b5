/** Every lesson runs from top to bottom without an error, and its exercise can tell a right answer from a wrong one. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { formatNotebook, type Notebook, readNotebook, runNotebook, sourceOf } from "../../kernel/notebook/index.ts";

const notebooks = resolve(import.meta.dirname, "../../notebooks");
const lessons = readdirSync(notebooks).filter((name) => name.endsWith(".ipynb") && !name.startsWith("00-"));

describe("the lessons", () => {
  for (const name of lessons)
    it(`${name} runs from top to bottom, and is kept without outputs`, async () => {
      const path = join(notebooks, name);
      const kept = readNotebook(path).cells.flatMap((cell) => cell.outputs ?? []);
      assert.deepEqual(kept, []);
      const { notebook, failure } = await runNotebook({ path });
      assert.equal(failure, null, failure?.traceback);
      for (const cell of notebook.cells)
        for (const output of cell.outputs ?? [])
          assert.notEqual(output.name, "stderr", `${sourceOf(cell)}\n${String(output.text)}`);
    }).timeout(name.startsWith("05") ? 480_000 : 120_000);

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
  }).timeout(60_000);
});

function lastText({ cells }: Notebook): string {
  const output = cells
    .filter((cell) => cell.cell_type === "code")
    .at(-1)
    ?.outputs?.at(-1);
  return String((output?.data as { "text/plain"?: string } | undefined)?.["text/plain"]);
}
