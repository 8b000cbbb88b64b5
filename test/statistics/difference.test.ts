/** The paired difference over clusters and Student's t, beside SciPy's figures. */

import assert from "node:assert/strict";
import { createRandom } from "../../src/random/index.ts";
import { pairedDifference, type Sample, studentReach } from "../../src/statistics/index.ts";

const close = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-9, `${found}, ${expected}`);
const each = (values: readonly number[]): Sample[] => values.map((value, i) => ({ cluster: `${i}`, value }));

describe("the paired difference", () => {
  const after = [3.9, 4.4, 2.7, 5.1, 4.0];
  const before = [3.1, 4.2, 2.5, 4.0, 3.9];

  it("of one pair a cluster is SciPy's paired t-test", () => {
    // scipy.stats.ttest_rel(after, before).confidence_interval(0.95), and (0.99)
    const found = pairedDifference(each(after), each(before));
    close(found.estimate, 0.48);
    close(found.low, -0.07110861763699994);
    close(found.high, 1.031108617637);
    assert.equal(found.clusters, 5);
    const wide = pairedDifference(each(after), each(before), { confidence: 0.99 });
    close(wide.low, -0.43388673785377596);
    close(wide.high, 1.393886737853776);
  });

  it("of clusters of different sizes leaves out a cluster at a time, both sides together", () => {
    // numpy: theta(keys) = mean of all `is` of the keys - mean of all `was`; t = theta without each of x, y, z, u;
    // half = sqrt(3 / 4 * sum((t - mean(t)) ** 2)) * scipy.stats.t.ppf(0.975, 3)
    const of = (clusters: { [cluster: string]: number[] }): Sample[] =>
      Object.entries(clusters).flatMap(([cluster, values]) => values.map((value) => ({ cluster, value })));
    const is = of({ x: [1, 0, 1], y: [1], z: [0, 0], u: [1, 1, 1, 0] });
    const was = of({ x: [0], y: [0, 1], z: [0, 0, 0], u: [1, 0] });
    for (const [one, other] of [
      [is, was],
      [is.toReversed(), was.toReversed()],
    ] as const) {
      const found = pairedDifference(one, other);
      close(found.estimate, 0.35);
      close(found.low, 0.14596742220603617);
      close(found.high, 0.5540325777939638);
    }
  });

  it("does not get surer by many lives of the same tasks", () => {
    const many = (samples: Sample[]) => samples.flatMap((sample) => Array.from({ length: 50 }, () => sample));
    const [few, more] = [
      pairedDifference(each(after), each(before)),
      pairedDifference(many(each(after)), many(each(before))),
    ];
    close(more.low, few.low);
    close(more.high, few.high);
  });

  it("compares sides that share no cluster as two samples", () => {
    const other = before.map((value, i) => ({ cluster: `other ${i}`, value }));
    const { low, high, clusters } = pairedDifference(each(after), other);
    assert.equal(clusters, 10);
    // scipy.stats.ttest_ind(after, before).confidence_interval(): -0.687 to 1.647; the jackknife has one degree of freedom more.
    assert.ok(Math.abs(low + 0.687) < 0.05 && Math.abs(high - 1.647) < 0.05, `${low} to ${high}`);
  });

  it("is no difference where sums differ in their last bits only, and has no interval of a single cluster", () => {
    const sums = [0.1, 0.2, 0.3];
    const turned = each(sums).toReversed();
    assert.notEqual(
      sums.reduce((a, b) => a + b),
      sums.toReversed().reduce((a, b) => a + b),
    );
    assert.equal(pairedDifference(each(sums), turned).estimate, 0);
    assert.deepEqual(pairedDifference(each([3]), each([1])), {
      estimate: 2,
      low: Number.NaN,
      high: Number.NaN,
      clusters: 1,
    });
    const alone = pairedDifference(each([3, 4]), [{ cluster: "0", value: 1 }]);
    assert.deepEqual([alone.low, alone.high, alone.clusters], [Number.NaN, Number.NaN, 2]);
  });

  it("covers the true difference as often as it says, with five clusters and with forty", () => {
    for (const [size, confidence] of [
      [5, 0.95],
      [40, 0.95],
      [5, 0.8],
    ] as const) {
      let covered = 0;
      for (let trial = 0; trial < 1000; trial++) {
        const random = createRandom("covered", size, trial);
        const clusters = Array.from({ length: size }, () => ({
          own: 3 * random.normal(),
          size: 1 + random.integer(4),
        }));
        const lives = (more: number) =>
          clusters.flatMap(({ own, size: count }, i) =>
            Array.from({ length: count }, () => ({ cluster: `${i}`, value: own + more + random.normal() })),
          );
        const { low, high } = pairedDifference(lives(1), lives(0), { confidence });
        if (low <= 1 && high >= 1) covered++;
      }
      // Two standard deviations of a count of 1000 at 95 % are 14, at 80 % 25; unequal clusters cost a little.
      assert.ok(Math.abs(covered - 1000 * confidence) <= 30, `${covered} of 1000 at ${confidence}, ${size} clusters`);
    }
  });
});

describe("Student's reach", () => {
  it("is SciPy's quantile", () => {
    // scipy.stats.t.ppf(1 - (1 - confidence) / 2, freedom)
    for (const [confidence, freedom, expected] of [
      [0.95, 1, 12.706204736174694],
      [0.95, 2, 4.302652729749462],
      [0.95, 4, 2.7764451051977934],
      [0.99, 7, 3.4994832973504924],
      [0.9975, 31, 3.2902764551537804],
      [0.95, 200, 1.9718962236339088],
      [0.5, 3, 0.7648923284043444],
      [0.999, 10, 4.586893858702708],
    ] as const)
      close(studentReach(confidence, freedom), expected);
  });

  it("is refused where it has no meaning", () => {
    for (const confidence of [0, 1, Number.NaN, 95])
      assert.throws(() => studentReach(confidence, 3), {
        message: `Expected \`confidence\` to lie between 0 and 1, got ${confidence}`,
      });
    for (const freedom of [0, 1.5, -1])
      assert.throws(() => studentReach(0.95, freedom), {
        message: `Expected \`freedom\` to be a positive integer, got ${freedom}`,
      });
  });
});
