/**
 * Keys and values that rows have seen, in plain memory that a step adds to in place: a step costs no copy of what is
 * there. A past is a value all the same: one that is continued twice, or of which some rows go on, is copied first.
 */

import type { ModelConfig, Past } from "./types.ts";

/** Rows' keys and values, key and value of each layer in turn: [rows, kvHeads, capacity, headWidth]. */
export interface Store {
  /** Rows in memory: never fewer than two, see `decoder.ts`. */
  readonly rows: number;
  readonly capacity: number;
  readonly tensors: readonly Float32Array[];
  /** Positions that are written. A past that is shorter has been continued by another. */
  filled: number;
}

/** A past of this decoder. */
export interface Cache extends Past {
  readonly store: Store;
}

type Shape = Pick<ModelConfig, "layers" | "kvHeads" | "headWidth">;

/** Memory grows by so many positions; those not written yet are hidden from attention. */
const chunk = 32;

/** Memory for rows that have seen nothing. */
export function emptyStore({ layers }: Shape, rows: number): Store {
  const tensors = Array.from({ length: 2 * layers }, () => new Float32Array(0));
  return { rows, capacity: 0, tensors, filled: 0 };
}

/** The memory of the given rows of a past, to be read and then added to; its own if they are all of them. */
export function storeOf(shape: Shape, { store, length }: Cache, rows: readonly number[]): Store {
  const all = rows.length === store.rows && rows.every((row, i) => row === i);
  return all && store.filled === length ? store : copied(shape, store, { rows, length, capacity: roomFor(length) });
}

/** Adds what a pass computed, `present` [layers * 2 * rows, kvHeads, length, headWidth]; gives the memory that holds it. */
export function appended(shape: Shape, store: Store, present: Float32Array, length: number): Store {
  const { kvHeads, headWidth } = shape;
  const at = store.filled;
  const capacity = roomFor(at + length);
  const rows = Array.from({ length: store.rows }, (_, i) => i);
  const into = capacity > store.capacity ? copied(shape, store, { rows, length: at, capacity }) : store;
  const size = length * headWidth;
  let from = 0;
  for (const tensor of into.tensors)
    for (let head = 0; head < store.rows * kvHeads; head++) {
      tensor.set(present.subarray(from, from + size), (head * into.capacity + at) * headWidth);
      from += size;
    }
  into.filled = at + length;
  return into;
}

/** One row's keys and values without room for more, [kvHeads, length, headWidth] each. */
export function onlyRow(shape: Shape, { store, length }: Cache, row: number): readonly Float32Array[] {
  const exact = copied(shape, store, { rows: [row], length, capacity: length });
  return exact.tensors;
}

function roomFor(length: number): number {
  return Math.ceil(length / chunk) * chunk;
}

function copied(
  { kvHeads, headWidth }: Shape,
  store: Store,
  { rows, length, capacity }: { rows: readonly number[]; length: number; capacity: number },
): Store {
  const tensors = store.tensors.map((tensor) => {
    const result = new Float32Array(rows.length * kvHeads * capacity * headWidth);
    for (const [i, row] of rows.entries())
      for (let head = 0; head < kvHeads; head++) {
        const from = (row * kvHeads + head) * store.capacity * headWidth;
        const part = tensor.subarray(from, from + length * headWidth);
        result.set(part, (i * kvHeads + head) * capacity * headWidth);
      }
    return result;
  });
  return { rows: rows.length, capacity, tensors, filled: length };
}
