/** The kernel under Jupyter's own tools: jupyter_kernel_test with nothing skipped, and nbclient. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { testPython } from "../../support.ts";
import { hangMs } from "../../waiting.ts";

const root = resolve(import.meta.dirname, "../../..");

describe("the kernel under Jupyter's own tools", () => {
  let python: string;
  let prefix: string;
  before(function () {
    python = testPython(this);
    prefix = mkdtempSync(join(tmpdir(), "jupyter-"));
    const script = join(root, "scripts/autoagent-kernel.mjs");
    const installed = spawnSync(process.execPath, [script, "install", "--prefix", prefix], { encoding: "utf8" });
    assert.equal(installed.status, 0, installed.stderr);
  });
  after(() => {
    if (prefix) rmSync(prefix, { recursive: true, force: true });
  });

  it("passes every test of jupyter_kernel_test, and none is skipped", () => {
    const { stderr, status } = run("conformance.py");
    assert.equal(status, 0, stderr);
    const [, count] = /Ran (\d+) tests/.exec(stderr) ?? [];
    assert.ok(Number(count) >= 13, stderr);
    assert.match(stderr, /\nOK\s*$/, "nothing failed and nothing was skipped");
  });

  it("runs notebooks under nbclient, with errors forbidden and with errors allowed", () => {
    const { stdout, stderr } = run("run_notebooks.py", root);
    assert.notEqual(stdout, "", stderr);
    const { strict, allowed } = JSON.parse(stdout) as {
      [mode: string]: { raised: string[] | null; cells: string[][][] };
    };
    const failing = [
      ["stdout", "before\n"],
      ["error", "TypeError", "no 20"],
    ];
    assert.deepEqual(strict, { raised: ["TypeError", "no 20"], cells: [[["execute_result", "21"]], failing, []] });
    assert.deepEqual(allowed, {
      raised: null,
      cells: [[["execute_result", "21"]], failing, [["execute_result", "40"]]],
    });
  });

  it("asks, aborts, keeps silent, completes while busy and lists comms as a plain client expects", () => {
    const { stderr, status } = run("protocol.py");
    assert.equal(status, 0, stderr);
    assert.match(stderr, /\nOK\s*$/, "nothing failed and nothing was skipped");
  });

  it("is installed as Jupyter expects: interrupts by message, its own Node, its language", () => {
    const spec = JSON.parse(readFileSync(join(prefix, "share/jupyter/kernels/autoagent/kernel.json"), "utf8"));
    assert.equal(spec.interrupt_mode, "message");
    assert.equal(spec.language, "typescript");
    const { stdout } = spawnSync(spec.argv[0], ["--version"], { encoding: "utf8" });
    assert.match(stdout, /^v24\./);
  });

  function run(file: string, ...args: string[]) {
    // Output goes to pipes that nobody but this test holds: a kernel left behind would keep them open.
    return spawnSync(python, [join(import.meta.dirname, file), ...args], {
      encoding: "utf8",
      timeout: hangMs,
      env: { ...process.env, JUPYTER_PATH: join(prefix, "share/jupyter"), JUPYTER_PREFER_ENV_PATH: "0" },
    });
  }
});
