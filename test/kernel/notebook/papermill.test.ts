/** The kernel under papermill, with our translator for `-p`. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install } from "../../../kernel/install.ts";
import { testPython } from "../../support.ts";

describe("papermill", () => {
  it("sets parameters of every kind after the tagged cell and runs the notebook", function () {
    const python = testPython(this);
    const folder = mkdtempSync(join(tmpdir(), "autoagent-papermill-"));
    try {
      install({ prefix: folder });
      const cell = (source: string, tags: string[]) => ({
        cell_type: "code",
        id: `cell-${tags.length}`,
        metadata: { tags },
        execution_count: null,
        outputs: [],
        source,
      });
      const cells = [
        cell("let steps = 1; let name = 'x'; let rates: number[] = []; let on = false;", ["parameters"]),
        cell("console.log(JSON.stringify([steps, name, rates, on]))", []),
      ];
      const kernelspec = { name: "autoagent", display_name: "TypeScript (AutoAgent Lab)", language: "typescript" };
      const [from, to] = [join(folder, "in.ipynb"), join(folder, "out.ipynb")];
      writeFileSync(from, JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 }));
      const script = join(import.meta.dirname, "../../../kernel/notebook/papermill_typescript.py");
      const values = ["-p", "steps", "9", "-p", "name", 'A"da\n', "-p", "on", "True", "-y", "rates: [0.5, 2]"];
      const done = spawnSync(python, [script, from, to, ...values, "--no-progress-bar"], {
        encoding: "utf8",
        env: { ...process.env, JUPYTER_PATH: join(folder, "share", "jupyter") },
      });
      assert.equal(done.status, 0, done.stderr);
      const written = JSON.parse(readFileSync(to, "utf8")) as { cells: { outputs: { text: string[] }[] }[] };
      assert.deepEqual(JSON.parse(written.cells.at(-1)!.outputs[0]!.text.join("")), [9, 'A"da\n', [0.5, 2], true]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
