/** What `npm test` is given: files, folders, patterns, flags; and what is refused. */

import assert from "node:assert/strict";
import { join } from "node:path";

const script: string = "../../scripts/test-files.mjs"; // plain JavaScript, for any Node: it has no types to check
const { testArguments } = (await import(script)) as { testArguments: (given: string[], folder: string) => string[] };
const root = join(import.meta.dirname, "..", "..");

describe("the arguments of npm test", () => {
  it("may be files, folders, patterns and mocha's own flags", () => {
    const given = [
      "test/data",
      "test/random/",
      "test/data/serial.test.ts",
      "test/data/l*.test.ts",
      "-g",
      "a word",
      "--bail",
    ];
    assert.deepEqual(testArguments(given, root), [
      "test/data/**/*.test.ts",
      "test/random/**/*.test.ts",
      ...given.slice(2),
    ]);
  });

  it("are refused where they name no test", () => {
    for (const one of ["test/nowhere", "test/nowhere.test.ts", "docs", "test/data/*.spec.ts"])
      assert.throws(() => testArguments(["test/data", one], root), {
        message: `There is no test in ${one}: give a file that ends in .test.ts, or a folder that holds some.`,
      });
  });
});
