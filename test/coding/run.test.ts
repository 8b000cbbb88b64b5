/** A program's function, called in lives of a sandbox that has no process behind it: none is left open. */

import assert from "node:assert/strict";
import { callFunction, pythonText } from "../../src/coding/run.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

describe("a function that is called", () => {
  const called = { text: "const f = () => 1;", name: "f" };

  it("leaves no life open, whatever came of it", async () => {
    for (const language of ["javascript", "python"] as const) {
      const { sandbox, opened, closed } = fakeSandbox();
      const result = await callFunction(sandbox, { language, ...called }, [[]], { limits: { stepMs: 7 } });
      assert.equal("failed" in result && result.failed, "a fake has no methods");
      assert.deepEqual([opened.length, closed(), opened[0]!.limits], [1, 1, { stepMs: 7 }]);
    }
    const { sandbox, closed } = fakeSandbox(() => ({ verdict: "runtime_error", cause: "no room" }));
    await assert.rejects(callFunction(sandbox, { language: "python", ...called }, [[]], { limits: {} }), {
      message: "The sandbox did not take a program's text: no room",
    });
    assert.equal(closed(), 1);
  });

  it("is written for Python as a text that it reads alike", () => {
    assert.equal(pythonText('a"\n\\\u{1f600}\ud800'), '"a\\"\\n\\\\\u{1f600}\ufffd"');
  });
});
