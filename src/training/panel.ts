/**
 * The live panel of a training run in a notebook: a table with a course for each figure, in place while training runs,
 * and a plot when it is over, so that a saved notebook keeps it. It needs a `display` function with handles that can be
 * updated, as our kernel's; elsewhere there is no panel unless asked for, and then it is lines of text.
 */

import { displaySymbol, escapeHtml, type MimeBundle, notebookPlace, type Row, tableBundle } from "../display/index.ts";
import { estimateOf, metricTable, shownFigure } from "../episode/index.ts";
import { type TrainingPoint, trainingCurves, trainingPoint } from "../plot/index.ts";
import type { Settings } from "./options.ts";
import type { Update, Validation } from "./types.ts";

/** A panel that is open. */
export interface Panel {
  show(update: Update): Promise<void>;
  /** Leaves the last state. */
  close(): void;
}

/** One update as the panel keeps it: its figures, and none of its episodes. */
export interface PanelRow extends TrainingPoint {
  update: number;
  zeroAdvantages: number;
  /** Groups left out because all of them earned the same. */
  alike: number;
  /** What lives on other tasks were worth so far; null where the training is not validated. */
  validation: Validation | null;
  tokensPerSecond: number;
  seconds: number;
}

/** Where the model runs, where that is not the processor. */
function placeOf({ runsOn }: Pick<Settings["policy"], "runsOn">): string {
  return runsOn === undefined || runsOn.provider === "cpu" ? "" : ` on ${runsOn.device} (${runsOn.provider})`;
}

/** Opens the panel that the settings ask for; null for none. */
export function openPanel({ panel, updates, policy }: Settings): Panel | null {
  const place = notebookPlace();
  if (panel === false || (panel === undefined && place === null)) return null;
  const history: PanelRow[] = [];
  const name = policy.name + placeOf(policy);
  const view = (ended: boolean) => ({
    [displaySymbol]: () => panelBundle(history, { updates, name, ended }),
  });
  return {
    async show(update) {
      history.push(panelRow(update));
      if (place === null) return console.log(status(history, { updates, name }));
      await place(view(update.update + 1 === updates));
    },
    close() {
      if (history.length > 0 && history.length < updates) void place?.(view(true));
    },
  };
}

/** What the panel keeps of an update. */
export function panelRow(update: Update): PanelRow {
  const { tokens, seconds, zeroAdvantages, masked, validation } = update;
  const total = seconds.rollout + seconds.update;
  return {
    ...trainingPoint(update),
    ...{ update: update.update, zeroAdvantages, alike: masked.alike, validation, seconds: total },
    tokensPerSecond: tokens.drawn / Math.max(1e-9, total),
  };
}

/** The panel as MIME: a table, and once it has ended the curves. */
export function panelBundle(
  history: readonly PanelRow[],
  { updates, name, ended }: { updates: number; name: string; ended: boolean },
): MimeBundle {
  const caption = status(history, { updates, name });
  const table = tableBundle(panelTable(history), { caption });
  const { degenerate } = history.at(-1)!;
  const warning = degenerate ? `Degenerate: ${degenerate}. It lives because it does nothing.` : "";
  const bundle: MimeBundle = {
    "text/html": `${table["text/html"]}${warning && `<p><strong>${escapeHtml(warning)}</strong></p>`}`,
    "text/plain": `${table["text/plain"]}${warning && `\n${warning}`}`,
  };
  if (!ended || history.length < 2) return bundle;
  const figure = trainingCurves(history, { title: `${name}${degenerate ? " (degenerate)" : ""}` })[displaySymbol]();
  return { ...figure, "text/plain": `${String(bundle["text/plain"])}` };
}

function status(history: readonly PanelRow[], { updates, name }: { updates: number; name: string }): string {
  const last = history.at(-1)!;
  const each = history.reduce((sum, { seconds }) => sum + seconds, 0) / history.length;
  const left = each * (updates - last.update - 1);
  const remaining =
    left > 0 ? `about ${left < 90 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`} left` : "done";
  return `${name}: update ${last.update + 1} of ${updates}, ${last.episodesSoFar} episodes, ${each.toFixed(1)} s an update, ${remaining}`;
}

/** A row a metric, then what is known of the update besides its episodes. */
function panelTable(history: readonly PanelRow[]): Row[] {
  const line = (figure: string, values: readonly (number | null)[], shown: (value: number) => string): Row[] => {
    const told = values.filter((one): one is number => one !== null);
    if (told.length === 0) return [];
    return [{ figure, first: shown(told[0]!), now: shown(told.at(-1)!), course: sparkline(told) }];
  };
  const of = (figure: string, value: (row: PanelRow) => number, shown: (value: number) => string) =>
    line(figure, history.map(value), shown);
  const metrics = metricTable().flatMap(([name, { label, unit, detail }]) => {
    if (detail) return [];
    const now = history.at(-1)!.figures[name];
    const rows = line(
      label,
      history.map(({ figures }) => estimateOf(figures[name] ?? null)),
      (value) => shownFigure(value, unit),
    );
    if (rows.length === 0 || typeof now !== "object" || now === null) return rows;
    const ends = [now.low, now.high].map((end) => shownFigure(end, unit));
    return [...rows, { figure: "  its 95 % interval now", now: ends.join(" to ") }];
  });
  return [
    ...metrics,
    ...validationRows(history.at(-1)!.validation, line),
    ...of(
      "divergence from the start, nats a token",
      ({ kl }) => kl,
      (value) => value.toFixed(3),
    ),
    ...of(
      "steps that teach nothing",
      ({ zeroAdvantages }) => zeroAdvantages,
      (value) => shownFigure(value, "share"),
    ),
    ...(history.some(({ alike }) => alike > 0)
      ? of(
          "groups left out, all alike",
          ({ alike }) => alike,
          (value) => value.toFixed(0),
        )
      : []),
    ...of(
      "tokens a second",
      ({ tokensPerSecond }) => tokensPerSecond,
      (value) => value.toFixed(0),
    ),
  ];
}

type Line = (figure: string, values: readonly (number | null)[], shown: (value: number) => string) => Row[];

/** A row for each environment that is not learned from, from before the first update on. */
function validationRows(validation: Validation | null, line: Line): Row[] {
  if (validation === null) return [];
  const { by, course, best } = validation;
  const [, { label, unit }] = metricTable().find(([name]) => name === by)!;
  const shown = (value: number) => shownFigure(value, unit);
  const names = Object.keys(course[0]?.values ?? {});
  const rows = names.flatMap((name) =>
    line(
      `validation, ${name}: ${label}`,
      course.map(({ values }) => values[name] ?? null),
      shown,
    ),
  );
  if (best === null) return rows;
  const after = best.updates === 0 ? "before any update" : `after ${best.updates} updates`;
  return [...rows, { figure: `  best ${names[0]}, kept: ${after}`, now: shown(best.value) }];
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
