/**
 * What a cell finds by name, for the compiler: the kernel's functions and the interrupt-safe questions.
 * The functions themselves are in `kernel/display` and `kernel/session/user`.
 */

/** Something that was shown and can be shown anew, in place. */
interface DisplayHandle {
  readonly id: string;
  /** Shows another value in the same place. Many calls a second become ten at most; the last one is always shown. */
  update(value: unknown): Promise<void>;
}

/** A value that shows itself as rich output when it is a cell's last expression or given to `display`. */
interface Displayed {
  readonly [mimeTypes: symbol]: unknown;
}

/** A progress bar that updates in place. */
interface Progress {
  /** Says how much is done, and on what. */
  set(done: number, note?: string): void;
  /** Shows the end: how long it took. */
  finish(note?: string): Promise<void>;
}

/** Shows a value below the cell. The handle updates it in place. */
declare function display(value: unknown, options?: { id?: string }): Promise<DisplayHandle>;
/** HTML: html`<b>${text}</b>`. What is put in is escaped, unless it is html itself. */
declare function html(strings: TemplateStringsArray, ...values: unknown[]): Displayed;
/** Markdown: md`**bold**`. */
declare function md(strings: TemplateStringsArray, ...values: unknown[]): Displayed;
/** An SVG picture: svg`<svg …>…</svg>`. */
declare function svg(strings: TemplateStringsArray, ...values: unknown[]): Displayed;
/** A table of objects, a row each. */
declare function table(rows: readonly object[]): Displayed;
/** A plotly figure. */
declare function plot(figure: { data: readonly object[]; layout?: object; config?: object }): Displayed;
/** Makes a progress bar up to `total`. */
declare function progress(total: number, options?: { label?: string }): Progress;
/** Clears the cell's output; with `wait`, when the next output comes. */
declare function clear(options?: { wait?: boolean }): void;
/**
 * Asks the person at the notebook.
 * @param options `password`: hide what is typed; `default`: taken for an empty answer; `choices`: the only answers allowed
 */
declare function input(
  question?: string,
  options?: { password?: boolean; default?: string; choices?: readonly string[] },
): Promise<string>;
/** Asks and waits, without `await`. null when no answer can be given. */
declare function prompt(question?: string, fallback?: string): string | null;
/** Asks for yes or no and waits, without `await`. */
declare function confirm(question?: string): boolean;
