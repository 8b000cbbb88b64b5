/** What a program is credited with: its own step where steps are independent, and nothing where all of its group came to the same. */

import assert from "node:assert/strict";
import type { Environment } from "../../src/environment/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { leaveOutAlike } from "../../src/training/alike.ts";
import { metricsOf, panelRow } from "../../src/training/index.ts";
import { panelBundle } from "../../src/training/panel.ts";
import { withDefaults } from "../../src/training/settings.ts";
import { menu, nameEnv, updatesOf, weightsOf } from "./fixtures.ts";

const task = {
  id: "a",
  family: "set",
  ask: "Set self.a to 1",
  split: "training",
  check: { read: "a", expected: 1 },
} as const;

describe("credit", () => {
  it("is for the own step alone where steps are independent, unless it is told otherwise, and never in the literal loop", () => {
    const policy = { ...editMenu(menu), recommended: { gamma: 0.9 } };
    const gammaOf = (env: Environment, more = {}) => withDefaults({ env, policy, ...more }).gamma;
    const asked = new SurvivalEnv({ tasks: [task] });
    assert.deepEqual([asked.independent, gammaOf(asked)], [true, 0]);
    assert.equal(gammaOf(asked, { gamma: 0.5 }), 0.5);
    assert.equal(gammaOf(asked, { estimator: "raw-return" }), 0.99);
    const plain = new SurvivalEnv();
    assert.deepEqual([plain.independent, gammaOf(plain)], [false, 0.9]);
    const hungry = new SurvivalEnv({ tasks: [task], metabolism: { energy: 3 } });
    assert.deepEqual([hungry.independent, gammaOf(hungry)], [false, 0.9]);
    assert.equal(gammaOf({ ...nameEnv(), independent: true }), 0);
  });

  it("of a step is its own reward less its group's, by hand", async () => {
    // "good" earns 1 and goes on, "fatal" earns 0 and ends it: two steps at most, two lives a group.
    const policy = editMenu(menu.slice(0, 2));
    const env = { ...nameEnv(2), independent: true, clone: () => nameEnv(2) };
    const [update] = await updatesOf({ env, policy, updates: 1, episodes: 8, group: 2, estimator: "mean", seed: 3 });
    const { episodes, advantages } = update!;
    for (const [i, { steps, group }] of episodes.entries()) {
      const [own, other] = [steps, episodes.find((one, j) => j !== i && one.group === group)!.steps].map((list) =>
        [0, 1].map((t) => list[t]?.reward ?? 0),
      ) as [number[], number[]];
      for (const t of steps.keys())
        assert.ok(Math.abs(advantages[i]![t]! - (own[t]! - other[t]!) / 2) < 1e-12, `episode ${i}, step ${t}`);
    }
    policy.dispose();
  });
});

describe("groups that came to the same", () => {
  const groups = (...names: number[]) => names.map((group) => ({ group }));

  it("are left out step by step, and counted; rounding is no difference, a mask no member", () => {
    const episodes = groups(0, 0, 1, 1);
    const given = [[0.5, 0], [-0.5, 0], [0, 2], [0]];
    assert.deepEqual(leaveOutAlike(episodes, given, 2), {
      weights: [[0.5, null], [-0.5, null], [null, 2], [null]],
      alike: 2,
    });
    const rounded = [
      [1e-16, 1],
      [-1e-16, -1],
      [0, null],
      [0, null],
    ];
    assert.deepEqual(leaveOutAlike(episodes, rounded, 2), {
      weights: [
        [null, 1],
        [null, -1],
        [null, null],
        [null, null],
      ],
      alike: 2,
    });
    assert.deepEqual(leaveOutAlike(episodes, [[0], [0], [0], [0]], 2).alike, 2, "all of them");
  });

  it("are none where no episodes share a group: the whole batch is compared then", () => {
    const given = [[0, 1], [0], [0], [-1]];
    assert.deepEqual(leaveOutAlike(groups(0, 1, 2, 3), given, 1), { weights: given, alike: 0 });
  });

  it("do not count in the update: its gradient is the mean over the others' steps, by hand, and panel and logs tell", async () => {
    // One step a life: a pair of the same program earns the same.
    const policy = editMenu(menu.slice(0, 2));
    const options = {
      env: nameEnv(1),
      policy,
      updates: 1,
      episodes: 12,
      group: 2,
      estimator: "mean" as const,
      seed: 1,
    };
    const [update] = await updatesOf({
      ...options,
      optimizer: "sgd",
      learningRate: 1,
      maxGradNorm: 0,
      entropyBonus: 0,
    });
    const { episodes, advantages, masked, tokens } = update!;
    const pairs = [0, 1, 2, 3, 4, 5].map((g) => episodes.flatMap((one, i) => (one.group === g ? [i] : [])));
    const alike = pairs.filter(([a, b]) => episodes[a!]!.return === episodes[b!]!.return);
    assert.ok(alike.length > 0 && alike.length < 6, `${alike.length}`);
    assert.equal(masked.alike, alike.length);
    assert.deepEqual(tokens, { drawn: 12, learned: 12 - 2 * alike.length });
    // d log p(good) / d logits = (1/2, -1/2) at equal logits; each pair that differs is one good (+1/2) and one fatal (-1/2).
    assert.deepEqual([...new Set(advantages.flat().map(Math.abs))].sort(), [0, 0.5]);
    const mean = (0.5 * 0.5 + 0.5 * 0.5) * ((6 - alike.length) / tokens.learned);
    const [good, fatal] = weightsOf(policy);
    assert.ok(Math.abs(good! - mean) < 1e-6 && Math.abs(fatal! + mean) < 1e-6, `${good} ${fatal}, expected ${mean}`);
    assert.equal(metricsOf(update!)["masked/alike"], alike.length);
    const row = panelRow(update!);
    const text = (rows: (typeof row)[]) =>
      String(panelBundle(rows, { updates: 1, name: "menu", ended: false })["text/plain"]);
    assert.match(text([row]), new RegExp(`groups left out, all alike +${alike.length} `));
    assert.doesNotMatch(text([{ ...row, alike: 0 }]), /groups left out/);
    policy.dispose();
  });
});
