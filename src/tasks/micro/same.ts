/** Whether a value that came out of an agent is the one that was expected. */

/**
 * Deeply equal as JSON data. Numbers may differ by what rounding makes of two right ways to compute them (a relative 1e-9),
 * and a negative zero is a zero.
 */
export function isSame(value: unknown, expected: unknown): boolean {
  if (typeof value === "number" && typeof expected === "number")
    return value === expected || Math.abs(value - expected) <= 1e-9 * Math.min(Math.abs(value), Math.abs(expected));
  if (Array.isArray(value) || Array.isArray(expected))
    return (
      Array.isArray(value) &&
      Array.isArray(expected) &&
      value.length === expected.length &&
      value.every((item, i) => isSame(item, expected[i]))
    );
  if (!isObject(value) || !isObject(expected)) return value === expected;
  const keys = Object.keys(expected);
  return (
    Object.keys(value).length === keys.length &&
    keys.every((key) => Object.hasOwn(value, key) && isSame(value[key], expected[key]))
  );
}

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === "object" && value !== null;
}
