/** The estimator `learned`: what its baseline predicts, and that a checkpoint holds it. */

import assert from "node:assert/strict";
import type { Environment } from "../../src/environment/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { estimators, learnedBaseline, train, type Update } from "../../src/training/index.ts";
import { altered, menu, nameEnv, updatesOf, weightsOf } from "./fixtures.ts";

describe("the learned baseline", () => {
  /** Squares by which returns of later updates are missed, predicted by nothing, by the mean of earlier ones, and by what was learned. */
  const missedBy = async (env: Environment<number>) => {
    const policy = editMenu(menu);
    const baseline = learnedBaseline();
    const missed = { none: 0, mean: 0, learned: 0 };
    const seen: number[] = [];
    // The policy hardly changes: what was fitted to earlier updates is about what the next one brings.
    const options = { env, policy, updates: 12, episodes: 24, learningRate: 1e-6, seed: 5 };
    for await (const { episodes } of train(options)) {
      const returns = estimators["raw-return"](episodes, { gamma: 0.99 });
      const predicted = baseline.predict(episodes);
      assert.equal(predicted === null, seen.length === 0, "nothing is known at first");
      const mean = seen.reduce((a, b) => a + b, 0) / seen.length;
      for (const [i, list] of (predicted ?? []).entries())
        for (const [t, value] of list.entries()) {
          missed.none += returns[i]![t]! ** 2;
          missed.mean += (returns[i]![t]! - mean) ** 2;
          missed.learned += (returns[i]![t]! - value) ** 2;
        }
      baseline.fit(episodes, returns);
      seen.push(...returns.flat());
    }
    policy.dispose();
    return missed;
  };

  it("beats no baseline at predicting, and the mean of what was where the step tells more", async () => {
    const dull = await missedBy(nameEnv());
    assert.ok(dull.learned < 0.7 * dull.none, JSON.stringify(dull));
    const telling = await missedBy(altered((_, step) => 100 * step));
    assert.ok(telling.learned < 0.8 * telling.mean && telling.learned < telling.none, JSON.stringify(telling));
  });

  it("goes through a checkpoint", async () => {
    const [one, two] = [editMenu(menu), editMenu(menu)];
    const common = { env: nameEnv(), updates: 6, episodes: 8, estimator: "learned" as const, seed: 5 };
    await updatesOf({ ...common, policy: one });
    let saved: Awaited<ReturnType<Update["checkpoint"]>> | undefined;
    for await (const update of train({ ...common, policy: two })) {
      saved = JSON.parse(JSON.stringify(await update.checkpoint()));
      if (update.update === 2) break;
    }
    const resumed = editMenu(menu);
    await updatesOf({ ...common, policy: resumed, resume: saved! });
    assert.deepEqual(weightsOf(resumed), weightsOf(one));
    for (const policy of [one, two, resumed]) policy.dispose();
  });
});
