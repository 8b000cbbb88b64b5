/**
 * A table as CSV (RFC 4180): a line of names, then a line a row. What holds a comma, a quote or a line break stands in
 * quotes. Nothing at all is null, and `""` the empty text; nested values are JSON text. Lone surrogates become U+FFFD.
 */

/** Lines of text, each with its end, of rows that all have these columns. */
export function* csvLines(
  columns: readonly string[],
  rows: Iterable<{ readonly [column: string]: unknown }>,
): Generator<string> {
  yield `${columns.map(field).join(",")}\n`;
  for (const row of rows) yield `${columns.map((name) => field(row[name])).join(",")}\n`;
}

function field(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = (typeof value === "object" ? JSON.stringify(value) : String(value)).toWellFormed();
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
