/** The stop button ends training in a cell: nothing of it runs on, and what was learned stays. */

import assert from "node:assert/strict";
import { evaluate } from "../../src/evaluation/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { type Elsewhere, rollout } from "../../src/rollout/index.ts";
import { study, train } from "../../src/training/index.ts";
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
      // Episodes that others play, a study and an evaluation hear of it, too.
      const on: Elsewhere = {
        async *play(_env, _policy, _batch, { signal }) {
          signal?.throwIfAborted();
          yield { plays: [] };
        },
      };
      const ways = [
        () => rollout(nameEnv(), policy, { episodes: 5, on }),
        () =>
          study({ env: nameEnv(), makePolicy: () => editMenu(menu), variants: { one: { updates: 2 } }, seeds: [1] }),
        () => evaluate({ policy }, { env: nameEnv(), episodes: 2, progress: false }),
      ];
      for (const way of ways) await assert.rejects(way, { message: "interrupted" });
      policy.dispose();
    } finally {
      delete scope.kernel;
    }
  });
});
