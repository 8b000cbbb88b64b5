/** Fields that a server does not do: each is let pass with the value that means "off", and refused with any other. */

import assert from "node:assert/strict";
import { refuseNotDone, saysNothing } from "../../../src/serve/model/fields.ts";

describe("a field that is not done", () => {
  const off: { [field: string]: [passes: unknown[], refused: unknown[]] } = {
    tool_choice: [
      ["none", "auto"],
      ["required", { type: "function" }],
    ],
    function_call: [["none", "auto"], [{ name: "f" }]],
    response_format: [[{ type: "text" }], [{ type: "json_object" }]],
    presence_penalty: [[0], [1, 0.1]],
    frequency_penalty: [[0], [1, -0.1]],
    repetition_penalty: [[1], [0, 1.1]],
    repeat_penalty: [[1], [0, 1.1]],
    length_penalty: [[1], [0, 2]],
    min_p: [[0], [0.1, 1]],
    typical_p: [[1], [0, 0.9]],
    min_tokens: [[0], [1]],
    modalities: [[["text"]], [["text", "audio"], ["audio"]]],
    verbosity: [["medium"], ["low", "high"]],
    add_generation_prompt: [[true], [1, "true"]],
    best_of: [[1], [2]],
  };
  for (const [field, [passes, refused]] of Object.entries(off))
    it(`passes where it says off, and no other value does: ${field}`, () => {
      for (const kind of ["chat", "completion"] as const) {
        for (const value of passes) refuseNotDone({ [field]: value }, kind);
        for (const value of refused)
          assert.throws(() => refuseNotDone({ [field]: value }, kind), {
            name: "ServeFailure",
            error: { kind: "unsupported", field, value, nearest: null },
          });
      }
    });

  it("is off as well where as many are asked for as there are answers, or of a completion no alternatives", () => {
    refuseNotDone({ best_of: 3, n: 3 }, "completion");
    assert.throws(() => refuseNotDone({ best_of: 3, n: 2 }, "completion"), /`best_of` is not supported/);
    refuseNotDone({ top_logprobs: 0 }, "completion");
    assert.throws(() => refuseNotDone({ top_logprobs: 2 }, "completion"), /`top_logprobs` is not supported/);
  });

  it("passes whatever it is called where it says nothing, and where it says who asks, what for or how urgently", () => {
    for (const value of [null, undefined, false, "", [], {}]) {
      assert.ok(saysNothing(value));
      refuseNotDone({ whatever: value }, "chat");
    }
    for (const value of [0, 1, true, "a", [0], { a: null }]) {
      assert.ok(!saysNothing(value));
      assert.throws(() => refuseNotDone({ whatever: value }, "chat"), /`whatever` is not supported/);
    }
    for (const name of [
      ...["user", "metadata", "store", "safety_identifier", "service_tier", "priority", "request_id"],
      ...["prompt_cache_key", "prompt_cache_retention", "cache_prompt", "parallel_tool_calls"],
    ])
      refuseNotDone({ [name]: "x" }, "completion");
  });
});
