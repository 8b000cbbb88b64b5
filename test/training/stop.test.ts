/** The stop button ends training in a cell: nothing of it runs on, and what was learned stays. */

import assert from "node:assert/strict";
import { editMenu } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { train } from "../../src/training/index.ts";
import { menu, nameEnv } from "./fixtures.ts";

describe("a notebook's stop button", () => {
  it("ends training and rollouts that were given no signal, through the kernel's own", async () => {
    const scope = globalThis as { kernel?: unknown };
    const button = new AbortController();
    scope.kernel = { signal: button.signal };
    try {
      const policy = editMenu(menu);
      let updates = 0;
      for await (const _ of train({ env: nameEnv(), policy, updates: 1000, episodes: 4 }))
        if (++updates === 3) button.abort(new Error("interrupted"));
      assert.equal(updates, 3);
      assert.notDeepEqual([...policy.variables[0]!.dataSync()], [0, 0, 0]);
      await assert.rejects(rollout(nameEnv(), policy, { episodes: 5 }), { message: "interrupted" });
      policy.dispose();
    } finally {
      delete scope.kernel;
    }
  });
});
