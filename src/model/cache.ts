/**
 * Keys and values that rows have seen, in plain memory that a step adds to in place. Rows of any age lie side by side where
 * their memory is of one size, which depends on a row's own length alone. A past that is spent gives its place to what comes
 * after it; others are copied, and stay what they are.
 */

import type { ModelConfig, Past } from "./types.ts";

/** Memory for some rows: key and value of each layer in turn, [slots, kvHeads, room, headWidth]. */
interface Store {
  readonly slots: number;
  /** Positions of each row. */
  readonly room: number;
  readonly tensors: readonly Float32Array[];
  /** 1 where a position is written and real. Shape [slots, room]. */
  readonly valid: Uint8Array;
  readonly owners: (RowPast | null)[];
}

/** A row's past: where it lies. */
interface RowPast extends Past {
  /** Null when it was spent or released. */
  store: Store | null;
  slot: number;
  /** Positions without pads. */
  readonly real: number;
}

/** Where rows lie for one pass: row i in `slots[i]`, all of them below `held`. */
export interface Placed {
  readonly held: number;
  readonly slots: readonly number[];
  /** Memory to be read: of the rows' earlier positions, [held, kvHeads, seenRoom, headWidth]. */
  readonly tensors: readonly Float32Array[];
  readonly seenRoom: number;
  /** Which of these are real, [held, seenRoom]; and how many of each row are. */
  readonly valid: Uint8Array;
  readonly real: readonly number[];
  /** Adds what a pass computed for the rows held, `present` [layers * 2 * held, kvHeads, length, headWidth]. */
  append(present: Float32Array, length: number, valid: (row: number, i: number) => boolean): Past[];
}

/** The memory of a decoder's rows. */
export interface Memory {
  /**
   * How many positions the memory of a row is made for. The row has seen `length` and is about to see `more`; 0 for a row that
   * has seen none, which has no memory yet.
   */
  roomOf(length: number, more: number): number;
  /** Makes room for rows that are to see `more` positions. `pasts` are of one room; undefined for rows at their start. */
  place(pasts: readonly (Past | undefined)[], more: number, spend: boolean): Placed;
  /** One row's keys and values alone, [kvHeads, length, headWidth] each. */
  alone(past: Past): Float32Array[];
}

/** Memory grows by so many positions. */
const chunk = 64;
/** Memory of more bytes is not kept for later rows. */
const mostKept = 2 ** 28;
/** Never fewer rows than this in a pass: a single one takes another code path, whose sums differ in the last bit. */
const fewest = 2;

interface MemoryState {
  /** Tensors of a store: a key and a value for each layer. */
  readonly tensors: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  /** Memory whose rows are gone, by its room: allocating it anew takes longer than a step. Two sizes at most. */
  readonly unused: Map<number, Store>;
}

/** Makes the memory of a decoder. */
export function createMemory({ layers, kvHeads, headWidth }: ModelConfig): Memory {
  const state: MemoryState = { tensors: 2 * layers, kvHeads, headWidth, unused: new Map() };
  return {
    roomOf: (length, more) => (length === 0 ? 0 : roomFor(length + more)),
    place: (pasts, more, spend) => place(state, pasts, { more, spend }),
    alone: (past) => alone(state, past as RowPast),
  };
}

function roomFor(length: number): number {
  return Math.ceil(length / chunk) * chunk;
}

/** Memory for at least `held` rows, taken anew or from what is unused. */
function open({ tensors, kvHeads, headWidth, unused }: MemoryState, held: number, room: number): Store {
  const slots = Math.ceil(held / 8) * 8;
  const known = unused.get(room);
  if (known && known.slots >= slots) {
    unused.delete(room);
    return known;
  }
  const size = slots * kvHeads * room * headWidth;
  return {
    slots,
    room,
    tensors: Array.from({ length: tensors }, () => new Float32Array(size)),
    valid: new Uint8Array(slots * room),
    owners: new Array<null>(slots).fill(null),
  };
}

/** Gives a row's memory back; a store whose last row it was is kept for later rows. */
function release({ unused }: MemoryState, past: RowPast): void {
  const { store } = past;
  if (store === null) return;
  store.owners[past.slot] = null;
  past.store = null;
  if (store.owners.some((owner) => owner !== null)) return;
  const known = unused.get(store.room);
  const bytes = 4 * store.tensors.length * store.tensors[0]!.length;
  if (bytes > mostKept || (known && known.slots > store.slots)) return;
  unused.delete(store.room);
  unused.set(store.room, store);
  if (unused.size > 2) unused.delete(unused.keys().next().value!);
}

function storeOf(past: RowPast): Store {
  if (past.store === null) throw new Error("This past has been spent: what was computed after it goes on");
  return past.store;
}

/** Copies a row's positions into a slot of another store, or of its own. */
function copyRow({ kvHeads, headWidth }: MemoryState, past: RowPast, to: Store, at: number): void {
  const { slot, length } = past;
  const from = storeOf(past);
  for (const [i, tensor] of from.tensors.entries())
    for (let head = 0; head < kvHeads; head++) {
      const start = (slot * kvHeads + head) * from.room * headWidth;
      const part = tensor.subarray(start, start + length * headWidth);
      to.tensors[i]!.set(part, (at * kvHeads + head) * to.room * headWidth);
    }
  to.valid.fill(0, at * to.room, (at + 1) * to.room);
  to.valid.set(from.valid.subarray(slot * from.room, slot * from.room + length), at * to.room);
}

/** The store that most of the rows lie in already, if it is of that room and has no other rows. */
function mostly(pasts: readonly RowPast[], room: number, held: number): Store | null {
  const rows = new Map<Store, number>();
  for (const past of pasts) {
    const store = storeOf(past);
    rows.set(store, (rows.get(store) ?? 0) + 1);
  }
  const fit = [...rows].filter(
    ([store, own]) =>
      store.room === room && store.slots >= held && store.owners.filter((owner) => owner !== null).length === own,
  );
  return fit.sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

/** Where rows lie in one store. */
interface Lodged {
  store: Store;
  slots: number[];
}

/** Moves rows into the first slots of one store. */
function settle(state: MemoryState, pasts: readonly RowPast[], room: number, held: number): Lodged {
  const store = mostly(pasts, room, held) ?? open(state, held, room);
  const taken = new Set(pasts.filter((past) => past.store === store && past.slot < held).map(({ slot }) => slot));
  let next = 0;
  const slots = pasts.map((past) => {
    if (past.store === store && past.slot < held) return past.slot;
    while (taken.has(next)) next++;
    copyRow(state, past, store, next);
    return next++;
  });
  for (const past of pasts) release(state, past);
  if (state.unused.get(store.room) === store) state.unused.delete(store.room);
  return { store, slots };
}

/** Copies rows into the first slots of a new store. */
function copied(state: MemoryState, pasts: readonly RowPast[], room: number, held: number): Lodged {
  const store = open(state, held, room);
  for (const [i, past] of pasts.entries()) copyRow(state, past, store, i);
  return { store, slots: pasts.map((_, i) => i) };
}

/** Slots for rows that have seen nothing. */
function unseen(state: MemoryState, rows: number, room: number, held: number): Lodged {
  const store = open(state, held, room);
  const slots = Array.from({ length: rows }, (_, i) => i);
  for (const slot of slots) store.valid.fill(0, slot * room, (slot + 1) * room);
  return { store, slots };
}

function place(
  state: MemoryState,
  pasts: readonly (Past | undefined)[],
  { more, spend }: { more: number; spend: boolean },
): Placed {
  const held = Math.max(fewest, pasts.length);
  const known = pasts.filter((past): past is RowPast => past !== undefined);
  const isFresh = known.length === 0;
  const room = roomFor(isFresh ? more + 1 : known[0]!.length + more);
  const inPlace = spend && new Set(known).size === known.length;
  const { store, slots } = isFresh
    ? unseen(state, pasts.length, room, held)
    : inPlace
      ? settle(state, known, room, held)
      : copied(state, known, room, held);
  const seenRoom = isFresh ? 0 : room;
  const size = held * state.kvHeads * seenRoom * state.headWidth;
  const lengths = pasts.map((past) => past?.length ?? 0);
  const real = pasts.map((past) => (past as RowPast | undefined)?.real ?? 0);
  return {
    held,
    slots,
    tensors: store.tensors.map((tensor) => tensor.subarray(0, size)),
    seenRoom,
    valid: store.valid.subarray(0, held * seenRoom),
    real,
    append(present, length, valid) {
      write(state, present, { store, slots, held, lengths, length });
      return slots.map((slot, row) => {
        const at = slot * room + lengths[row]!;
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
  { kvHeads, headWidth }: MemoryState,
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
        const at = ((slot * kvHeads + head) * store.room + lengths[row]!) * headWidth;
        tensor.set(present.subarray(from, from + step), at);
      }
    }
}

/** A past that owns its slot. */
function own(
  state: MemoryState,
  { store, slot, length, real }: { store: Store; slot: number; length: number; real: number },
): Past {
  const past: RowPast = { store, slot, length, real, release: () => release(state, past) };
  store.owners[slot] = past;
  return past;
}

function alone({ kvHeads, headWidth }: MemoryState, past: RowPast): Float32Array[] {
  const { slot, length } = past;
  const { tensors, room } = storeOf(past);
  return tensors.map((tensor) => {
    const result = new Float32Array(kvHeads * length * headWidth);
    for (let head = 0; head < kvHeads; head++) {
      const start = (slot * kvHeads + head) * room * headWidth;
      result.set(tensor.subarray(start, start + length * headWidth), head * length * headWidth);
    }
    return result;
  });
}
