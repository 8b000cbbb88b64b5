/** What two tools say of programs, each told of its own, and that nothing is left of what they were given. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Linted, lintPrograms, withTypes } from "../../src/coding/lint.ts";
import { readProgram } from "../../src/coding/read.ts";

const linted = (source: string, types: readonly string[] = ["number"], returns = "number"): Linted => ({
  ...{ read: readProgram(source), name: "f", returns },
  parameters: types.map((type, i) => ({ name: "abc"[i]!, type }) as Linted["parameters"][number]),
});

describe("what tools say of programs", () => {
  const before = process.env.TMPDIR;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lint-"));
    process.env.TMPDIR = folder;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true });
  });

  it("is told of each by itself, with its line, and nothing is left of it", async () => {
    const { findings } = await lintPrograms([
      linted("const f = (a) => a * 2;"),
      linted("const f = (a) => {\n  return a * missing;\n};"),
      linted("const f = (a) => {\n  return a.items;\n};"),
      linted("const f = (a) => {\n  const unused = 1;\n  return a;\n};"),
      linted("const f = (a) => {\n  if (a > 1) {\n    return 1;\n  }\n};"),
    ]);
    const told = findings.map((own) => own.map(({ tool, rule, line }) => `${tool} ${rule} ${line}`));
    assert.deepEqual(told[0], []);
    assert.ok(told[1]!.includes("oxlint no-undef 2"), told[1]!.join());
    assert.deepEqual(told[2], ["typescript TS2339 2"]);
    assert.ok(told[3]!.includes("oxlint no-unused-vars 2"), told[3]!.join());
    assert.ok(
      told[4]!.some((one) => /^typescript TS(2366|7030) /.test(one)),
      told[4]!.join(),
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  it("says what a tool said that could not begin", async () => {
    process.env.NODE_OPTIONS = "--no-such-option";
    try {
      await assert.rejects(lintPrograms([linted("const f = (a) => a;")]), {
        message: /^(oxlint|TypeScript) ended with 9: .*--no-such-option is not allowed in NODE_OPTIONS$/,
      });
    } finally {
      delete process.env.NODE_OPTIONS;
    }
    assert.deepEqual(readdirSync(folder), []);
  });

  it("leaves nothing when it is stopped, and asks no tool about no programs", async () => {
    const stopped = lintPrograms([linted("const f = (a) => a;")], { signal: AbortSignal.abort(new Error("stop")) });
    await assert.rejects(stopped);
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual(await lintPrograms([]), { findings: [], seconds: { oxlint: 0, typescript: 0 } });
  });

  it("is asked with the problem's types, where a parameter is a name by itself", () => {
    const cases: [source: string, typed: string][] = [
      ["const f = (a, b) => { return a; };", "const f = (a: number, b: string[]): boolean => { return a; };"],
      ["const f = a => { return a; };", "const f = (a: number): boolean => { return a; };"],
      ["const f = async a => a;", "const f = async (a: number) => a;"],
      ["function f({ a }, b) { return a; }", "function f({ a }, b: string[]): boolean { return a; }"],
      ["const f = (a, b, c) => a;", "const f = (a: number, b: string[], c) => a;"],
      ["const g = (a) => a;", "const g = (a) => a;"],
    ];
    for (const [source, typed] of cases)
      assert.equal(withTypes(linted(source, ["number", "string[]"], "boolean")), typed);
  });
});
