import assert from "node:assert/strict";
import { createRandom } from "../../src/random/index.ts";
import {
  bootstrapInterval,
  clusterInterval,
  entropyOf,
  expectedDistinct,
  interquartileMean,
  mean,
  pairedDifference,
  probabilityOfImprovement,
  ratioIntervals,
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
    // No number where a resample holds none of them.
    const statistic = (some: readonly number[]) => mean(some.filter((one) => one > 0));
    for (let seed = 0; seed < 20; seed++)
      assert.deepEqual(bootstrapInterval([0, 0, 3], { statistic, seed }), { estimate: 3, low: 3, high: 3 });
    assert.deepEqual(bootstrapInterval([0], { statistic }), { estimate: NaN, low: NaN, high: NaN });
  });

  it("Wilson's interval is the published one for STOP's 42 of 10,000", () => {
    const { low, high } = wilsonInterval(42, 10_000);
    assert.equal((100 * low).toFixed(2), "0.31");
    assert.equal((100 * high).toFixed(2), "0.57");
    assert.equal(wilsonInterval(0, 10).low, 0);
    assert.ok(Math.abs(wilsonInterval(10, 10).high - 1) < 1e-12);
    assert.deepEqual(wilsonInterval(1, 2, 0), { estimate: 0.5, low: 0.5, high: 0.5 });
    assert.throws(() => wilsonInterval(3, 2), /got 3 of 2/);
    assert.throws(() => wilsonInterval(-1, 2), /got -1 of 2/);
    assert.throws(() => wilsonInterval(Number.NaN, 2), /got NaN of 2/);
    for (const total of [0, -1, Number.NaN])
      assert.throws(() => wilsonInterval(0, total), {
        message: `Expected a count between 0 and a positive total, got 0 of ${total}`,
      });
  });

  it("mean, deviation and entropy are the textbook's", () => {
    assert.equal(mean([1, 2, 6]), 3);
    assert.ok(Math.abs(standardDeviation([1, 2, 6]) - Math.sqrt(7)) < 1e-12);
    assert.deepEqual([standardDeviation([7]), standardDeviation([])], [0, 0]);
    assert.ok(Number.isNaN(mean([])));
    assert.ok(Math.abs(entropyOf([0.25, 0.25, 0.5, 0]) - 1.5 * Math.log(2)) < 1e-12);
  });

  it("the interquartile mean leaves a quarter out on each side, in parts where it must", () => {
    assert.equal(interquartileMean([100, 1, 3, -50]), 2);
    // 5 values: a quarter of the second from either end is cut as well. By hand: (7.5 + 20 + 60) / 2.5, and 2 of 6 whole.
    assert.ok(Math.abs(interquartileMean([900, 10, 20, 80, 0]) - 35) < 1e-12);
    assert.ok(Math.abs(interquartileMean([0, 1, 2, 3, 40, 500]) - (0.5 * 1 + 2 + 3 + 0.5 * 40) / 3) < 1e-12);
    assert.ok(Math.abs(interquartileMean([1, 2, 4]) - (0.25 * 1 + 2 + 0.25 * 4) / 1.5) < 1e-12);
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

  it("both bootstraps take the nearest order statistics of their resamples, and their seeds name the draws", () => {
    // A statistic that counts its calls: the resamples are worth 1, 2, 3 and so on, whatever was drawn.
    const counting = () => {
      let calls = 0;
      return () => ++calls;
    };
    const ways = [
      (options: object) => bootstrapInterval([1, 2], { statistic: counting(), ...options }),
      (options: object) => clusterInterval([1, 2], counting(), options),
    ];
    for (const found of ways) {
      // Of 100: the ends lie at 2.475 and 96.525 of the ranks 0 to 99, so the third and the 98th.
      assert.deepEqual(found({ resamples: 100 }), { estimate: 101, low: 3, high: 98 });
      assert.deepEqual(found({ resamples: 101, confidence: 0.5 }), { estimate: 102, low: 26, high: 76 });
      assert.deepEqual(found({ resamples: 1 }), { estimate: 2, low: 1, high: 1 });
    }
    assert.equal(bootstrapInterval([1, 2], { statistic: counting() }).estimate, 2001, "2000 resamples by default");
    assert.equal(clusterInterval([1, 2], counting()).estimate, 1001, "1000 by default");
    const values = [3, 1, 4, 1, 5, 9, 2, 6.5];
    const figure = (some: readonly number[]) => mean(some);
    const how = { resamples: 50 };
    assert.notDeepEqual(bootstrapInterval(values, { ...how, seed: 1 }), bootstrapInterval(values, { ...how, seed: 2 }));
    assert.notDeepEqual(
      clusterInterval(values, figure, { ...how, seed: 1 }),
      clusterInterval(values, figure, { ...how, seed: 2 }),
    );
    assert.deepEqual(bootstrapInterval(values, how), bootstrapInterval(values, { ...how, seed: 0 }));
    assert.deepEqual(clusterInterval(values, figure, how), clusterInterval(values, figure, { ...how, seed: 0 }));
  });

  it("both bootstraps draw the same in every release: their intervals are told in papers", () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6.5];
    const how = { resamples: 9, seed: 4 };
    assert.deepEqual(bootstrapInterval(values, how), { estimate: 3.9375, low: 2.4375, high: 7.1875 });
    assert.deepEqual(clusterInterval(values, mean, how), { estimate: 3.9375, low: 2.125, high: 5.5625 });
  });

  it("a resample of clusters without a value is left out of the interval; with none left there is no interval", () => {
    let calls = 0;
    // 60 resamples without a value, then 1 to 40, then the estimate.
    const some = () => (++calls <= 60 ? Number.NaN : calls - 60);
    assert.deepEqual(clusterInterval([1], some, { resamples: 100 }), { estimate: 41, low: 2, high: 39 });
    const none = clusterInterval([[]], (some: readonly number[][]) => mean(some.flat()), { resamples: 3 });
    assert.deepEqual(none, { estimate: Number.NaN, low: Number.NaN, high: Number.NaN });
  });

  it("many means with one bootstrap have each the interval that it has alone, of as many resamples and by the same seed", () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6.5];
    const meansOf = (...all: number[][]) =>
      all.map((sums) => ({ sums: Float64Array.from(sums), weights: new Float64Array(sums.length).fill(1) }));
    const isClose = (found: object, expected: object, how: string) => {
      for (const [end, value] of Object.entries(expected))
        assert.ok(Math.abs((found as { [end: string]: number })[end]! - value) < 1e-12, `${how}: ${end} of ${value}`);
    };
    for (const options of [{}, { seed: 3 }, ...[1, 2, 3, 4, 41].map((resamples) => ({ resamples, seed: 2 }))]) {
      const negative = values.map((value) => -value);
      const found = ratioIntervals(meansOf(values, negative), options);
      assert.equal(found.length, 2);
      for (const [i, own] of [values, negative].entries())
        isClose(found[i]!, bootstrapInterval(own, options), JSON.stringify(options));
    }
    // Twice the weight is twice the cluster: 1 and 3, where 3 counts twice, are 7 / 3; of one of them alone 1, of the other 3.
    const weighed = [{ sums: Float64Array.of(1, 6), weights: Float64Array.of(1, 2) }];
    assert.deepEqual(ratioIntervals(weighed), [{ estimate: 7 / 3, low: 1, high: 3 }]);
  });

  it("a mean without weight in a resample is left out of its interval; of nothing there is none", () => {
    const nothing = { estimate: Number.NaN, low: Number.NaN, high: Number.NaN };
    const means = [
      { sums: Float64Array.of(4, 0), weights: Float64Array.of(2, 0) },
      { sums: new Float64Array(2), weights: new Float64Array(2) },
    ];
    assert.deepEqual(ratioIntervals(means), [{ estimate: 2, low: 2, high: 2 }, nothing]);
    assert.deepEqual(ratioIntervals([{ sums: new Float64Array(0), weights: new Float64Array(0) }]), [nothing]);
    assert.deepEqual(ratioIntervals([]), []);
  });

  it("options are refused by name where they have no meaning", () => {
    const ways: [string, (options: object) => unknown][] = [
      ["bootstrapInterval", (options) => bootstrapInterval([1, 2], options)],
      ["clusterInterval", (options) => clusterInterval([1, 2], () => 1, options)],
      ["pairedDifference", (options) => pairedDifference([], [], options)],
    ];
    for (const [name, way] of ways) {
      assert.throws(() => way({ confidnce: 0.9 }), {
        message: `There is no \`confidnce\` in the options of ${name}: did you mean \`confidence\`?`,
      });
      for (const confidence of [-0.5, 1.5, Number.NaN])
        assert.throws(() => way({ confidence }), {
          message: `Expected \`confidence\` to be a number from 0 to 1, got ${confidence}`,
        });
    }
    for (const [, way] of ways.slice(0, 2)) {
      for (const resamples of [0, -1, 1.5, Infinity])
        assert.throws(() => way({ resamples }), {
          message: `Expected \`resamples\` to be a positive integer, got ${resamples}`,
        });
      for (const seed of [Infinity, Number.NaN])
        assert.throws(() => way({ seed }), { message: `Expected \`seed\` to be a finite number, got ${seed}` });
    }
    assert.throws(() => bootstrapInterval([1], { statistic: 3 as never }), {
      message: "Expected `statistic` to be a function of the values, got 3",
    });
  });

  it("rarefaction is the mean over all subsets, counted one by one", () => {
    const items = ["a", "a", "a", "b", "b", "c"];
    for (let size = 1; size <= items.length; size++) {
      const subsets = Array.from({ length: 2 ** items.length }, (_, mask) => items.filter((_, i) => (mask >> i) & 1));
      const counted = mean(subsets.filter(({ length }) => length === size).map((some) => new Set(some).size));
      assert.ok(Math.abs(expectedDistinct(items, size) - counted) < 1e-12, `size ${size}`);
    }
    for (const size of [7, 0, -1, 1.5, Number.NaN])
      assert.throws(() => expectedDistinct(items, size), {
        message: `Expected \`size\` to be from 1 to the 6 items, got ${size}`,
      });
  });
});
