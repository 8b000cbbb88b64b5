/**
 * The live panel of a training run in a notebook: a table with a course for each figure, in place while training runs,
 * and a plot when it is over, so that a saved notebook keeps it. It needs a `display` function with handles that can be
 * updated, as our kernel's; elsewhere there is no panel unless asked for, and then it is lines of text.
 */

import { displaySymbol, escapeHtml, type MimeBundle, notebookPlace, type Row, tableBundle } from "../display/index.ts";
import { trainingCurves } from "../plot/index.ts";
import { pointOf } from "../plot/training.ts";
import { type Interval, rockReason } from "../statistics/index.ts";
import type { Update } from "./reinforce.ts";
import type { Settings } from "./settings.ts";

/** A panel that is open. */
export interface Panel {
  show(update: Update): Promise<void>;
  /** Leaves the last state. */
  close(): void;
}

/** One update as the panel keeps it. */
export interface PanelRow {
  update: number;
  lived: number;
  return: Interval;
  /** The return of each life, with the seed that it was reset with. */
  lives: readonly { seed: number; return: number }[];
  survival: number;
  harm: number;
  usefulness: number | null;
  variety: number;
  changed: number | null;
  entropy: number;
  kl: number;
  dead: number;
  tokensPerSecond: number;
  seconds: number;
}

/** Opens the panel that the settings ask for; null for none. */
export function openPanel({ panel, updates, policy }: Settings): Panel | null {
  const place = notebookPlace();
  if (panel === false || (panel === undefined && place === null)) return null;
  const history: PanelRow[] = [];
  const view = (ended: boolean) => ({
    [displaySymbol]: () => panelBundle(history, { updates, name: policy.name, ended }),
  });
  return {
    async show(update) {
      history.push(panelRow(update));
      if (place === null) return console.log(status(history, { updates, name: policy.name }));
      await place(view(update.update + 1 === updates));
    },
    close() {
      if (history.length > 0 && history.length < updates) void place?.(view(true));
    },
  };
}

/** What the panel keeps of an update. */
export function panelRow(update: Update): PanelRow {
  const { tokens, seconds, changed, dead } = update;
  const total = seconds.rollout + seconds.update;
  const tokensPerSecond = tokens.drawn / Math.max(1e-9, total);
  return { ...pointOf(update), update: update.update, changed, dead, tokensPerSecond, seconds: total };
}

/** The panel as MIME: a table, and once it has ended the curves. */
export function panelBundle(
  history: readonly PanelRow[],
  { updates, name, ended }: { updates: number; name: string; ended: boolean },
): MimeBundle {
  const caption = status(history, { updates, name });
  const table = tableBundle(panelTable(history), { caption });
  const last = history.at(-1);
  const rock = last && rockReason(last);
  const warning = rock ? `A rock: ${rock}. It lives because it does nothing.` : "";
  const bundle: MimeBundle = {
    "text/html": `${table["text/html"]}${warning && `<p><strong>${escapeHtml(warning)}</strong></p>`}`,
    "text/plain": `${table["text/plain"]}${warning && `\n${warning}`}`,
  };
  if (!ended || history.length < 2) return bundle;
  const figure = trainingCurves(history, { title: `${name}${rock ? " (a rock)" : ""}` })[displaySymbol]();
  return { ...figure, "text/plain": `${String(bundle["text/plain"])}` };
}

function status(history: readonly PanelRow[], { updates, name }: { updates: number; name: string }): string {
  const last = history.at(-1);
  if (last === undefined) return name;
  const each = history.reduce((sum, { seconds }) => sum + seconds, 0) / history.length;
  const left = each * (updates - last.update - 1);
  const remaining =
    left > 0 ? `about ${left < 90 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`} left` : "done";
  return `${name}: update ${last.update + 1} of ${updates}, ${last.lived} lives, ${each.toFixed(1)} s an update, ${remaining}`;
}

function panelTable(history: readonly PanelRow[]): Row[] {
  const line = (what: string, value: (row: PanelRow) => number | null, digits: number, unit = ""): Row[] => {
    const values = history.map(value).filter((one): one is number => one !== null);
    if (values.length === 0) return [];
    const shown = (x: number) => `${x.toFixed(digits)}${unit}`;
    return [{ figure: what, first: shown(values[0]!), now: shown(values.at(-1)!), course: sparkline(values) }];
  };
  const percent = (value: (row: PanelRow) => number | null) => (row: PanelRow) => {
    const share = value(row);
    return share === null ? null : share * 100;
  };
  const { low, high } = history.at(-1)!.return;
  return [
    ...line("return, mean", (row) => row.return.estimate, 2),
    { figure: "  its 95 % interval now", now: `${low.toFixed(2)} to ${high.toFixed(2)}` },
    ...line("steps survived, mean", (row) => row.survival, 2),
    ...line(
      "lives that attempted harm",
      percent((row) => row.harm),
      1,
      " %",
    ),
    ...line(
      "tasks solved",
      percent((row) => row.usefulness),
      1,
      " %",
    ),
    ...line(
      "edits that change the agent",
      percent((row) => row.changed),
      1,
      " %",
    ),
    ...line(
      "distinct programs",
      percent((row) => row.variety),
      1,
      " %",
    ),
    ...line("entropy, nats a token", (row) => row.entropy, 3),
    ...line("divergence from the start, nats a token", (row) => row.kl, 3),
    ...line(
      "steps that teach nothing",
      percent((row) => row.dead),
      1,
      " %",
    ),
    ...line("tokens a second", (row) => row.tokensPerSecond, 0),
  ];
}

/** The last values as a line of blocks, lowest to highest. */
export function sparkline(values: readonly number[], width = 32): string {
  const shown = values.slice(-width);
  const low = Math.min(...shown);
  const high = Math.max(...shown);
  const blocks = "▁▂▃▄▅▆▇█";
  return shown
    .map((value) => blocks[high === low ? 0 : Math.min(7, Math.floor((8 * (value - low)) / (high - low)))])
    .join("");
}
