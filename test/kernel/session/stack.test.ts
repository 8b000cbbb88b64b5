/** Frames of an error as a reader wants them: cells by their prompt's number, none of our own, none of Node's at the end. */

import assert from "node:assert/strict";
import { framesOf, keepCode, placeText } from "../../../kernel/session/user/stack.ts";

/** An error whose stack has these frames. */
const errorOf = (...frames: string[]): Error =>
  Object.assign(new Error("m"), { stack: ["Error: m", ...frames.map((frame) => `    at ${frame}`)].join("\n") });

/** Code whose first line is ours, and whose others stand one line and two columns further than their author wrote them. */
const keep = (id: number, label: string, source: string): void =>
  keepCode(id, {
    label,
    source,
    locate: (line: number, column: number) => (line < 2 ? null : { line: line - 1, column: column - 2 }),
  });

describe("the frames of an error", () => {
  const here = new URL("../../../kernel/", import.meta.url);
  before(() => {
    keep(901, "cell 4", "first source");
    keep(902, "cell 5", "second source");
  });

  it("name the cell as its prompt does, with its author's line and column, and the topmost place", () => {
    const { lines, first } = framesOf(errorOf("f (cell-902.ts:3:7)", "async g (cell-901.ts:2:3)", "cell-901.ts:5:3"));
    assert.deepEqual(lines, [
      "f (cell 5, line 2, column 5)",
      "async g (cell 4, line 1, column 1)",
      "cell 4, line 4, column 1",
    ]);
    assert.deepEqual(first, { source: "second source", line: 2, column: 4 });
    assert.equal(placeText("cell 4", { line: 2, column: 0 }), "cell 4, line 2, column 1");
  });

  it("leave out what is ours, what lies between, and what only our rewriting put there", () => {
    const { lines } = framesOf(
      errorOf(
        "f (cell-901.ts:2:3)",
        `display (${new URL("display/api.ts", here).href}:1:1)`,
        "new Promise (<anonymous>)",
        "node:internal/timers:581:17",
        "listOnTimeout (node:internal/timers:581:17)",
        "run (node:async_hooks:346:14)",
        "wrapped (cell-901.ts:1:3)",
        "g (/home/reader/own.ts?version=3:5:1)",
        "other (somewhere-cell-901.ts:2:3)",
      ),
    );
    assert.deepEqual(lines, [
      "f (cell 4, line 1, column 1)",
      "new Promise (<anonymous>)",
      "g (/home/reader/own.ts:5:1)",
      "other (somewhere-cell-901.ts:2:3)",
    ]);
  });

  it("end with the last one that somebody wrote: what called it from outside says nothing", () => {
    const outside = ["Readable.emit (node:events:519:28)", "Array.map (<anonymous>)", "new Promise (<anonymous>)"];
    assert.deepEqual(framesOf(errorOf("f (cell-901.ts:2:3)", ...outside)).lines, ["f (cell 4, line 1, column 1)"]);
    const between = framesOf(errorOf("f (cell-901.ts:2:3)", ...outside, "g (cell-901.ts:2:3)", ...outside)).lines;
    assert.deepEqual(between, ["f (cell 4, line 1, column 1)", ...outside, "g (cell 4, line 1, column 1)"]);
    assert.deepEqual(framesOf(errorOf(...outside)).lines, outside, "unless there is nothing else");
  });

  it("are none where there are none; a stack that was written anew is read by its labels, the last of that name", () => {
    assert.deepEqual(framesOf(Object.assign(new Error("m"), { stack: "Error: m" })), { lines: [], first: null });
    assert.deepEqual(framesOf(Object.assign(new Error("m"), { stack: undefined as never })).lines, []);
    keep(903, "cell 4", "run again");
    const { lines, first } = framesOf(errorOf("async cell 4, line 3, column 9", "f (cell 7, line 1, column 1)"));
    assert.deepEqual(lines, ["async cell 4, line 3, column 9", "f (cell 7, line 1, column 1)"]);
    assert.deepEqual(first, { source: "run again", line: 3, column: 8 });
    assert.equal(framesOf(errorOf("f (cell-777.ts:2:3)")).first, null, "a cell that nobody kept");
  });
});
