/** Policies by the name of a model: what of it is closed again when none comes of it. */

import assert from "node:assert/strict";
import type { Worker } from "node:worker_threads";
import { policies } from "../../../src/policy/index.ts";

describe("a policy that cannot be made of a model", () => {
  it("has ended the model's threads when it says so", async () => {
    let [begun, ended] = [0, 0];
    const count = (thread: Worker): void => {
      begun++;
      thread.once("exit", () => ended++);
    };
    process.on("worker", count);
    try {
      await assert.rejects(policies.fromPretrained("tiny", { rank: 10_000, samples: 1, asks: ["a"], threads: 1 }), {
        name: "RangeError",
        message: /`rank`/,
      });
    } finally {
      process.off("worker", count);
    }
    assert.ok(begun > 0);
    assert.equal(ended, begun);
  });
});
