/** Messages as a cell's outputs: what is joined, what is shown anew in its place, what is taken away. */

import assert from "node:assert/strict";
import { collectOutputs } from "../../../kernel/notebook/collect.ts";
import type { Cell } from "../../../kernel/notebook/format.ts";
import { createCodec } from "../../../kernel/wire/index.ts";

const codec = createCodec({ key: "", signature_scheme: "hmac-sha256" });
const newCell = (): Cell => ({ cell_type: "code", source: "", metadata: {} });

/** Collects messages of a cell or of several, named by the first of each. */
function start(cells: Cell[] = [newCell()]) {
  const collect = collectOutputs();
  return {
    cells,
    outputs: (of = 0) => cells[of]!.outputs,
    tell: (type: string, content: object, of = 0) => collect(cells[of]!, codec.make(type, content)),
  };
}
const text = (words: string) => ({ "text/plain": words });
const printed = (words: string, name = "stdout") => ({ output_type: "stream", name, text: words });
const shown = (words: string, metadata: object = {}) => ({ output_type: "display_data", data: text(words), metadata });

describe("the outputs of a cell", () => {
  it("are one each, in the order in which they came, with what nbformat keeps of them", () => {
    const { tell, outputs } = start();
    tell("status", { execution_state: "busy" });
    tell("display_data", { data: text("a"), metadata: { wide: true }, transient: { display_id: "1" } });
    tell("execute_result", { data: text("b"), execution_count: 7 });
    tell("error", { ename: "E", evalue: "m", traceback: ["E: m", "at 1"], status: "error" });
    tell("comm_open", { comm_id: "1" });
    assert.deepEqual(outputs(), [
      shown("a", { wide: true }),
      { output_type: "execute_result", data: text("b"), metadata: {}, execution_count: 7 },
      { output_type: "error", ename: "E", evalue: "m", traceback: ["E: m", "at 1"] },
    ]);
  });

  it("are joined where the same stream goes on, and nowhere else", () => {
    const { tell, outputs } = start();
    const print = (words: string, name = "stdout") => tell("stream", { name, text: words });
    for (const words of ["a", "b\n", "c"]) print(words);
    print("d", "stderr");
    print("e");
    tell("display_data", { data: text("f") });
    print("g");
    print("h");
    assert.deepEqual(outputs(), [printed("ab\nc"), printed("d", "stderr"), printed("e"), shown("f"), printed("gh")]);
  });

  it("are shown anew wherever their id stands, in other cells too, and keep their kind and their place", () => {
    const { tell, outputs } = start([newCell(), newCell()]);
    const transient = { display_id: "x" };
    tell("display_data", { data: text("1"), metadata: { old: 1 }, transient });
    tell("display_data", { data: text("other"), transient: { display_id: "y" } });
    tell("execute_result", { data: text("2"), execution_count: 3, transient }, 1);
    tell("update_display_data", { data: text("new"), transient }, 1);
    const result = { output_type: "execute_result", data: text("new"), metadata: {}, execution_count: 3 };
    assert.deepEqual([outputs(0), outputs(1)], [[shown("new"), shown("other")], [result]]);
    tell("update_display_data", { data: text("newer"), metadata: { b: 2 }, transient });
    assert.deepEqual(outputs(0)![0], shown("newer", { b: 2 }));
    for (const nowhere of [{ transient: { display_id: "z" } }, { transient: {} }, {}])
      tell("update_display_data", { data: text("lost"), ...nowhere });
    assert.deepEqual(outputs(0), [shown("newer", { b: 2 }), shown("other")]);
  });

  it("are taken away at once, or with what comes next, which begins anew", () => {
    const later: [type: string, content: object, output: object][] = [
      ["stream", { name: "stdout", text: "new" }, printed("new")],
      ["display_data", { data: text("new") }, shown("new")],
      [
        "error",
        { ename: "E", evalue: "m", traceback: [] },
        { output_type: "error", ename: "E", evalue: "m", traceback: [] },
      ],
    ];
    for (const wait of [true, false, undefined])
      for (const [type, content, output] of later) {
        const { tell, outputs } = start([newCell(), newCell()]);
        for (const at of [0, 1]) tell("stream", { name: "stdout", text: "old" }, at);
        tell("clear_output", { wait });
        assert.deepEqual(outputs(), wait ? [printed("old")] : []);
        tell("stream", { name: "stdout", text: "more" }, 1);
        tell(type, content);
        tell("display_data", { data: text("and") });
        assert.deepEqual(outputs(), [output, shown("and")], `${type}, wait ${wait}`);
        assert.deepEqual(outputs(1), [printed("oldmore")], "the other cell keeps its own");
      }
  });
});
