/**
 * The KV cache: keys and values of the positions that rows have seen, in plain memory that a step adds to in place. Rows of any
 * age lie side by side where their caches have one capacity, which depends on a row's own length alone. A cache that is donated
 * gives its place to what comes after it; others are copied, and stay what they are.
 */

import type { KVCache, ModelConfig } from "./types.ts";

/** The caches of some rows: key and value of each layer in turn, [slots, kvHeads, capacity, headWidth]. */
interface Store {
  readonly slots: number;
  /** Positions of each row. */
  readonly capacity: number;
  readonly tensors: readonly Float32Array[];
  /** 1 where a position is written and real. Shape [slots, capacity]. */
  readonly valid: Uint8Array;
  readonly owners: (RowCache | null)[];
}

/** A row's KV cache: where it lies. */
interface RowCache extends KVCache {
  /** Null when it was donated or released. */
  store: Store | null;
  slot: number;
  /** Positions without pads. */
  readonly real: number;
}

/** Where rows lie for one pass: row i in `slots[i]`, all of them below `held`. */
export interface Placed {
  readonly held: number;
  readonly slots: readonly number[];
  /** Memory to be read: of the rows' earlier positions, [held, kvHeads, seenCapacity, headWidth]. */
  readonly tensors: readonly Float32Array[];
  readonly seenCapacity: number;
  /** Which of these are real, [held, seenCapacity]; and how many of each row are. */
  readonly valid: Uint8Array;
  readonly real: readonly number[];
  /** Adds what a pass computed for the rows held, `present` [layers * 2 * held, kvHeads, length, headWidth]. */
  append(present: Float32Array, length: number, valid: (row: number, i: number) => boolean): KVCache[];
}

/** The caches of a decoder's rows. */
export interface CachePool {
  /**
   * The capacity, in positions, of a row's cache. The row has seen `length` and is about to see `more`; 0 for a row that
   * has seen none, which has no cache yet.
   */
  capacityOf(length: number, more: number): number;
  /** Makes place for rows that are to see `more` positions. `caches` are of one capacity; undefined for rows at their start. */
  place(caches: readonly (KVCache | undefined)[], more: number, donate: boolean): Placed;
  /** One row's keys and values alone, [kvHeads, length, headWidth] each. */
  alone(cache: KVCache): Float32Array[];
}

/** A cache's capacity grows by so many positions. */
const chunk = 64;
/** Memory of more bytes is not kept for later rows. */
const mostKept = 2 ** 28;
/** Never fewer rows than this in a pass: a single one takes another code path, whose sums differ in the last bit. */
const fewest = 2;

interface PoolState {
  /** Tensors of a store: a key and a value for each layer. */
  readonly tensors: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  /** Stores whose rows are gone, by their capacity: allocating one anew takes longer than a step. Two sizes at most. */
  readonly unused: Map<number, Store>;
}

/** Makes the pool of a decoder's caches. */
export function createCachePool({ layers, kvHeads, headWidth }: ModelConfig): CachePool {
  const state: PoolState = { tensors: 2 * layers, kvHeads, headWidth, unused: new Map() };
  return {
    capacityOf: (length, more) => (length === 0 ? 0 : capacityFor(length + more)),
    place: (caches, more, donate) => place(state, caches, { more, donate }),
    alone: (cache) => alone(state, cache as RowCache),
  };
}

function capacityFor(length: number): number {
  return Math.ceil(length / chunk) * chunk;
}

/** Memory for at least `held` rows, taken anew or from what is unused. A single row stays small: many prompts may begin with it. */
function open({ tensors, kvHeads, headWidth, unused }: PoolState, held: number, capacity: number): Store {
  const slots = held <= fewest ? fewest : Math.ceil(held / 8) * 8;
  const known = unused.get(capacity);
  if (known && known.slots >= slots) {
    unused.delete(capacity);
    return known;
  }
  const size = slots * kvHeads * capacity * headWidth;
  return {
    slots,
    capacity,
    tensors: Array.from({ length: tensors }, () => new Float32Array(size)),
    valid: new Uint8Array(slots * capacity),
    owners: new Array<null>(slots).fill(null),
  };
}

/** Gives a row's cache back; a store whose last row it was is kept for later rows. */
function release({ unused }: PoolState, cache: RowCache): void {
  const { store } = cache;
  if (store === null) return;
  store.owners[cache.slot] = null;
  cache.store = null;
  if (store.owners.some((owner) => owner !== null)) return;
  const known = unused.get(store.capacity);
  const bytes = 4 * store.tensors.length * store.tensors[0]!.length;
  if (bytes > mostKept || (known && known.slots > store.slots)) return;
  unused.delete(store.capacity);
  unused.set(store.capacity, store);
  if (unused.size > 2) unused.delete(unused.keys().next().value!);
}

function storeOf(cache: RowCache): Store {
  if (cache.store === null) throw new Error("This KV cache was donated: what was computed after it goes on");
  return cache.store;
}

/** Copies a row's positions into a slot of another store, or of its own. */
function copyRow({ kvHeads, headWidth }: PoolState, cache: RowCache, to: Store, at: number): void {
  const { slot, length } = cache;
  const from = storeOf(cache);
  for (const [i, tensor] of from.tensors.entries())
    for (let head = 0; head < kvHeads; head++) {
      const start = (slot * kvHeads + head) * from.capacity * headWidth;
      const part = tensor.subarray(start, start + length * headWidth);
      to.tensors[i]!.set(part, (at * kvHeads + head) * to.capacity * headWidth);
    }
  to.valid.fill(0, at * to.capacity, (at + 1) * to.capacity);
  to.valid.set(from.valid.subarray(slot * from.capacity, slot * from.capacity + length), at * to.capacity);
}

/** The store that most of the rows lie in already, if it is of that capacity and has no other rows. */
function mostly(caches: readonly RowCache[], capacity: number, held: number): Store | null {
  const rows = new Map<Store, number>();
  for (const cache of new Set(caches)) {
    const store = storeOf(cache);
    rows.set(store, (rows.get(store) ?? 0) + 1);
  }
  const fit = [...rows].filter(
    ([store, own]) =>
      store.capacity === capacity &&
      store.slots >= held &&
      store.owners.filter((owner) => owner !== null).length === own,
  );
  return fit.sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

/** Where rows lie in one store. */
interface Lodged {
  store: Store;
  slots: number[];
}

/** Moves rows into the first slots of one store. Of a cache that several rows begin with, the first takes the place, the others copies. */
function settle(state: PoolState, caches: readonly RowCache[], capacity: number, held: number): Lodged {
  const store = mostly(caches, capacity, held) ?? open(state, held, capacity);
  const staying = new Set(caches.filter((cache) => cache.store === store && cache.slot < held));
  const taken = new Set([...staying].map(({ slot }) => slot));
  let next = 0;
  const slots = caches.map((cache) => {
    if (staying.delete(cache)) return cache.slot;
    while (taken.has(next)) next++;
    copyRow(state, cache, store, next);
    return next++;
  });
  for (const cache of caches) release(state, cache);
  if (state.unused.get(store.capacity) === store) state.unused.delete(store.capacity);
  return { store, slots };
}

/** Copies rows into the first slots of a new store. */
function copied(state: PoolState, caches: readonly RowCache[], capacity: number, held: number): Lodged {
  const store = open(state, held, capacity);
  for (const [i, cache] of caches.entries()) copyRow(state, cache, store, i);
  return { store, slots: caches.map((_, i) => i) };
}

/** Slots for rows that have seen nothing. */
function unseen(state: PoolState, rows: number, capacity: number, held: number): Lodged {
  const store = open(state, held, capacity);
  const slots = Array.from({ length: rows }, (_, i) => i);
  for (const slot of slots) store.valid.fill(0, slot * capacity, (slot + 1) * capacity);
  return { store, slots };
}

function place(
  state: PoolState,
  caches: readonly (KVCache | undefined)[],
  { more, donate }: { more: number; donate: boolean },
): Placed {
  const held = Math.max(fewest, caches.length);
  const known = caches.filter((cache): cache is RowCache => cache !== undefined);
  const isFresh = known.length === 0;
  const capacity = capacityFor(isFresh ? more + 1 : known[0]!.length + more);
  const { store, slots } = isFresh
    ? unseen(state, caches.length, capacity, held)
    : donate
      ? settle(state, known, capacity, held)
      : copied(state, known, capacity, held);
  const seenCapacity = isFresh ? 0 : capacity;
  const size = held * state.kvHeads * seenCapacity * state.headWidth;
  const lengths = caches.map((cache) => cache?.length ?? 0);
  const real = caches.map((cache) => (cache as RowCache | undefined)?.real ?? 0);
  return {
    held,
    slots,
    tensors: store.tensors.map((tensor) => tensor.subarray(0, size)),
    seenCapacity,
    valid: store.valid.subarray(0, held * seenCapacity),
    real,
    append(present, length, valid) {
      write(state, present, { store, slots, held, lengths, length });
      return slots.map((slot, row) => {
        const at = slot * capacity + lengths[row]!;
        let seen = real[row]!;
        for (let i = 0; i < length; i++) {
          const is = valid(row, i);
          store.valid[at + i] = is ? 1 : 0;
          if (is) seen++;
        }
        return own(state, { store, slot, length: lengths[row]! + length, real: seen });
      });
    },
  };
}

/** Writes what a pass computed, `present` [layers * 2 * held, kvHeads, length, headWidth], behind what each row has seen. */
function write(
  { kvHeads, headWidth }: PoolState,
  present: Float32Array,
  { store, slots, held, lengths, length }: Lodged & { held: number; lengths: readonly number[]; length: number },
): void {
  const step = length * headWidth;
  const rowOf = new Map(slots.map((slot, row) => [slot, row]));
  let from = 0;
  for (const tensor of store.tensors)
    for (let slot = 0; slot < held; slot++) {
      const row = rowOf.get(slot);
      for (let head = 0; head < kvHeads; head++, from += step) {
        if (row === undefined) continue;
        const at = ((slot * kvHeads + head) * store.capacity + lengths[row]!) * headWidth;
        tensor.set(present.subarray(from, from + step), at);
      }
    }
}

/** A cache that owns its slot. */
function own(
  state: PoolState,
  { store, slot, length, real }: { store: Store; slot: number; length: number; real: number },
): KVCache {
  const cache: RowCache = { store, slot, length, real, release: () => release(state, cache) };
  store.owners[slot] = cache;
  return cache;
}

function alone({ kvHeads, headWidth }: PoolState, cache: RowCache): Float32Array[] {
  const { slot, length } = cache;
  const { tensors, capacity } = storeOf(cache);
  return tensors.map((tensor) => {
    const result = new Float32Array(kvHeads * length * headWidth);
    for (let head = 0; head < kvHeads; head++) {
      const start = (slot * kvHeads + head) * capacity * headWidth;
      result.set(tensor.subarray(start, start + length * headWidth), head * length * headWidth);
    }
    return result;
  });
}
