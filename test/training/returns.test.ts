import assert from "node:assert/strict";
import { displaySymbol } from "../../src/display/index.ts";
import { advantages, returns } from "../../src/training/returns.ts";

const fixed = (values: readonly number[]): string[] => values.map((value) => value.toFixed(4));
const text = (value: object): string =>
  (value as { [displaySymbol](): { "text/plain": string } })[displaySymbol]()["text/plain"];

describe("returns", () => {
  it("are the paper's four for its episode", () => {
    const G = returns([1, 1, 1, -1000], { gamma: 0.99 });
    assert.deepEqual(fixed(G), ["-967.3289", "-978.1100", "-989.0000", "-1000.0000"]);
  });

  it("equal the sum over future rewards written out, for any rewards and gamma", () => {
    const rewards = [0.5, -2, 3, 0, 7.25];
    for (const gamma of [0, 0.3, 0.9, 1]) {
      const expected = rewards.map((_, t) => rewards.slice(t).reduce((sum, r, k) => sum + gamma ** k * r, 0));
      for (const [t, value] of returns(rewards, { gamma }).entries())
        assert.ok(Math.abs(value - expected[t]!) < 1e-12, `gamma ${gamma}, step ${t}: ${value}`);
    }
  });

  it("are a plain list that shows itself as a table", () => {
    const G = returns([1, 2], { gamma: 0.5 });
    assert.deepEqual(G, [2, 2]);
    assert.deepEqual([...G], [2, 2]);
    assert.equal(text(G), "step  reward  return\n   0       1  2.0000\n   1       2  2.0000");
  });

  it("refuse what has no return, naming it", () => {
    assert.throws(() => returns([]), { message: "Expected at least one reward, got an empty list" });
    assert.throws(() => returns([1, Number.NaN]), {
      message: "Expected every reward to be a finite number, got NaN at step 1",
    });
    assert.throws(() => returns([1], { gamma: 1.5 }), { message: "Expected gamma to be between 0 and 1, got 1.5" });
  });
});

describe("advantages", () => {
  const G = returns([1, 1, 1, -1000], { gamma: 0.99 });

  it("with a mean baseline are the paper episode's +16.2808 +5.4997 -5.3903 -16.3903", () => {
    assert.deepEqual(fixed(advantages(G)), ["16.2808", "5.4997", "-5.3903", "-16.3903"]);
    assert.match(text(advantages(G)), /\+16\.2808/);
    const signs = text(advantages([1, 3, 2]))
      .split("\n")
      .map((line) => line.trim().split(/ +/).at(-1));
    assert.deepEqual(signs, ["advantage", "-1.0000", "+1.0000", "0.0000"], "what is no gain has no plus");
  });

  it("show a sign in front of what is more than nothing, or less", () => {
    const shown = text(advantages([2, 3, 1], { baseline: () => 2 }))
      .split("\n")
      .slice(1);
    assert.deepEqual(
      shown.map((line) => line.trim().split(/\s+/).at(-1)),
      ["0.0000", "+1.0000", "-1.0000"],
    );
  });

  it("with leave-one-out are n/(n-1) times those with the mean", () => {
    const mean = advantages(G, { baseline: "mean" });
    for (const [t, value] of advantages(G, { baseline: "leave-one-out" }).entries())
      assert.ok(Math.abs(value - (4 / 3) * mean[t]!) < 1e-9, `step ${t}: ${value}`);
  });

  it("take no baseline, or a function of one's own", () => {
    assert.deepEqual([...advantages([1, 2], { baseline: "none" })], [1, 2]);
    assert.deepEqual([...advantages([1, 2], { baseline: (_, step) => step })], [1, 1]);
    assert.throws(() => advantages([1], { baseline: "median" as never }), {
      message: 'Unknown baseline "median": use none, mean or leave-one-out',
    });
    assert.throws(() => advantages([1, 2], { baseline: (all, step) => all[step + 1]! }), {
      message: "Expected every baseline to be a finite number, got undefined at step 1",
    });
  });
});
