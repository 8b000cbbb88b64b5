/** Numbers: SciPy 1.17 (`ttest_rel`, `ttest_1samp`) and statsmodels 0.15 (`multipletests(method="holm")`) on the same values. */

import assert from "node:assert/strict";
import { type Sample, testTogether } from "../../src/statistics/index.ts";

const samples = (values: readonly number[]): Sample[] => values.map((value, i) => ({ cluster: `family ${i}`, value }));
const was = samples([0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0]);
const much = samples([1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1]);
const some = samples([0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0]);
const mixed = samples([0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0]);
const worse = samples([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
const close = (got: number, expected: number, by = 1e-7) =>
  assert.ok(Math.abs(got - expected) < by, `${got}, not ${expected}`);

describe("claims that are tested together", () => {
  it("have the p of the paired t-test, two-sided, and one-sided above a bound", () => {
    const both = [much, some, mixed, worse].map((is) => testTogether([{ is, was }])[0]!);
    for (const [i, p] of [0.006872303308921113, 0.03881409182311233, 1, 0.08186423116569438].entries())
      close(both[i]!.p, p);
    close(both[1]!.difference.low, 0.020498924786929718);
    close(both[1]!.difference.high, 0.6461677418797369);
    const above = [much, some, mixed, worse].map((is) => testTogether([{ is, was, above: -0.05 }])[0]!);
    const expected = [0.001916091031952616, 0.010384089559232479, 0.34619231528330574, 0.9231044805655468];
    for (const [i, p] of expected.entries()) close(above[i]!.p, p);
  });

  it("are shown by Holm's procedure: the second is held against the whole of what is left", () => {
    const two = testTogether([
      { is: some, was },
      { is: much, was },
    ]);
    assert.deepEqual(
      two.map(({ shown }) => shown),
      ["more", "more"],
      "by Bonferroni 0.039 would be above 0.025",
    );
    const five = testTogether([much, some, mixed, worse, some].map((is) => ({ is, was })));
    assert.deepEqual(
      five.map(({ shown }) => shown),
      ["more", "nothing", "nothing", "nothing", "nothing"],
    );
    assert.equal(testTogether([{ is: was, was: much }])[0]!.shown, "less");
  });

  it("are as unsure as a share that was never seen, where all clusters are alike", () => {
    const many = (value: number, count: number) => samples(Array.from({ length: count }, () => value));
    const [same] = testTogether([{ is: many(1, 60), was: many(1, 60) }]);
    close(same!.difference.high, 0.060171852142089886, 1e-8); // `proportion_confint(0, 60, method="wilson")`
    close(same!.p, 1);
    assert.equal(same!.shown, "nothing");
    const margin = (count: number) => testTogether([{ is: many(0, count), was: many(0, count), above: -0.05 }])[0]!;
    assert.equal(margin(30).shown, "nothing", "thirty problems that nobody solves do not show that nothing was lost");
    assert.equal(margin(120).shown, "more");
    close(margin(171).p, 0.0013498980316300933, 2e-7); // `norm.sf(3)`
    assert.equal(testTogether([{ is: many(1, 5), was: many(0, 5) }])[0]!.p, 0);
  });

  it("show nothing where there are too few clusters to tell", () => {
    const [one] = testTogether([{ is: [{ cluster: "a", value: 1 }], was: [{ cluster: "a", value: 0 }] }]);
    assert.deepEqual([one!.p, one!.shown], [1, "nothing"]);
    for (const above of [-2, 0, 2]) {
      const [alone] = testTogether([{ is: [{ cluster: "a", value: 1 }], was: [{ cluster: "a", value: 0 }], above }]);
      assert.deepEqual([alone!.p, alone!.shown], [1, "nothing"], `above ${above}`);
    }
  });
});
