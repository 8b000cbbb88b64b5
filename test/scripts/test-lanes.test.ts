/** The whole suite in lanes: every file once, in groups, and no failure lost. */

import assert from "node:assert/strict";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Ran = { code: number; output: string };
type Lanes = {
  groupsOf: (files: { path: string; bytes: number }[]) => string[][];
  testFiles: (root: string) => { path: string; bytes: number }[];
  runKept: (
    node: string,
    args: string[],
    where: { cwd: string; env: NodeJS.ProcessEnv; patienceMs?: number },
  ) => Promise<Ran>;
  runLanes: (
    groups: string[][],
    run: (files: string[]) => Promise<Ran>,
    options: { lanes: number; log: (text: string) => void },
  ) => Promise<number>;
};
const script: string = "../../scripts/test-lanes.mjs"; // plain JavaScript, for any Node: it has no types to check
const { groupsOf, testFiles, runKept, runLanes } = (await import(script)) as Lanes;
const root = join(import.meta.dirname, "..", "..");

describe("the whole suite in lanes", () => {
  it("has every test file once", () => {
    const all = groupsOf(testFiles(root)).flat();
    assert.deepEqual(all.sort(), globSync("test/**/*.test.ts", { cwd: root }).sort());
    assert.ok(all.length > 200, String(all.length));
  });

  it("takes a folder's files together, those of the kernel's inner folders apart; lessons and pages first, then the largest", () => {
    const files = [
      { path: "test/b/2.test.ts", bytes: 10 },
      { path: "test/kernel/x/1.test.ts", bytes: 30 },
      { path: "test/one.test.ts", bytes: 1 },
      { path: "test/b/inner/1.test.ts", bytes: 10 },
      { path: "test/kernel/1.test.ts", bytes: 5 },
      { path: "test/docs/1.test.ts", bytes: 3 },
    ];
    assert.deepEqual(groupsOf(files), [
      ["test/docs/1.test.ts"],
      ["test/kernel/x/1.test.ts"],
      ["test/b/2.test.ts", "test/b/inner/1.test.ts"],
      ["test/kernel/1.test.ts"],
      ["test/one.test.ts"],
    ]);
  });

  it("plays two groups at once, shows each whole, adds the counts up, and names what failed", async () => {
    const shown: string[] = [];
    const running = new Set<string>();
    let most = 0;
    const run = async ([file]: string[]): Promise<Ran> => {
      running.add(file!);
      most = Math.max(most, running.size);
      await new Promise((resolve) => setImmediate(resolve));
      running.delete(file!);
      if (file === "test/c/c.test.ts") return { code: 7, output: "an error that nobody caught" };
      return {
        code: file === "test/b/b.test.ts" ? 2 : 0,
        output: `of ${file}\n\n3 passed, ${file === "test/b/b.test.ts" ? 2 : 0} failed, 1 skipped\n`,
      };
    };
    const groups = ["a", "b", "c", "d"].map((name) => [`test/${name}/${name}.test.ts`]);
    const code = await runLanes(groups, run, { lanes: 2, log: (text) => shown.push(text) });
    assert.deepEqual([code, most, running.size], [2, 2, 0]);
    assert.deepEqual(shown.slice(-3), [
      "test/b: 2 failed",
      "test/c: it ended early",
      "\nall: 9 passed, 2 failed, 3 skipped",
    ]);
    assert.equal(shown.filter((text) => text.startsWith("of test/")).length, 3);
    const quiet = await runLanes(groups.slice(0, 1), run, { lanes: 2, log: (text) => shown.push(text) });
    assert.deepEqual([quiet, shown.at(-1)], [0, "\nall: 3 passed, 0 failed, 1 skipped"]);
  });

  it("repeats at the end what failed: file, title, and how the error begins, or what a process said last", async () => {
    const failures = (files: number): string =>
      Array.from({ length: files }, (_, i) => {
        const error = Array.from({ length: 20 }, (_, line) => `error ${i} line ${line}`).join("\n\n");
        return `\n@failed ${JSON.stringify({ file: `test/a/${i}.test.ts`, title: `is ${i}`, error })}\n`;
      }).join("");
    const endOf = async (output: string): Promise<string[]> => {
      const shown: string[] = [];
      const log = (text: string): unknown => shown.push(text);
      await runLanes([["test/a/1.test.ts"]], async () => ({ code: 1, output }), { lanes: 1, log });
      assert.ok(!shown.join("\n").includes("@failed"), "the marked lines are for the lanes alone");
      return shown.slice(2).join("\n").split("\n");
    };
    const two = await endOf(`${failures(2)}0 passed, 2 failed, 0 skipped\n`);
    const lines = (i: number): string[] => Array.from({ length: 12 }, (_, line) => `  error ${i} line ${line}`);
    const heads = [0, 1].map((i) => `failed: test/a/${i}.test.ts: is ${i}`);
    const counts = ["test/a: 2 failed", "", "all: 0 passed, 2 failed, 0 skipped"];
    assert.deepEqual(two, ["", heads[0], ...lines(0), "", heads[1], ...lines(1), ...counts]);
    const many = await endOf(`${failures(15)}0 passed, 15 failed, 0 skipped\n`);
    assert.deepEqual(many.slice(0, 4), ["", heads[0], "  error 0 line 0", "  error 0 line 1"]);
    assert.equal(many.length, 15 * 4 + 3);
    const early = await endOf("first\nSegmentation fault\n");
    assert.deepEqual(early.slice(0, 4), [
      "",
      "failed: test/a: the end of its output",
      "  first",
      "  Segmentation fault",
    ]);
  });

  it("hears of failures from the reporter, with their file, and of a failed hook", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lanes-"));
    try {
      const file = join(folder, "a.test.cjs");
      writeFileSync(
        file,
        'describe("a", () => { it("b", () => { throw new Error("no\\nway"); }); after(() => { throw new Error("hook"); }); });',
      );
      const args = [
        join(root, "node_modules/mocha/bin/mocha.js"),
        "--no-config",
        "--reporter",
        join(root, "scripts/reporter.cjs"),
        file,
      ];
      const { output } = await runKept(process.execPath, args, {
        cwd: folder,
        env: { ...process.env, AUTOAGENT_TEST_LANES: "1" },
      });
      const shown: string[] = [];
      await runLanes([["test/a/a.test.ts"]], async () => ({ code: 1, output }), {
        lanes: 1,
        log: (text) => shown.push(text),
      });
      assert.match(shown.at(-4)!, /^\nfailed: a\.test\.cjs: a b\n {2}Error: no\n {2}way\n/);
      assert.match(shown.at(-3)!, /^\nfailed: a\.test\.cjs: a "after all" hook.*\n {2}Error: hook\n/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("keeps all that a process prints, and ends one that something left open keeps alive after its counts", async () => {
    const run = (program: string) =>
      runKept(process.execPath, ["-e", program], { cwd: root, env: process.env, patienceMs: 100 });
    const counts = "2 passed, 1 failed, 0 skipped";
    assert.deepEqual(await run(`console.log("one");console.error("${counts}");process.exitCode = 3`), {
      code: 3,
      output: `one\n${counts}\n`,
    });
    const left = await run(`console.log("${counts}");setInterval(() => {}, 1000)`);
    assert.equal(left.code, 1);
    assert.match(left.output, /^2 passed, 1 failed, 0 skipped\n\nIt was ended: something was left open/);
  });
});
