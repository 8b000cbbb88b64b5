/** How the kernel checks options: what is taken, and each refusal in its words. */

import assert from "node:assert/strict";
import { checkOptions, type Entries, faultOf, isEmpty } from "../../../kernel/common/options.ts";

const entries: Entries = (v) => ({
  width: v.optional(v.number("a number")),
  label: v.optional(v.string("a text")),
  lines: v.optional(v.array(v.string("a text"), "a list of texts")),
});
const inner: Entries = (v) => ({ frame: v.object({ width: v.number("a number") }, "a frame") });

describe("options that a cell gives", () => {
  it("are taken where there are none, or each is what it may be", () => {
    for (const options of [undefined, {}, { width: 1 }, { label: "", lines: [] }, { width: undefined }])
      checkOptions("plot", options, entries);
    assert.deepEqual([{}, Object.create({}), { a: 1 }, [], [1], null, undefined, "", 3].map(isEmpty), [
      true,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it("are refused in one sentence that names the option, what it may be, and what was given", () => {
    const cases: [options: unknown, sentence: string][] = [
      [null, "Expected `the options of plot` to be an object of options, got null"],
      [[], "Expected `the options of plot` to be an object of options, got []"],
      ["a", 'Expected `the options of plot` to be an object of options, got "a"'],
      [3, "Expected `the options of plot` to be an object of options, got 3"],
      [() => 1, "Expected `the options of plot` to be an object of options, got a function"],
      [{ wdith: 1 }, "There is no `wdith` in the options of plot: did you mean `width`?"],
      [{ LABEL: 1 }, "There is no `LABEL` in the options of plot: did you mean `label`?"],
      [{ depth: 1 }, "There is no `depth` in the options of plot: there are width, label, lines"],
      [{ width: "1" }, 'Expected `width` to be a number, got "1"'],
      [{ width: null }, "Expected `width` to be a number, got null"],
      [{ label: () => 1 }, "Expected `label` to be a text, got a function"],
      [{ label: { a: [1] } }, 'Expected `label` to be a text, got {"a":[1]}'],
      [{ label: Symbol("s") }, "Expected `label` to be a text, got Symbol(s)"],
      [{ lines: 1n }, "Expected `lines` to be a list of texts, got 1"],
      [{ lines: ["a", 2] }, "Expected `lines.1` to be a text, got 2"],
      [{ width: "a", label: 1 }, 'Expected `width` to be a number, got "a"'], // the first fault alone
    ];
    for (const [options, message] of cases)
      assert.throws(() => checkOptions("plot", options, entries), { name: "RangeError", message });
  });

  it("are told with their whole path where they hold others", () => {
    assert.equal(faultOf("it", { frame: { width: 2 } }, inner), null);
    assert.equal(faultOf("it", { frame: { width: "2" } }, inner), 'Expected `frame.width` to be a number, got "2"');
    assert.equal(faultOf("it", { frame: 3 }, inner), "Expected `frame` to be a frame, got 3");
  });
});
