/** Whether a cell is complete, for front ends that run it on Enter. */

import assert from "node:assert/strict";
import { isComplete } from "../../../kernel/language/index.ts";

const complete = { status: "complete" };
const invalid = { status: "invalid" };
const more = (indent = "") => ({ status: "incomplete", indent });

describe("a cell that is typed line by line", () => {
  const cases: [cell: string, answer: object][] = [
    ["", complete],
    ["1 + 1", complete],
    ["const a = 1;\na", complete],
    ["await fetch('x')", complete],
    ["for (;;) {", more("  ")],
    ["f(", more("  ")],
    ["const a = [{", more("    ")],
    ["if (a) { [1, 2] }\nelse {", more("  ")],
    ["const text = '{[('; f(", more("  ")],
    ["f( // )))", more("  ")],
    ["a +", more()],
    ["const a =", more()],
    ["try { f() }", more()],
    ["/* begun", more()],
    ["1 /* begun\n two", more()],
    ["`a\n$", more()],
    ["f(`a", more("  ")],
    ["'a\\", more()],
    ["'a\\\\", invalid],
    ["'a", invalid],
    ["'a\\'", invalid],
    ["/a", invalid],
    ["}", invalid],
    ["f())", invalid],
    ["let x = ;\n", invalid],
    ["let = ; {", invalid],
    ["(".repeat(100_000), invalid],
    ["\ud800", invalid], // half a letter: the parser's error has no place
    ["{ \ud800", invalid],
  ];
  for (const [cell, answer] of cases)
    it(`${JSON.stringify(cell.slice(0, 30))} is ${(answer as { status: string }).status}`, () => {
      assert.deepEqual(isComplete(cell), answer);
    });
});
