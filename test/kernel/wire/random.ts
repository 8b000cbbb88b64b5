/** Repeatable whole numbers for the tests of garbled messages (xorshift32). */

/** A function that draws a whole number from 0 to `below` - 1. */
export function randomStream(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
