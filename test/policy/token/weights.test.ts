/** The numbers that an adapter learns: what they are at the start, how they are read, and of what shape none is made. */

import assert from "node:assert/strict";
import { adaptedMatrices } from "../../../src/model/index.ts";
import { createAdapter } from "../../../src/policy/token/adapter/weights.ts";
import { prepareBackend } from "../../../src/training/index.ts";
import { toyDecoder } from "./toy.ts";

const { config } = toyDecoder({ width: 8 });
const matrices = adaptedMatrices(config);
const made = { blocks: 2, rank: 3, scale: 2, seed: 1 };

describe("the numbers of an adapter", () => {
  // The backend whose tensors give out their own memory.
  before(() => prepareBackend({ backend: "cpu" }));

  it("are a pair for each matrix of each block: A drawn with the variance 1 / from, B zero", async () => {
    const wide = toyDecoder({ width: 128 }).config;
    const { blocks, rank, scale, variables, numbers, pairs, dispose } = createAdapter(wide, { ...made, rank: 64 });
    assert.deepEqual([blocks, rank, scale, variables.length], [2, 64, 2, 2 * 2 * adaptedMatrices(wide).length]);
    const both = [...adaptedMatrices(wide), ...adaptedMatrices(wide)];
    const read = (await numbers()).pairs;
    for (const [i, { from, to }] of both.entries()) {
      const { A, B, scale } = pairs()[i]!;
      assert.deepEqual([A.shape, B.shape, scale], [[from, 64], [64, to], 2]);
      assert.deepEqual([A, B], [variables[2 * i], variables[2 * i + 1]]);
      const drawn = read[i]!.A;
      assert.ok(read[i]!.B.every((value) => value === 0));
      const sum = (of: (value: number) => number) => drawn.reduce((all, value) => all + of(value), 0);
      const count = from * 64;
      assert.ok(Math.abs(sum((value) => value)) < 4 * Math.sqrt(count / from), "their mean is 0");
      const spread = (sum((value) => value ** 2) / count) * from;
      assert.ok(Math.abs(spread - 1) < 4 * Math.sqrt(2 / count), `${spread} times the variance`);
    }
    dispose();
  });

  it("are those of their seed, another pair's others", async () => {
    const numbersOf = async (seed: number) => {
      const adapter = createAdapter(config, { ...made, seed });
      const { pairs } = await adapter.numbers();
      adapter.dispose();
      return pairs.map(({ A }) => A.join());
    };
    const [one, again, two] = [await numbersOf(1), await numbersOf(1), await numbersOf(2)];
    assert.deepEqual(one, again);
    assert.equal(new Set([...one, ...two]).size, 4 * matrices.length);
  });

  it("are read with the scale in B alone, as copies, and gone when they are disposed", async () => {
    const adapter = createAdapter(config, { ...made, scale: -0.5 });
    const [first] = adapter.variables.slice(1);
    first!.assign(first!.add(3));
    const [plain, scaled] = [await adapter.numbers(), await adapter.read()];
    assert.equal(plain.pairs[0]!.rank, 3);
    assert.ok(plain.pairs[0]!.B.every((value) => value === 3) && scaled.pairs[0]!.B.every((value) => value === -1.5));
    assert.deepEqual(plain.pairs[0]!.A, scaled.pairs[0]!.A);
    const before = plain.pairs[0]!.A.slice();
    plain.pairs[0]!.A.fill(9);
    for (const { pairs } of [await adapter.numbers(), scaled]) assert.deepEqual(pairs[0]!.A, before);
    adapter.dispose();
    assert.ok(adapter.variables.every(({ isDisposed }) => isDisposed));
  });

  it("are of a rank up to the smallest matrix, times a number other than 0", () => {
    const smallest = Math.min(...matrices.flatMap(({ from, to }) => [from, to]));
    for (const rank of [1, smallest]) createAdapter(config, { ...made, rank }).dispose();
    for (const rank of [0, -1, 1.5, smallest + 1, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => createAdapter(config, { ...made, rank }), {
        name: "RangeError",
        message: `Expected the adapter's \`rank\` to be from 1 to ${smallest}, the model's smallest matrix, got ${rank}`,
      });
    for (const scale of [1e-9, -2]) createAdapter(config, { ...made, scale }).dispose();
    for (const scale of [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      assert.throws(() => createAdapter(config, { ...made, scale }), {
        name: "RangeError",
        message: `Expected the adapter's \`scale\` to be a number other than 0, got ${scale}`,
      });
  });
});
