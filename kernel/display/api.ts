/** What a cell calls to show things: display, html, md, svg, table, plot, progress, clear, controls and comms. */

import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { checkOptions, type Entries } from "../common/options.ts";
import { asJson, displaySymbol, escapeHtml, type MimeBundle, toBundle } from "./bundle.ts";
import { type Bind, createComms, type ReceivedComm } from "./comms.ts";
import { createControls } from "./controls.ts";
import { createPlaces } from "./places.ts";
import { createProgress } from "./progress.ts";
import type { DisplayHandle, OutMessage, Show } from "./types.ts";

/** A value that shows itself. */
interface SelfShown {
  [displaySymbol](): MimeBundle;
}

const withId: Entries = (v) => ({ id: v.optional(v.string("a text")) });

/** The user side of display. */
export interface Display {
  /** The functions that a cell finds by name. */
  globals: { [name: string]: unknown };
  /** Sends what waits for its turn: called before anything else is sent, and at the end of a cell. */
  settle(): void;
  /** Whether a value was shown already where it stands: a figure with an id, or what `display` gives. */
  isPlaced(value: unknown): boolean;
  /** A comm message from a front end. */
  receive(message: ReceivedComm): Promise<void>;
}

/**
 * Makes the functions on a door to the front ends; a message given with a run belongs to that, else to what runs. `bind`
 * keeps a callback with the cell that gives it; `runNow` tells which run of a cell the code belongs to.
 */
export function createDisplay(
  publish: (message: OutMessage, run?: number | null) => void,
  bind: Bind = (callback) => callback,
  runNow: () => number | null = () => null,
): Display {
  const places = createPlaces((content, run) => publish({ type: "update_display_data", content }, run), runNow);
  /** Figures with an id, which were shown when they were made, and the handles of what was shown. */
  const placed = new WeakMap<object, DisplayHandle>();
  const figures = new Map<string, { handle: DisplayHandle; runs: Set<number | null> }>();

  const show: Show = async (value, options = {}) => {
    const { id = randomUUID() as string } = options;
    const own = placed.get(value as object);
    if (own !== undefined) return own;
    await places.inTurn(id, toBundle(value), ({ data, metadata }) =>
      publish({ type: "display_data", content: { data, metadata, transient: { display_id: id } } }),
    );
    return handle(id);
  };
  const handle = (id: string): DisplayHandle => {
    const own: DisplayHandle = {
      id,
      update: (value) => places.inTurn(id, toBundle(value), (state) => places.put(id, state)),
    };
    placed.set(own, own); // a cell that ends in `display(...)` shows nothing twice
    return own;
  };

  /** The first of a run is shown anew, since a cell that is run again has lost its output; those after it take its place. */
  const plot = (figure: PlotlyFigure, options: { id?: string } = {}): object => {
    checkOptions("plot", options, withId);
    const { id } = options;
    const value = plotOf(figure);
    if (id === undefined) return value;
    const data = asJson(value[displaySymbol]());
    const known = figures.get(id) ?? { handle: handle(id), runs: new Set() };
    figures.set(id, known);
    if (known.runs.has(runNow())) places.put(id, { data, metadata: {} });
    else {
      known.runs.add(runNow());
      publish({ type: "display_data", content: { data, metadata: {}, transient: { display_id: id, live: true } } });
    }
    placed.set(value, known.handle);
    return value;
  };

  const comms = createComms(publish, bind);
  const clear = (options: { wait?: boolean } = {}): void => {
    checkOptions("clear", options, (v) => ({ wait: v.optional(v.boolean("true or false")) }));
    publish({ type: "clear_output", content: { wait: options.wait ?? false } });
  };
  return {
    globals: {
      display(value: unknown, options: { id?: string } = {}) {
        checkOptions("display", options, withId);
        return show(value, options);
      },
      html: tag("text/html", escapeHtml),
      md: tag("text/markdown"),
      svg: tag("image/svg+xml", escapeHtml),
      table: (rows: readonly object[]) => tableOf(rows),
      plot,
      progress: createProgress(show),
      clear,
      ...createControls(comms, show, bind),
      comms: { open: comms.open, onOpen: comms.onOpen },
    },
    settle: places.settle,
    isPlaced: (value) => placed.has(value as object),
    receive: (message) => comms.receive(message),
  };
}

/** A value that shows itself as the given bundle. */
function shown(bundle: MimeBundle): SelfShown {
  return { [displaySymbol]: () => bundle, [inspect.custom]: () => String(bundle["text/plain"] ?? "") } as SelfShown;
}

function showsItself(value: unknown): value is SelfShown {
  return typeof (value as Partial<SelfShown> | null | undefined)?.[displaySymbol] === "function";
}

/**
 * A template tag: html`<b>${text}</b>`. What is put in goes in as it is where it shows itself in the tag's own form, and a list of
 * such one after the other; all else, and what shows itself otherwise, as escaped text.
 */
function tag(mimeType: string, encode: (text: string) => string = (text) => text) {
  const put = (value: unknown): string => {
    if (Array.isArray(value) && value.some(showsItself)) return value.map(put).join("");
    const own = showsItself(value) ? value[displaySymbol]() : {};
    return String(own[mimeType] ?? encode(String(own["text/plain"] ?? value)));
  };
  return (strings: TemplateStringsArray, ...values: unknown[]): object => {
    const text = strings.raw.reduce((all, part, i) => `${all}${put(values[i - 1])}${part}`);
    return shown({ [mimeType]: text, "text/plain": mimeType === "text/html" ? plainOf(text) : text });
  };
}

/** What is to be read of HTML: no tags, and what `escapeHtml` escaped as it was. */
function plainOf(html: string): string {
  return html.replace(/<[^>]*>/g, "").replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

/** A plotly figure: `data` and `layout`. */
interface PlotlyFigure {
  data: object[];
  layout?: object;
  config?: object;
}

function plotOf(figure: PlotlyFigure): SelfShown {
  if (!Array.isArray(figure?.data))
    throw new TypeError(`plot() takes a plotly figure, { data: [...], layout: {...} }, got ${inspect(figure)}`);
  const { data, layout = {}, config } = figure;
  const title = (layout as { title?: { text?: string } | string }).title;
  const name = typeof title === "string" ? title : (title?.text ?? "plotly figure");
  return shown({ "application/vnd.plotly.v1+json": { data, layout, ...(config && { config }) }, "text/plain": name });
}

function tableOf(rows: readonly object[]): object {
  const wrong = Array.isArray(rows) ? rows.find((row) => typeof row !== "object" || row === null) : rows;
  if (!Array.isArray(rows) || rows.includes(wrong))
    throw new TypeError(`table() takes a list of objects, one a row, got ${inspect(wrong)}`);
  const list = rows as readonly { [column: string]: unknown }[];
  const columns = [...new Set(list.flatMap((row) => Object.keys(row)))];
  const text = (value: unknown): string =>
    value === undefined || value === null ? "" : typeof value === "object" ? inspect(value) : String(value);
  const cell = (name: string, value: unknown): string =>
    `<${name} style="text-align:${typeof value === "number" ? "right" : "left"}">${escapeHtml(text(value))}</${name}>`;
  const head = columns.map((column) => cell("th", column)).join("");
  const body = list.map((row) => `<tr>${columns.map((c) => cell("td", row[c])).join("")}</tr>`).join("");
  const widths = columns.map((c) => list.reduce((most, row) => Math.max(most, text(row[c]).length), c.length));
  const line = (values: string[]): string =>
    values
      .map((v, i) => v.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  const plain = [line(columns), ...list.map((row) => line(columns.map((c) => text(row[c]))))].join("\n");
  return shown({
    "text/html": `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`,
    "text/plain": plain,
  });
}
