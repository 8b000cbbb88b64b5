/**
 * Seeded random streams. Every draw in the library comes from a stream that is named by a seed and a path, so that the
 * numbers do not depend on how the work was split over workers or in which order it ran.
 *
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand), state filled by FNV-1a over the path and mixed by murmur3's
 * finaliser. Not for cryptography.
 */

/** One stream of random numbers. Same seed and path, same numbers, on every machine. */
export interface Random {
  /** The path that names this stream, for records and error messages. */
  readonly path: readonly (string | number)[];
  /** A float in [0, 1) with 53 random bits. */
  uniform(): number;
  /** An integer in [0, bound). Throws a RangeError unless bound is a positive safe integer. */
  integer(bound: number): number;
  /** One element of a non-empty list. */
  choice<T>(items: readonly T[]): T;
  /** An index drawn with the given weights (non-negative, finite, not all zero; they need not sum to 1). */
  categorical(weights: ArrayLike<number>): number;
  /** A standard normal draw (Box-Muller, one value per call). */
  normal(): number;
  /** A stream of its own, named by a longer path; drawing from it leaves this one untouched. */
  child(...path: (string | number)[]): Random;
}

/** Opens the stream named by `seed` and `path`. */
export function createRandom(seed: number | string, ...path: (string | number)[]): Random {
  const name = [seed, ...path];
  const next = sfc32(name);
  const uniform = (): number => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  return {
    path: name,
    uniform,
    integer(bound) {
      if (!Number.isSafeInteger(bound) || bound <= 0)
        throw new RangeError(`Expected the bound of a random integer to be a positive integer, got ${bound}`);
      return Math.floor(uniform() * bound);
    },
    choice(items) {
      if (items.length === 0) throw new RangeError("Expected a non-empty list to choose from, got an empty one");
      return items[Math.floor(uniform() * items.length)]!;
    },
    categorical: (weights) => drawCategorical(weights, uniform()),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    child: (...more) => createRandom(seed, ...path, ...more),
  };
}

/** A list in a drawn order. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}

function drawCategorical(weights: ArrayLike<number>, at: number): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0) || weight === Infinity)
      throw new RangeError(`Expected weight ${i} to be a finite number of at least 0, got ${weight}`);
    total += weight;
  }
  if (total === 0) throw new RangeError(`Expected at least one of ${weights.length} weights to be above 0`);
  // Weights near the largest number there is: their shares are the same of smaller ones.
  if (total === Infinity)
    return drawCategorical(
      Float64Array.from(weights, (weight) => weight / weights.length),
      at,
    );
  let left = at * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    left -= weights[i]!;
    if (left < 0) return i;
  }
  return last; // rounding at the upper end
}

function sfc32(name: readonly (string | number)[]): () => number {
  // A length and a type before each part keep ["a", "b"] and ["ab"], 1 and "1" apart.
  const text = name.map((part) => `${typeof part}${String(part).length}:${part}`).join("|");
  const word = (salt: number): number => {
    let h = 0x811c9dc5 ^ salt;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) | 0;
  };
  let a = word(0x9e3779b9);
  let b = word(0x7f4a7c15);
  let c = word(0x94d049bb);
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}
