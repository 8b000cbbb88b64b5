/** TypeScript 6.0 asked by itself: the offsets of a fault, a declaration with its documentation, what is nowhere. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultOptions, forcedOptions } from "../../../kernel/language/service-options.ts";
import type { Change, Engine } from "../../../kernel/language/service-types.ts";
import { startTypeScript6 } from "../../../kernel/language/typescript6.ts";

describe("TypeScript 6.0 as an engine", () => {
  let folder: string;
  let engine: Engine;
  let path: string;
  const cell = (text: string): Change => ({ files: { [path]: text }, roots: [path] });
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "typescript6-"));
    path = join(folder, "__cell.mts");
    const options = { defaults: defaultOptions, forced: forcedOptions };
    engine = await startTypeScript6({ directory: folder, roots: [path], ...options, onEnd: () => {} });
  });
  after(async () => {
    await engine.dispose();
    rmSync(folder, { recursive: true });
  });

  it("tells where a fault begins and ends, of meaning or of syntax alone", async () => {
    const wrong = "const a = 1;\nconst bc: string = a;";
    const at = wrong.indexOf("bc");
    assert.deepEqual(await engine.diagnostics(cell(wrong), path), [
      {
        ...{ start: at, end: at + 2, code: 2322, severity: "error" },
        message: "Type 'number' is not assignable to type 'string'.",
      },
    ]);
    const [first] = await engine.diagnostics(cell(`${wrong}\nconst = 2;`), path);
    assert.equal(first!.code, 1134);
    assert.deepEqual(await engine.diagnostics(cell("export {};"), path), []);
  });

  it("sees a file of the folder as it is at each question", async () => {
    for (const [text, codes] of [
      ["export const size = 1;", []],
      ["export const width = 1; // longer", [2305]],
      ["export const size = '';", [2322]],
    ] as const) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      writeFileSync(join(folder, "own.ts"), text);
      const found = await engine.diagnostics(cell('import { size } from "./own.ts"; const n: number = size;'), path);
      assert.deepEqual(
        found.map(({ code }) => code),
        codes,
      );
    }
  });

  it("tells a declaration and what is said of it; nothing of a name that is nowhere, or of no name", async () => {
    const text = "/** Twice as much. */\nconst twice = (n: number): number => 2 * n;\nnowhere; 1 + 1;";
    const inspect = (name: string) => engine.inspect(cell(text), path, text.indexOf(name));
    assert.deepEqual(await inspect("twice"), {
      declaration: "const twice: (n: number) => number",
      documentation: "Twice as much.",
    });
    assert.deepEqual(await inspect("n: number"), { declaration: "(parameter) n: number", documentation: "" });
    assert.deepEqual([await inspect("nowhere"), await inspect("1 + 1")], [null, null]);
  });
});
