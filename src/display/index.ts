/**
 * How objects of the library show themselves in a notebook: Deno's convention, `Symbol.for("Jupyter.display")`.
 * Our kernel and Deno's call it; anywhere else `toString` and `util.inspect` give the text. The library knows nothing
 * of the kernel, and the kernel nothing of the library: they meet at this symbol.
 */

/** The method that a front end calls to get a MIME bundle. */
export const displaySymbol: unique symbol = Symbol.for("Jupyter.display") as never;

/** MIME type to content: text for `text/*` and `image/svg+xml`, base64 for other images, an object for JSON types. */
export type MimeBundle = { [mimeType: string]: unknown };

/** An object that can show itself. */
export interface Displayable {
  [displaySymbol](): MimeBundle | Promise<MimeBundle>;
}

/**
 * The signal that a notebook's stop button aborts, where there is one: our kernel's `kernel.signal`. Long work of the
 * library waits with it unless it was given a signal.
 */
export function stopSignal(): AbortSignal | undefined {
  const signal = (globalThis as { kernel?: { signal?: unknown } }).kernel?.signal;
  return signal instanceof AbortSignal ? signal : undefined;
}

/**
 * A place in a notebook that values are shown in, each in the stead of the one before; null where there is no `display`
 * whose handles can be updated, as our kernel's.
 */
export function notebookPlace(): ((value: unknown) => Promise<void>) | null {
  const { display } = globalThis as { display?: unknown };
  if (typeof display !== "function") return null;
  let handle: Promise<{ update(value: unknown): Promise<void> }> | null = null;
  return async (value) => {
    if (handle !== null) return (await handle).update(value);
    handle = display(value) as NonNullable<typeof handle>;
    await handle;
  };
}

/** One row of a table: column name to value. */
export type Row = { [column: string]: string | number | boolean | null | undefined };

/**
 * Text of a guest or a model as a terminal may show it: its control characters become pictures (ESC is ␛), so that it
 * cannot colour, move over or retitle what stands around it. Line ends and tabs stay.
 */
export function visible(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(/[^\P{Cc}\n\t]/gu, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "␡" : "\ufffd";
  });
}

/** Escapes text for use in HTML, attributes included; control characters as {@link visible} shows them. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A bundle with an HTML table and its twin in aligned text. `caption` stands above both. */
export function tableBundle(rows: readonly Row[], options?: { caption?: string }): MimeBundle {
  return { "text/html": htmlTable(rows, options), "text/plain": textTable(rows, options) };
}

/** Rows as an HTML table: numbers right-aligned, everything escaped, no script, no style sheet. */
export function htmlTable(rows: readonly Row[], { caption }: { caption?: string } = {}): string {
  const columns = columnsOf(rows);
  const cell = (tag: string, value: Row[string]) =>
    `<${tag} style="text-align:${looksNumeric(value) ? "right" : "left"}">${escapeHtml(cellText(value))}</${tag}>`;
  const head = columns
    .map(
      (c) =>
        `<th style="text-align:${rows.every((row) => looksNumeric(row[c]) || row[c] == null) ? "right" : "left"}">${escapeHtml(c)}</th>`,
    )
    .join("");
  const body = rows.map((row) => `<tr>${columns.map((c) => cell("td", row[c])).join("")}</tr>`).join("");
  const title = caption === undefined ? "" : `<caption>${escapeHtml(caption)}</caption>`;
  return `<table>${title}<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

/** Rows as text in aligned columns, a line each: line ends and tabs in a cell are spaces. */
export function textTable(rows: readonly Row[], { caption }: { caption?: string } = {}): string {
  const columns = columnsOf(rows);
  const told = [columns.map(visible), ...rows.map((row) => columns.map((c) => cellText(row[c])))];
  const cells = told.map((line) => line.map((text) => text.replace(/[\n\t]+/g, " ")));
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  const isNumber = columns.map((c) => rows.every((row) => looksNumeric(row[c]) || row[c] == null));
  const lines = cells.map((line) =>
    line
      .map((text, i) => (isNumber[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
  return [...(caption === undefined ? [] : [visible(caption)]), ...lines].join("\n");
}

function columnsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

/** Numbers, and texts that are one with at most a unit sign or an interval: they are read from the right. */
function looksNumeric(value: Row[string]): boolean {
  return (
    typeof value === "number" ||
    (typeof value === "string" && /^[-+−]?[\d,]*\.?\d+ ?(%|ms|s)?(\u00a0\([^()]*\))?$/.test(value))
  );
}

function cellText(value: Row[string]): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return visible(String(value));
  return Number.isInteger(value) ? String(value) : value.toFixed(4);
}
