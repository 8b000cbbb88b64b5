/** Type errors as text: the sentence, the lines around, and marks under what is at fault. */

import assert from "node:assert/strict";
import { formatDiagnostics } from "../../../kernel/language/index.ts";

const cell = "const a = 1;\n\tconst b: string = a;\nf(\n  1,\n);\nend";
const fault = { code: 2322, message: "No.", severity: "error" as const };

describe("type errors as text", () => {
  const told = (text: string, ...places: [number, number, number, number][]): string =>
    formatDiagnostics(
      text,
      places.map(([line, column, endLine, endColumn]) => ({ ...fault, line, column, endLine, endColumn })),
      { cellNumber: 7 },
    );

  it("have a line before and after, and marks that stand under the fault, behind tabs too", () => {
    assert.equal(
      told(cell, [2, 8, 2, 9]),
      [
        "Cell 7, line 2, column 8: error TS2322: No.",
        "  1 | const a = 1;",
        "> 2 | \tconst b: string = a;",
        "    | \t      ^",
        "  3 | f(",
      ].join("\n"),
    );
  });

  it("marks to the end of the line what goes on in the next, and one place at least", () => {
    assert.equal(
      told(cell, [3, 1, 5, 2]),
      [
        "Cell 7, line 3, column 1: error TS2322: No.",
        "  2 | \tconst b: string = a;",
        "> 3 | f(",
        "    | ^^",
        "  4 |   1,",
      ].join("\n"),
    );
    assert.match(told(cell, [6, 4, 6, 4]), /\n> 6 \| end\n {4}\| {4}\^$/);
  });

  it("keep to the cell at its first and last line, align line numbers, and stand one below the other", () => {
    assert.equal(told("x", [1, 1, 1, 2]), "Cell 7, line 1, column 1: error TS2322: No.\n> 1 | x\n    | ^");
    const long = Array.from({ length: 12 }, (_, i) => `line${i + 1}`).join("\r\n");
    assert.equal(
      told(long, [9, 1, 9, 6], [12, 1, 12, 7]),
      [
        "Cell 7, line 9, column 1: error TS2322: No.",
        "   8 | line8",
        ">  9 | line9",
        "     | ^^^^^",
        "  10 | line10",
        "",
        "Cell 7, line 12, column 1: error TS2322: No.",
        "  11 | line11",
        "> 12 | line12",
        "     | ^^^^^^",
      ].join("\n"),
    );
  });
});
