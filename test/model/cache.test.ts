/** The memory of rows: what each has seen stays its own, whoever lies beside it, and as little as may be is moved. */

import assert from "node:assert/strict";
import { createCachePool } from "../../src/model/cache.ts";
import type { KVCache, ModelConfig } from "../../src/model/types.ts";

const [kvHeads, headWidth, layers] = [2, 3, 2];
const open = () => createCachePool({ layers, kvHeads, headWidth } as ModelConfig);
type Pool = ReturnType<typeof open>;

/** Runs a pass over rows, each of which sees `length` positions of its own number; what they lie in, and their caches. */
function pass(
  pool: Pool,
  caches: readonly (KVCache | undefined)[],
  { numbers, length, donate = true }: { numbers: readonly number[]; length: number; donate?: boolean },
) {
  const placed = pool.place(caches, length, donate);
  const rowOf = new Map(placed.slots.map((slot, row) => [slot, row]));
  const each = kvHeads * length * headWidth;
  const present = Float32Array.from({ length: 2 * layers * placed.held * each }, (_, i) => {
    const row = rowOf.get(Math.floor(i / each) % placed.held);
    return row === undefined ? Number.NaN : numbers[row]!;
  });
  return { caches: placed.append(present, length, () => true), memory: placed.tensors[0]!.buffer, placed };
}

const fresh = (count: number): undefined[] => new Array(count).fill(undefined);
/** What a row has seen, position by position, the same in each layer and head. */
const seenBy = (pool: Pool, cache: KVCache): number[] => {
  const tensors = pool.alone(cache);
  assert.equal(tensors.length, 2 * layers);
  const [first] = tensors.map((tensor) => {
    const of = Array.from({ length: cache.length }, (_, at) => tensor[at * headWidth]!);
    const all = Array.from({ length: kvHeads }, () => of.flatMap((value) => [value, value, value])).flat();
    assert.deepEqual([...tensor], all);
    return of;
  });
  return first!;
};

describe("the caches of rows", () => {
  it("have what each row has seen, in its order, when some go on, some leave and others come", () => {
    const pool = open();
    const first = pass(pool, fresh(3), { numbers: [1, 2, 3], length: 2 }).caches;
    const second = pass(pool, fresh(1), { numbers: [4], length: 2 }).caches;
    first[1]!.release();
    const all = [second[0]!, first[2]!, first[0]!];
    const { caches, placed } = pass(pool, all, { numbers: [40, 30, 10], length: 1 });
    assert.deepEqual(
      caches.map((cache) => seenBy(pool, cache)),
      [
        [4, 4, 40],
        [3, 3, 30],
        [1, 1, 10],
      ],
    );
    assert.ok(placed.slots.every((slot) => slot < placed.held));
    assert.throws(() => pool.alone(all[0]!), { message: /^This KV cache was donated: / });
  });

  it("stay where most of the rows lie, whichever is named first, and what is in no other's way is not moved", () => {
    for (const order of ["few first", "many first"]) {
      const pool = open();
      const many = pass(pool, fresh(5), { numbers: [1, 2, 3, 4, 5], length: 2 });
      const few = pass(pool, fresh(3), { numbers: [6, 7, 8], length: 2 });
      const all = order === "few first" ? [...few.caches, ...many.caches] : [...many.caches, ...few.caches];
      const numbers = all.map((cache) => seenBy(pool, cache)[0]!);
      const { caches, memory } = pass(pool, all, { numbers, length: 1 });
      assert.equal(memory, many.memory, order);
      assert.deepEqual(
        caches.map((cache) => seenBy(pool, cache)),
        numbers.map((one) => [one, one, one]),
      );
    }
  });

  it("give back the memory of two lengths for later rows, of those that were asked for last", () => {
    const pool = open();
    const used = (length: number): unknown => {
      const { caches, memory } = pass(pool, fresh(2), { numbers: [1, 2], length });
      for (const cache of caches) cache.release();
      return memory;
    };
    const [short, long] = [used(60), used(120)];
    assert.deepEqual([used(120) === long, used(60) === short], [true, true]);
    used(180); // the third: 120 goes, which was not asked for as long
    assert.equal(used(60), short);
    assert.notEqual(used(120), long);
    // Two of one length at a time: the later that is given back takes the other's place, and counts as asked for last.
    const both = [1, 2].map(() => pass(pool, fresh(2), { numbers: [1, 2], length: 250 }));
    for (const cache of both[0]!.caches) cache.release();
    used(310);
    for (const cache of both[1]!.caches) cache.release();
    used(370); // 310 goes
    assert.equal(used(250), both[1]!.memory);
  });

  it("are copied where they are not donated, and stay what they are", () => {
    const pool = open();
    const { caches, memory } = pass(pool, fresh(2), { numbers: [1, 2], length: 2 });
    const [kept] = caches as [KVCache];
    const copies = pass(pool, [kept, kept], { numbers: [8, 9], length: 1, donate: false });
    assert.notEqual(copies.memory, memory);
    assert.deepEqual(
      copies.caches.map((cache) => seenBy(pool, cache)),
      [
        [1, 1, 8],
        [1, 1, 9],
      ],
    );
    assert.deepEqual(seenBy(pool, kept), [1, 1]);
    const shared = pass(pool, [kept, kept], { numbers: [6, 7], length: 1 });
    assert.deepEqual(
      shared.caches.map((cache) => seenBy(pool, cache)),
      [
        [1, 1, 6],
        [1, 1, 7],
      ],
    );
  });

  it("grow by 64 positions, and give their memory to later rows of as many when the last has left", () => {
    const pool = open();
    assert.deepEqual(
      [pool.capacityOf(0, 9), pool.capacityOf(1, 63), pool.capacityOf(1, 64), pool.capacityOf(64, 1)],
      [0, 64, 128, 128],
    );
    const first = pass(pool, fresh(3), { numbers: [1, 2, 3], length: 2 });
    for (const cache of first.caches.slice(1)) cache.release();
    const beside = pass(pool, fresh(3), { numbers: [4, 5, 6], length: 2 });
    assert.notEqual(beside.memory, first.memory, "one is still there");
    first.caches[0]!.release();
    first.caches[0]!.release();
    const later = pass(pool, fresh(3), { numbers: [7, 8, 9], length: 2 });
    assert.equal(later.memory, first.memory);
    assert.deepEqual(
      [...later.caches, ...beside.caches].map((cache) => seenBy(pool, cache)[0]),
      [7, 8, 9, 4, 5, 6],
    );
  });

  it("know pads, which are positions and not real", () => {
    const pool = open();
    const placed = pool.place(fresh(2), 3, true);
    const caches = placed.append(new Float32Array(2 * layers * 2 * kvHeads * 3 * headWidth), 3, (row, i) => i >= row);
    const next = pool.place(caches, 1, true);
    assert.deepEqual(next.real, [3, 2]);
    const valid = (row: number) => [...next.valid.subarray(row * next.seenCapacity, row * next.seenCapacity + 4)];
    assert.deepEqual(next.slots.map(valid), [
      [1, 1, 1, 0],
      [0, 1, 1, 0],
    ]);
  });
});
