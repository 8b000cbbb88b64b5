/** Whether what a program gave is what was expected. Both are plain data; the comparison is the host's own. */

/** Sums in another order differ in their last digits: a number may be off by this share of itself. */
const tolerance = 1e-9;

/** Compares by value. 0 and -0 are the same number, and so are two whose difference is one of rounding. */
export function isSameData(got: unknown, expected: unknown): boolean {
  if (typeof got === "number" && typeof expected === "number") return isSameNumber(got, expected);
  if (typeof got !== "object" || typeof expected !== "object" || got === null || expected === null)
    return got === expected;
  if (Array.isArray(got) !== Array.isArray(expected)) return false;
  const keys = Object.keys(expected);
  if (Object.keys(got).length !== keys.length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(got, key) &&
      isSameData((got as { [key: string]: unknown })[key], (expected as { [key: string]: unknown })[key]),
  );
}

function isSameNumber(got: number, expected: number): boolean {
  if (got === expected) return true;
  if (Number.isInteger(got) && Number.isInteger(expected)) return false;
  return Math.abs(got - expected) <= tolerance * Math.max(Math.abs(got), Math.abs(expected));
}
