/** A figure with its interval, as tables show both. */

/** The estimate, then both ends with a space and a dash that do not break, so that it stays on one line. */
export function withInterval(
  { estimate, low, high }: { estimate: number; low: number; high: number },
  text: (value: number) => string,
): string {
  return `${text(estimate)}\u00a0(${text(low)}\u2060–\u2060${text(high)})`;
}
