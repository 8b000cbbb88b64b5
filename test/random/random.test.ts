import assert from "node:assert/strict";
import { createRandom, shuffled } from "../../src/random/index.ts";

describe("random streams", () => {
  it("are the same on every machine, to the last bit: numbers of sfc32 as Python computes them", () => {
    const draw = <T>(count: number, next: () => T): T[] => Array.from({ length: count }, next);
    const { uniform } = createRandom(7, "episode", 3);
    assert.deepEqual(draw(3, uniform), [0.6589346764553484, 0.7611424512102337, 0.8917351559584233]);
    assert.deepEqual(draw(2, createRandom("a").uniform), [0.107233206753924, 0.31038430919286064]);
    const named = () => createRandom(7, "n");
    const normals = draw(2, named().normal);
    for (const [i, expected] of [0.27611482743428634, 0.1819076600210859].entries())
      assert.ok(Math.abs(normals[i]! - expected) < 1e-12, `${normals[i]}`);
    const { integer } = named();
    assert.deepEqual(
      draw(8, () => integer(10)),
      [3, 2, 2, 2, 1, 8, 7, 6],
    );
    assert.deepEqual(shuffled([0, 1, 2, 3, 4, 5, 6, 7], named()), [7, 4, 2, 0, 5, 6, 1, 3]);
  });

  it("give the same numbers for the same seed and path, and others for any other", () => {
    const draw = (...path: (string | number)[]) => {
      const random = createRandom(7, ...path);
      return Array.from({ length: 8 }, () => random.uniform());
    };
    assert.deepEqual(draw("a", 1), draw("a", 1));
    const all = [draw("a", 1), draw("a", "1"), draw("a1"), draw("a", 2), draw(), draw("a", 1, "")];
    assert.equal(new Set(all.map(String)).size, all.length);
  });

  it("are uniform: mean, variance and a chi-square over 100 bins of 100,000 draws", () => {
    const random = createRandom("uniformity");
    const draws = Array.from({ length: 100_000 }, () => random.uniform());
    const mean = draws.reduce((a, b) => a + b) / draws.length;
    const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length;
    assert.ok(Math.abs(mean - 1 / 2) < 0.004, `mean ${mean}`);
    assert.ok(Math.abs(variance - 1 / 12) < 0.001, `variance ${variance}`);
    const bins = new Array(100).fill(0);
    for (const x of draws) bins[Math.floor(x * 100)]++;
    const chi2 = bins.reduce((a, n) => a + (n - 1000) ** 2 / 1000, 0);
    assert.ok(chi2 > 55 && chi2 < 160, `chi-square ${chi2} with 99 degrees of freedom`);
  });

  it("leave a parent untouched when a child is drawn from", () => {
    const one = createRandom(1);
    const two = createRandom(1);
    two.child("x").uniform();
    assert.equal(one.uniform(), two.uniform());
    assert.deepEqual(two.child("x", 2).path, [1, "x", 2]);
  });

  it("draw categories in proportion, never one of weight zero", () => {
    const random = createRandom(3, "categories");
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 40_000; i++) counts[random.categorical([1, 0, 3, 0])]!++;
    assert.equal(counts[1], 0);
    assert.equal(counts[3], 0);
    assert.ok(Math.abs(counts[0]! / 40_000 - 0.25) < 0.01, `share ${counts[0]! / 40_000}`);
  });

  it("draw categories in proportion, whatever the weights add up to", () => {
    const random = createRandom(4, "categories");
    for (const most of [1e308, Number.MAX_VALUE, 1e-300]) {
      const counts = [0, 0, 0, 0];
      for (let i = 0; i < 4000; i++) counts[random.categorical([most, 0, most, most])]!++;
      assert.equal(counts[1], 0);
      for (const i of [0, 2, 3]) assert.ok(Math.abs(counts[i]! / 4000 - 1 / 3) < 0.04, `${most}: ${counts}`);
    }
  });

  it("refuse what cannot be drawn from, naming it", () => {
    const random = createRandom(1);
    assert.throws(() => random.integer(0), /positive integer, got 0/);
    assert.throws(() => random.choice([]), /non-empty list/);
    assert.throws(() => random.categorical([0, 0]), /at least one of 2 weights/);
    assert.throws(() => random.categorical([1, Number.NaN]), /weight 1 to be a finite number of at least 0, got NaN/);
  });
});
