/** What a test file runs, as V8 tells it, and how a run that does not end is told. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Copy, makeHome } from "../../../scripts/mutate/copy.ts";
import { readCoverage, runsMutant } from "../../../scripts/mutate/coverage.ts";
import { findMutants } from "../../../scripts/mutate/mutants.ts";
import { runIn } from "../../../scripts/mutate/processes.ts";

describe("what a test file runs", () => {
  const source = [
    'type Word = "é" | "😀"; // letters of one, two and four bytes in what is stripped',
    "export const called = (n: number, é: Word): boolean => n < 1 && é === é;",
    "export const never = (n: number): number => n + 2;",
    "export function half(n: number): number {",
    "  if (n > 3) return n - 4;",
    "  return n * 5;",
    "}",
    "export const inChild = (n: number): number => n / 6;",
    "",
  ].join("\n");
  const other = "export const a = 7 + 8;\n";
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "covered-"));
    mkdirSync(join(folder, "src"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "src/a.ts"), source);
    writeFileSync(join(folder, "src/other.ts"), other);
    writeFileSync(join(folder, "child.ts"), 'import { inChild } from "./src/a.ts";\ninChild(1);\n');
    writeFileSync(
      join(folder, "main.ts"),
      'import { spawnSync } from "node:child_process";\nimport { called, half } from "./src/a.ts";\ncalled(2, "é");\nhalf(1);\nspawnSync(process.execPath, ["child.ts"]);\n',
    );
    const env = { ...process.env, NODE_V8_COVERAGE: join(folder, "coverage") };
    assert.equal(spawnSync(process.execPath, ["main.ts"], { cwd: folder, env }).status, 0);
  });
  after(() => rmSync(folder, { recursive: true }));

  const sources: { [file: string]: string } = { "src/a.ts": source, "src/other.ts": other };
  const ran = () => readCoverage(join(folder, "coverage"), folder, (file) => sources[file] ?? null);
  const runs = (file: string, was: string): (boolean | undefined)[] =>
    findMutants(file, sources[file]!)
      .filter((mutant) => mutant.was === was)
      .map((mutant) => runsMutant(ran(), mutant, sources[file]!));

  it("is told place by place, in every process that it starts", () => {
    assert.deepEqual(runs("src/a.ts", "<"), [true, true], "a function that is called");
    assert.deepEqual(runs("src/a.ts", "&&"), [true], "an operator whose right side never ran");
    assert.deepEqual(runs("src/a.ts", "==="), [false], "the right side itself");
    assert.deepEqual(runs("src/a.ts", "+"), [false], "a function that nobody calls");
    assert.deepEqual(runs("src/a.ts", "n - 4"), [false], "a branch that is not taken");
    assert.deepEqual(runs("src/a.ts", "*"), [true], "what comes after it");
    assert.deepEqual(runs("src/a.ts", "/"), [true], "a function that a child calls");
  });

  it("is not known of a file that no process was seen to load, and a torn report says nothing", () => {
    assert.deepEqual(runs("src/other.ts", "+"), [undefined]);
    const before = ran();
    writeFileSync(join(folder, "coverage", "torn.json"), '{"result":[{"url":"file://');
    assert.deepEqual(ran(), before);
    assert.deepEqual(Object.keys(before), ["src/a.ts"], "files that cannot be changed are left out");
  });
});

describe("a program in a copy", () => {
  let home: string;
  let copy: Copy;
  before(() => {
    home = makeHome();
    copy = { root: home, temporary: join(home, "t"), compiled: join(home, "c") };
  });
  after(() => rmSync(home, { recursive: true }));
  const run = (program: string, limit: { seconds: number; processor?: number }, coverage?: string) =>
    runIn(copy, ["-e", program], { limit, coverage, signal: new AbortController().signal });

  it("is ended when it has used its processor's time, or when the clock says so", async function () {
    if (process.platform !== "linux") this.skip(); // elsewhere the system does not tell of the processor
    assert.equal((await run("for (;;);", { seconds: 600, processor: 0.3 })).late, "processor");
    const inChild = 'require("child_process").spawn(process.execPath, ["-e", "for (;;);"])';
    assert.equal((await run(inChild, { seconds: 600, processor: 0.5 })).late, "processor", "of its children, too");
    assert.equal((await run("setInterval(() => {}, 1000)", { seconds: 0.3, processor: 600 })).late, "clock");
    assert.deepEqual(await run("console.log(1)", { seconds: 600, processor: 600 }), {
      code: 0,
      output: "1\n",
      late: null,
    });
  });

  it("writes coverage where it is asked to, and nowhere else", async () => {
    await run("", { seconds: 600 }, join(home, "coverage"));
    assert.equal(readdirSync(join(home, "coverage")).length, 1);
    process.env.NODE_V8_COVERAGE = join(home, "outer");
    try {
      const { output } = await run("console.log(process.env.NODE_V8_COVERAGE)", { seconds: 600 });
      assert.equal(output, "\n");
    } finally {
      delete process.env.NODE_V8_COVERAGE;
    }
  });
});
