/** Which lists of micro-tasks are refused, and by what words: each names the task and the field. */

import assert from "node:assert/strict";
import { checkTasks } from "../../src/tasks/index.ts";

const task = { id: "asked", family: "any", ask: "do it", split: "training", check: { gone: "x" } };

describe("a micro-task", () => {
  it("that is wrong is named by its field", () => {
    const refused = (check: unknown, message: RegExp): void =>
      assert.throws(() => checkTasks([{ ...task, check }]), message);
    refused([], /^TypeError: Micro-task "asked": Expected `check` to be a check, or a list of some, got \[\]$/);
    refused({ gone: 4 }, /: Expected `check.gone` to be a name, got 4$/);
    refused({ change: "x", from: 3, does: [["number.double"]] }, /: Expected `check.from` to be a name, got 3$/);
    refused([{ gone: "x" }, { read: 1, expected: 2 }], /: Expected `check\[1\].read` to be a name, got 1$/);
    refused(
      { change: "x", does: [["number.double"]], inputs: [[1, 2]] },
      /`check.inputs` to be lists of 1 values each/,
    );
    refused({ call: "f", does: [["pair.sum"]], inputs: [[1]] }, /to be lists of 2 values each, got \[\[1\]\]/);
    refused(
      { read: "x", expcted: 2 },
      /: There is no `check.expcted` in a micro-task: did you mean `check.expected`\?$/,
    );
    refused(
      [{ gone: "x" }, { change: "x", frm: "y", does: [["number.double"]] }],
      /no `check\[1\].frm` .*: did you mean `check\[1\].from`\?$/,
    );
    refused({ cal: "f" }, /Expected `check` to be a check with `read`, `gone`, `change` or `call`, got \{/);
    assert.throws(() => checkTasks([{ ...task, setUp: "1" }]), /no `setUp` in a micro-task: did you mean `setup`\?$/);
    assert.throws(() => checkTasks([null]), /^TypeError: Micro-task 0: Expected an object, got null$/);
    refused({ call: "f", does: [] }, /its check's stages are wrong: expected `does` to be at least one stage/);
    refused({ call: "f", does: [["number.triple"]] }, /there is no stage named "number.triple"/);
    for (const [stage, told] of [
      ["number.double", '"number\\.double"'],
      [null, "null"],
      [[3], "\\[3\\]"],
      [[], "\\[\\]"],
    ])
      refused(
        { call: "f", does: [stage] },
        new RegExp(`are wrong: expected each stage of \`does\` to be its name and its constants, .*, got ${told}$`),
      );
    refused({ call: "f", does: [["number"]] }, /there is no stage named "number"/);
    refused({ call: "f", does: [["number.plus"]] }, /the stage number.plus has 1 constants, got \[\]/);
    refused(
      { call: "f", does: [["text.length"], ["text.upper"]] },
      /the stage text.upper takes text, and number comes before it/,
    );
    assert.throws(() => checkTasks([{ ...task, operation: 3 }]), /Expected `operation` to be a text, got 3/);
  });

  it("without an id that can be read is named by its place", () => {
    for (const wrong of [null, undefined, 3])
      assert.throws(() => checkTasks([task, wrong]), /^TypeError: Micro-task 1: Expected an object, got /);
    assert.throws(() => checkTasks([{ ...task, id: 7 }]), /^TypeError: Micro-task 0: Expected `id` to be /);
  });

  it("may not be there twice, in a list or in an object that holds one", () => {
    const twice = { message: 'Micro-task "asked": the id is there twice' };
    assert.throws(() => checkTasks([task, { ...task, id: "other" }, task]), twice);
    assert.throws(() => checkTasks({ tasks: [task, task] }), twice);
    assert.deepEqual(checkTasks({ tasks: [task] }), [task]);
    for (const nothing of [null, undefined, {}, task])
      assert.throws(() => checkTasks(nothing), { message: "Expected a list of micro-tasks" });
  });
});
