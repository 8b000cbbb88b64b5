import assert from "node:assert/strict";
import type { Episode } from "../../src/episode/index.ts";
import { estimators, findEstimator } from "../../src/training/estimators.ts";

/** An episode with these rewards; nothing else of it matters to an estimator. */
const life = (rewards: number[]): Episode => ({ steps: rewards.map((reward) => ({ reward })) }) as unknown as Episode;
const batch = [life([1, 1, -1000]), life([0]), life([1, 1, 1, 1])];
const gamma = 0.9;
// Returns by hand: [1+.9*(1-900), 1-900, -1000], [0], [1+.9*2.71, 1+.9*1.9, 1.9, 1].
const G = [[-808.1, -899, -1000], [0], [3.439, 2.71, 1.9, 1]];

function close(actual: number[][], expected: number[][]): void {
  assert.deepEqual(
    actual.map((list) => list.length),
    expected.map((list) => list.length),
  );
  for (const [i, list] of expected.entries())
    for (const [t, value] of list.entries())
      assert.ok(
        Math.abs(actual[i]![t]! - value) < 1e-9,
        `episode ${i}, step ${t}: ${actual[i]![t]}, expected ${value}`,
      );
}

describe("estimators", () => {
  it("raw-return gives the raw returns", () => close(estimators["raw-return"](batch, { gamma }), G));

  it("mean takes away the batch's mean at the same step, over episodes that have ended too", () => {
    const at = (t: number): number => (G[0]![t] ?? 0) / 3 + (G[1]![t] ?? 0) / 3 + (G[2]![t] ?? 0) / 3;
    close(
      estimators.mean(batch, { gamma }),
      G.map((list) => list.map((value, t) => value - at(t))),
    );
  });

  it("leave-one-out takes away the others' mean, then divides by the deviation of all", () => {
    const raw = G.map((list, i) =>
      list.map((value, t) => value - G.reduce((sum, other, j) => (j === i ? sum : sum + (other[t] ?? 0)), 0) / 2),
    );
    const all = raw.flat();
    const mean = all.reduce((a, b) => a + b) / all.length;
    const sd = Math.sqrt(all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length);
    close(
      estimators["leave-one-out"](batch, { gamma }),
      raw.map((list) => list.map((value) => value / sd)),
    );
  });

  it("reinforce++ standardises over all steps of the batch", () => {
    const given = estimators["reinforce++"](batch, { gamma }).flat();
    const mean = given.reduce((a, b) => a + b) / given.length;
    assert.ok(Math.abs(mean) < 1e-12);
    assert.ok(Math.abs(given.reduce((a, b) => a + b * b, 0) / given.length - 1) < 1e-9);
    const order = G.flat()
      .map((_, i) => i)
      .sort((a, b) => G.flat()[a]! - G.flat()[b]!);
    assert.deepEqual(
      order,
      given.map((_, i) => i).sort((a, b) => given[a]! - given[b]!),
    );
  });

  it("leave-one-out pushes the lone episode of a group nowhere, however bad it was", () => {
    const grouped = [life([-200]), life([0]), life([2]), life([0])].map((one, i) => ({
      ...one,
      group: i === 0 ? 0 : 1,
    }));
    const [alone, ...others] = estimators["leave-one-out"](grouped, { gamma }).flat();
    assert.equal(alone, 0);
    // The others' means are 1, 0 and 1: -1, 2 and -1, divided by their deviation with the 0 beside them.
    assert.deepEqual(
      others.map((value) => value / others[1]!),
      [-0.5, 1, -0.5],
    );
  });

  it("give zero, not NaN, for a batch in which all lives went alike", () => {
    close(estimators["leave-one-out"]([life([1]), life([1])], { gamma }), [[0], [0]]);
    close(estimators["reinforce++"]([life([1]), life([1])], { gamma }), [[0], [0]]);
  });

  it("are found by name, and an unknown name lists them", () => {
    assert.equal(findEstimator("mean"), estimators.mean);
    assert.throws(() => findEstimator("ppo" as never), {
      message: 'Unknown estimator "ppo": use raw-return, mean, leave-one-out, reinforce++, learned or a function',
    });
    assert.throws(() => findEstimator("seed" as never), { message: 'The estimator "seed" is called "raw-return" now' });
  });
});
