import assert from "node:assert/strict";
import { createRandom } from "../../src/random/index.ts";
import {
  bootstrapInterval,
  clusterInterval,
  entropyOf,
  expectedDistinct,
  interquartileMean,
  mean,
  probabilityOfImprovement,
  standardDeviation,
  wilsonInterval,
} from "../../src/statistics/index.ts";

describe("statistics", () => {
  it("a bootstrap interval repeats to the last digit and covers the mean as often as it says", () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    assert.deepEqual(bootstrapInterval(values, { seed: 5 }), bootstrapInterval(values, { seed: 5 }));
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const random = createRandom("coverage", trial);
      const { low, high } = bootstrapInterval(
        Array.from({ length: 40 }, () => random.normal()),
        { resamples: 300, seed: trial },
      );
      if (low <= 0 && high >= 0) covered++;
    }
    assert.ok(covered >= 178 && covered <= 199, `covered ${covered} of 200, about 190 expected`);
    assert.throws(() => bootstrapInterval([]), /at least one value/);
  });

  it("Wilson's interval is the published one for STOP's 42 of 10,000", () => {
    const { low, high } = wilsonInterval(42, 10_000);
    assert.equal((100 * low).toFixed(2), "0.31");
    assert.equal((100 * high).toFixed(2), "0.57");
    assert.equal(wilsonInterval(0, 10).low, 0);
    assert.throws(() => wilsonInterval(3, 2), /got 3 of 2/);
  });

  it("mean, deviation and entropy are the textbook's", () => {
    assert.equal(mean([1, 2, 6]), 3);
    assert.ok(Math.abs(standardDeviation([1, 2, 6]) - Math.sqrt(7)) < 1e-12);
    assert.ok(Math.abs(entropyOf([0.25, 0.25, 0.5, 0]) - 1.5 * Math.log(2)) < 1e-12);
  });

  it("the interquartile mean leaves a quarter out on each side, in parts where it must", () => {
    assert.equal(interquartileMean([100, 1, 3, -50]), 2);
    // 5 values: a quarter of the second from either end is cut as well.
    assert.ok(Math.abs(interquartileMean([0, 10, 20, 30, 900]) - (0.75 * 10 + 20 + 0.75 * 30) / 2.5) < 1e-12);
    assert.equal(interquartileMean([7]), 7);
    assert.throws(() => interquartileMean([]), /at least one value/);
  });

  it("the probability of improvement counts pairs, ties half", () => {
    assert.equal(probabilityOfImprovement([1, 2], [2, 3]), (1 + 0.5 + 1 + 1) / 4);
    assert.equal(probabilityOfImprovement([5], [1]), 0);
    assert.throws(() => probabilityOfImprovement([], [1]), /got 0 before and 1 after/);
  });

  it("a cluster bootstrap of clusters of one is the plain bootstrap of the mean, and repeats", () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    const clusters = values.map((value) => [value]);
    const figure = (some: readonly number[][]) => mean(some.flat());
    const plain = bootstrapInterval(values, { resamples: 4000 });
    const clustered = clusterInterval(clusters, figure, { resamples: 4000 });
    assert.equal(clustered.estimate, plain.estimate);
    assert.ok(Math.abs(clustered.low - plain.low) < 0.3 && Math.abs(clustered.high - plain.high) < 0.3);
    assert.deepEqual(clusterInterval(clusters, figure), clusterInterval(clusters, figure));
    assert.throws(() => clusterInterval([], figure), /at least one cluster/);
  });

  it("rarefaction is the mean over all subsets, counted one by one", () => {
    const items = ["a", "a", "a", "b", "b", "c"];
    for (let size = 1; size <= items.length; size++) {
      const subsets = Array.from({ length: 2 ** items.length }, (_, mask) => items.filter((_, i) => (mask >> i) & 1));
      const counted = mean(subsets.filter(({ length }) => length === size).map((some) => new Set(some).size));
      assert.ok(Math.abs(expectedDistinct(items, size) - counted) < 1e-12, `size ${size}`);
    }
    assert.throws(() => expectedDistinct(items, 7), /from 1 to the 6 items, got 7/);
  });
});
