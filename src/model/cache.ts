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
  /** Positions that the memory of a row has which has seen `length` and is to see `more`; 0 for one that has seen none. */
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

/** Makes the memory of a decoder. */
export function createMemory({ layers, kvHeads, headWidth }: ModelConfig): Memory {
  const count = 2 * layers;
  /** Memory whose rows are gone, by its room: allocating it anew takes longer than a step. Two sizes at most. */
  const unused = new Map<number, Store>();
  const roomFor = (length: number) => Math.ceil(length / chunk) * chunk;

  const open = (slots: number, room: number): Store => {
    const known = unused.get(room);
    if (known && known.slots >= slots) {
      unused.delete(room);
      return known;
    }
    const size = slots * kvHeads * room * headWidth;
    return {
      slots,
      room,
      tensors: Array.from({ length: count }, () => new Float32Array(size)),
      valid: new Uint8Array(slots * room),
      owners: new Array<null>(slots).fill(null),
    };
  };
  const release = (past: RowPast): void => {
    const { store } = past;
    if (store === null) return;
    store.owners[past.slot] = null;
    past.store = null;
    if (store.owners.some((owner) => owner !== null)) return;
    const known = unused.get(store.room);
    const bytes = 4 * count * store.tensors[0]!.length;
    if (bytes > mostKept || (known && known.slots > store.slots)) return;
    unused.delete(store.room);
    unused.set(store.room, store);
    if (unused.size > 2) unused.delete(unused.keys().next().value!);
  };
  const storeOf = (past: RowPast): Store => {
    if (past.store === null) throw new Error("This past has been spent: what was computed after it goes on");
    return past.store;
  };
  /** Copies a row's positions, between stores or within one. */
  const copyRow = (from: Store, slot: number, to: Store, at: number, length: number): void => {
    for (const [i, tensor] of from.tensors.entries())
      for (let head = 0; head < kvHeads; head++) {
        const start = (slot * kvHeads + head) * from.room * headWidth;
        const part = tensor.subarray(start, start + length * headWidth);
        to.tensors[i]!.set(part, (at * kvHeads + head) * to.room * headWidth);
      }
    to.valid.fill(0, at * to.room, (at + 1) * to.room);
    to.valid.set(from.valid.subarray(slot * from.room, slot * from.room + length), at * to.room);
  };
  /** The store that most of the rows lie in already, if it is of that room and has no other rows. */
  const mostly = (pasts: readonly RowPast[], room: number, held: number): Store | null => {
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
  };

  /** Puts rows into the first slots of one store; gives it and their slots. */
  const settle = (pasts: readonly RowPast[], room: number, held: number): { store: Store; slots: number[] } => {
    const store = mostly(pasts, room, held) ?? open(Math.ceil(held / 8) * 8, room);
    const taken = new Set(pasts.filter((past) => past.store === store && past.slot < held).map(({ slot }) => slot));
    let next = 0;
    const slots = pasts.map((past) => {
      if (past.store === store && past.slot < held) return past.slot;
      while (taken.has(next)) next++;
      copyRow(storeOf(past), past.slot, store, next, past.length);
      return next++;
    });
    for (const past of pasts) release(past);
    if (unused.get(store.room) === store) unused.delete(store.room);
    return { store, slots };
  };

  return {
    roomOf: (length, more) => (length === 0 ? 0 : roomFor(length + more)),
    place(pasts, more, spend) {
      const held = Math.max(fewest, pasts.length);
      const known = pasts.filter((past): past is RowPast => past !== undefined);
      const fresh = known.length === 0;
      const room = roomFor(fresh ? more + 1 : known[0]!.length + more);
      let placed: { store: Store; slots: number[] };
      if (fresh) placed = { store: open(Math.ceil(held / 8) * 8, room), slots: pasts.map((_, i) => i) };
      else if (spend && new Set(known).size === known.length) placed = settle(known, room, held);
      else {
        const store = open(Math.ceil(held / 8) * 8, room);
        for (const [i, past] of known.entries()) copyRow(storeOf(past), past.slot, store, i, past.length);
        placed = { store, slots: known.map((_, i) => i) };
      }
      const { store, slots } = placed;
      const seenRoom = fresh ? 0 : room;
      const size = held * kvHeads * seenRoom * headWidth;
      if (fresh) for (const slot of slots) store.valid.fill(0, slot * room, (slot + 1) * room);
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
          let from = 0;
          const step = length * headWidth;
          const rowOf = new Map(slots.map((slot, row) => [slot, row]));
          for (const tensor of store.tensors)
            for (let slot = 0; slot < held; slot++) {
              const row = rowOf.get(slot);
              for (let head = 0; head < kvHeads; head++, from += step) {
                if (row === undefined) continue;
                const at = ((slot * kvHeads + head) * room + lengths[row]!) * headWidth;
                tensor.set(present.subarray(from, from + step), at);
              }
            }
          return slots.map((slot, row): Past => {
            let seen = real[row]!;
            for (let i = 0; i < length; i++) {
              const is = valid(row, i);
              store.valid[slot * room + lengths[row]! + i] = is ? 1 : 0;
              if (is) seen++;
            }
            const past: RowPast = {
              ...{ store, slot, length: lengths[row]! + length, real: seen },
              release: () => release(past),
            };
            store.owners[slot] = past;
            return past;
          });
        },
      };
    },
    alone(past) {
      const { slot, length } = past as RowPast;
      const { tensors, room } = storeOf(past as RowPast);
      return tensors.map((tensor) => {
        const result = new Float32Array(kvHeads * length * headWidth);
        for (let head = 0; head < kvHeads; head++) {
          const start = (slot * kvHeads + head) * room * headWidth;
          result.set(tensor.subarray(start, start + length * headWidth), head * length * headWidth);
        }
        return result;
      });
    },
  };
}
