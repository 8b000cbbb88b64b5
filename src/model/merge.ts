/**
 * Byte-pair merges of a single long word: of all neighbours that make a token together those of the lowest rank become one, the
 * leftmost first, until none are left. A heap of the neighbours gives that in n log n steps, where a search for each
 * merge takes n squared: a word of a million letters is done in a second or two and not in a quarter of an hour.
 */

/** Merges by the bytes of each token, whose id is its rank; every single byte must have one. */
export function createMerger(
  bytesOf: readonly (readonly number[] | undefined)[],
): (word: Uint8Array<ArrayBufferLike>) => number[] {
  const ranks = new Map<string, number>();
  let longest = 1;
  for (const [rank, bytes] of bytesOf.entries()) {
    if (bytes === undefined) continue;
    ranks.set(String.fromCharCode(...bytes), rank);
    longest = Math.max(longest, bytes.length);
  }
  return (word) => {
    const { length } = word;
    const letters = Buffer.from(word.buffer, word.byteOffset, length).toString("latin1");
    // A part is named by where it begins. `pairs` has the rank of it and the next together, -1 where they are no token.
    const ends = Uint32Array.from({ length }, (_, i) => i + 1);
    const before = Int32Array.from({ length }, (_, i) => i - 1);
    const pairs = new Int32Array(length).fill(-1);
    const heap = createHeap();
    const look = (at: number): void => {
      const next = ends[at]!;
      const end = next < length ? ends[next]! : Number.POSITIVE_INFINITY;
      pairs[at] = end - at > longest ? -1 : (ranks.get(letters.slice(at, end)) ?? -1);
      if (pairs[at] >= 0) heap.push(pairs[at] * length + at);
    };
    for (let at = 0; at < length; at++) look(at);
    for (let least = heap.pop(); least !== undefined; least = heap.pop()) {
      const at = least % length;
      if (pairs[at] !== (least - at) / length) continue; // one of the two has been merged with another
      const next = ends[at]!;
      ends[at] = ends[next]!;
      pairs[next] = -1;
      if (ends[at] < length) before[ends[at]] = at;
      look(at);
      if (at > 0) look(before[at]!);
    }
    const ids: number[] = [];
    for (let at = 0; at < length; at = ends[at]!) ids.push(ranks.get(letters.slice(at, ends[at]))!);
    return ids;
  };
}

/** Numbers of which the least comes out first. */
function createHeap(): { push(value: number): void; pop(): number | undefined } {
  const values: number[] = [];
  return {
    push(value) {
      let at = values.length;
      for (; at > 0; at = (at - 1) >> 1) {
        const above = values[(at - 1) >> 1]!;
        if (above <= value) break;
        values[at] = above;
      }
      values[at] = value;
    },
    pop() {
      const least = values[0];
      const value = values.pop();
      if (value === undefined || values.length === 0) return least;
      let at = 0;
      for (let child = 1; child < values.length; child = 2 * at + 1) {
        if (child + 1 < values.length && values[child + 1]! < values[child]!) child++;
        if (values[child]! >= value) break;
        values[at] = values[child]!;
        at = child;
      }
      values[at] = value;
      return least;
    },
  };
}
