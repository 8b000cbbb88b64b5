/** Errors as Jupyter sends them: names, causes and members below, the code at its place. Stacks: `stack.test.ts`. */

import assert from "node:assert/strict";
import { CellSyntaxError } from "../../../kernel/language/rewrite.ts";
import { keepCode } from "../../../kernel/session/user/stack.ts";
import { Interrupted, reportError } from "../../../kernel/session/user/trace.ts";

/** An error with frames of its own, and what else it has. */
const errorOf = (message: string, { frames = [], ...more }: { frames?: string[]; [name: string]: unknown } = {}) => {
  const stack = ["Error: m", ...frames.map((frame) => `    at ${frame}`)].join("\n");
  return Object.assign(new Error(message), { stack, ...more });
};
const traceOf = (thrown: unknown): string[] => reportError(thrown).traceback;

describe("an error as Jupyter sends it", () => {
  it("is told by its name, else by its class, and by its message", () => {
    const cases: [thrown: Error, ename: string, evalue: string, first: string][] = [
      [errorOf("m"), "Error", "m", "Error: m"],
      [errorOf("m", { name: "Own" }), "Own", "m", "Own: m"],
      [errorOf("m", { name: "", constructor: { name: "Class" } }), "Class", "m", "Class: m"],
      [errorOf("m", { name: "", constructor: null }), "Error", "m", "Error: m"],
      [errorOf("", { name: 5 }), "5", "", "5: "],
      [{ message: 7, name: "Like", stack: "" } as never, "Like", "7", "Like: 7"],
    ];
    for (const [thrown, ename, evalue, first] of cases)
      assert.deepEqual(reportError(thrown), { ename, evalue, traceback: [first] });
    const { ename, evalue } = reportError(new Interrupted());
    assert.deepEqual([ename, evalue], ["Interrupted", "the cell was interrupted; what it declared before stays"]);
  });

  it("is what was thrown where that is no error, or one that cannot be read", () => {
    const unreadable = errorOf("m", { name: { toString: 1 } });
    const values: [thrown: unknown, text: RegExp][] = [
      ["text", /^'text'$/],
      [null, /^null$/],
      [undefined, /^undefined$/],
      [{ message: "m" }, /^\{ message: 'm' \}$/],
      [{ stack: "s" }, /^\{ stack: 's' \}$/],
      [{ message: "m", stack: 5 }, /^\{ message: 'm', stack: 5 \}$/],
      [unreadable, /^\[a object that cannot be inspected\]$/],
    ];
    for (const [thrown, text] of values) {
      const { ename, evalue, traceback } = reportError(thrown);
      assert.deepEqual([ename, traceback], ["Thrown", [`Thrown: ${evalue}`]]);
      assert.match(evalue, text);
    }
  });

  it("has its causes and its members below it, each once, two spaces further in at each depth", () => {
    const cause = errorOf("cause", { cause: "words" });
    assert.deepEqual(traceOf(errorOf("m", { cause })), [
      ...["Error: m", "[caused by]", "  Error: cause", "  [caused by]", "    'words'"],
    ]);
    assert.deepEqual(traceOf(errorOf("m", { cause: null })), ["Error: m", "[caused by]", "  null"]);
    const circle = errorOf("circle");
    Object.assign(circle, { cause: circle });
    assert.deepEqual(traceOf(circle), ["Error: circle"]);
    const member = errorOf("member");
    const all = errorOf("all", { errors: [member, 2, member, undefined], cause: member });
    Object.assign(member, { cause: all });
    assert.deepEqual(traceOf(all), [
      ...["Error: all", "[error 1 of 4]", "  Error: member", "[error 2 of 4]", "  2", "[error 4 of 4]", "  undefined"],
    ]);
    assert.deepEqual(traceOf(errorOf("m", { errors: { length: 1 } })), ["Error: m"]);
  });

  it("shows the code once, below the first frame that names its topmost place", () => {
    const source = Array.from({ length: 12 }, (_, i) => `line ${i + 1}`).join("\n");
    keepCode(911, { label: "cell 9", source, locate: (line, column) => ({ line, column }) });
    const frames = ["outer (own.ts:1:1)", "f (cell-911.ts:10:3)", "g (cell-911.ts:10:3)", "h (cell-911.ts:2:1)"];
    assert.deepEqual(traceOf(errorOf("m", { frames })), [
      "Error: m",
      "    at outer (own.ts:1:1)",
      "    at f (cell 9, line 10, column 3)",
      "         9 | line 9",
      "      > 10 | line 10",
      "           |   ^",
      "        11 | line 11",
      "    at g (cell 9, line 10, column 3)",
      "    at h (cell 9, line 2, column 1)",
    ]);
  });

  it("of a cell that does not parse has a line above and one below, where there are any", () => {
    const code = { label: "cell 3", source: "a\nb\nc", locate: null };
    const shown: [line: number, column: number, lines: string[]][] = [
      [1, 0, ["      > 1 | a", "          | ^", "        2 | b"]],
      [2, 1, ["        1 | a", "      > 2 | b", "          |  ^", "        3 | c"]],
      [3, 2, ["        2 | b", "      > 3 | c", "          |   ^"]],
    ];
    for (const [line, column, lines] of shown)
      assert.deepEqual(reportError(new CellSyntaxError("odd", line, column), code), {
        ename: "SyntaxError",
        evalue: "odd",
        traceback: ["SyntaxError: odd", `    at cell 3, line ${line}, column ${column + 1}`, ...lines],
      });
    const { traceback } = reportError(new CellSyntaxError("odd", 1, 0));
    assert.deepEqual(traceback, ["SyntaxError: odd"], "without the code");
  });
});
