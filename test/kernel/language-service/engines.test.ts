/** The end of a compiler, of either version: told once where it ended by itself, and not where it was asked to. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultOptions, forcedOptions } from "../../../kernel/language/service-options.ts";
import { startTypeScript6 } from "../../../kernel/language/typescript6.ts";
import { startTypeScript7 } from "../../../kernel/language/typescript7.ts";
import { until } from "../../waiting.ts";

for (const [name, start] of Object.entries({ startTypeScript7, startTypeScript6 }))
  describe(`the end of a compiler from ${name}`, () => {
    it("is told to nobody where it was asked for", async () => {
      const directory = mkdtempSync(join(tmpdir(), "engine-"));
      const path = join(directory, "__cell.mts");
      const ends: string[] = [];
      const options = { defaults: defaultOptions, forced: forcedOptions };
      const engine = await start({ directory, roots: [path], ...options, onEnd: (why) => ends.push(why) });
      const question = { files: { [path]: "const a: string = 1;" }, roots: [path] };
      assert.deepEqual(
        (await engine.diagnostics(question, path)).map(({ code }) => code),
        [2322],
      );
      await engine.dispose();
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual(ends, []);
      rmSync(directory, { recursive: true });
    });
  });

describe("the end of a compiler that nobody asked for", () => {
  it("is told once, and is the answer to what it was asked", async () => {
    const directory = mkdtempSync(join(tmpdir(), "engine-"));
    const path = join(directory, "__cell.mts");
    const ends: string[] = [];
    const options = { defaults: defaultOptions, forced: forcedOptions };
    const engine = await startTypeScript7({ directory, roots: [path], ...options, onEnd: (why) => ends.push(why) });
    const asked = assert.rejects(engine.diagnostics({ files: { [path]: "1" }, roots: [path] }, path), {
      message: "The TypeScript compiler ended (SIGKILL)",
    });
    process.kill(engine.pid!, "SIGKILL");
    await asked;
    await until(() => ends.length > 0);
    await engine.dispose();
    assert.deepEqual(ends, ["SIGKILL"]);
    rmSync(directory, { recursive: true });
  });
});
