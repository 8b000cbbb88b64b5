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
/**
 * A plotly figure. With an `id` it is shown at once, and the next one of that id takes its place: ten times a second at most,
 * the latest state always.
 */
declare function plot(
  figure: { data: readonly object[]; layout?: object; config?: object },
  options?: { id?: string },
): Displayed;
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

/** Something that a reader moves. Its value may be set by code too: every view of it follows. */
interface Control<T> {
  value: T;
  readonly label: string;
  /** Calls back with each new value, whoever set it. Returns a function that ends it. */
  onChange(callback: (value: T) => unknown): () => void;
}
/** A slider, from 0 to 1 unless told: a cell's last expression shows it. */
declare function slider(
  label: string,
  options?: { min?: number; max?: number; step?: number; value?: number },
): Control<number>;
/** One of several options, the first unless told. */
declare function choice<const T extends string>(
  label: string,
  options: readonly T[],
  chosen?: { value?: T },
): Control<T>;
/** A button; its value counts how often it was pressed. */
declare function button(label: string, onPress?: (presses: number) => unknown): Control<number>;
/** Shows controls and, below them, what is computed of their values: anew with each move. */
declare function readout<const C extends readonly Control<unknown>[]>(
  controls: C,
  compute: (...values: { -readonly [K in keyof C]: C[K] extends Control<infer T> ? T : never }) => unknown,
): Promise<void>;

/** What is said over a comm. */
interface CommMessage {
  data: unknown;
  metadata?: object;
  buffers?: Uint8Array[];
}
/** A two-way channel to code in the front end. */
interface Comm {
  readonly id: string;
  readonly target: string;
  send(data: object, options?: { buffers?: Uint8Array[]; metadata?: object }): void;
  onMessage(callback: (message: CommMessage) => unknown): void;
  onClose(callback: (message: CommMessage) => unknown): void;
  close(data?: object): void;
}
/** Channels to code in the front end, opened from either side. */
declare const comms: {
  open(target: string, data?: object, options?: { buffers?: Uint8Array[]; metadata?: object }): Comm;
  onOpen(target: string, callback: (comm: Comm, opening: CommMessage) => unknown): void;
};
/** The kernel, for code that waits: `signal` is aborted when this cell is interrupted. */
declare const kernel: { readonly signal: AbortSignal | undefined };

/** Notebooks written for the kernel tslab run here: this is its display interface, given by this kernel. */
declare module "tslab" {
  /** Shows content of one MIME type. */
  export interface Display {
    javascript(code: string): void;
    html(source: string): void;
    markdown(source: string): void;
    latex(source: string): void;
    svg(source: string): void;
    png(image: Uint8Array): void;
    jpeg(image: Uint8Array): void;
    gif(image: Uint8Array): void;
    pdf(document: Uint8Array): void;
    text(text: string): void;
    /** Any MIME type; bytes are sent as base64. */
    raw(mimeType: string, content: string | Uint8Array | object): void;
  }
  /** Shows content, each time anew. */
  export const display: Display;
  /** A place of its own: what it shows first appears, what it shows later takes that place. */
  export function newDisplay(): Display;
  /** Versions of what runs the notebook. `tslab` is the version whose interface this is. */
  export const versions: { readonly tslab: string; readonly typescript: string; readonly node: string };
}
