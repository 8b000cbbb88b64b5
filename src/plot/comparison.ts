/** Policies side by side: a panel a figure, a row a policy, a mark with its interval for each split. */

import type { Interval } from "../statistics/index.ts";
import { type Figure, figure, palette } from "./figure.ts";
import { titled } from "./given.ts";

/** One policy's figures on one split. */
export interface ComparisonRow {
  split: string;
  name: string;
  figures: { [what: string]: Interval };
  /** Which of the figures are shares, shown in per cent. @default those that lie from 0 to 1 in all rows */
  shares?: readonly string[];
}

const columns = 2;

/** Where a panel stands. */
interface Panel {
  what: string;
  /** What plotly adds to the names of its axes: nothing for the first. */
  number: string;
  column: number;
  left: number;
  /** Its upper end, and the height that a line of panels has. */
  top: number;
  height: number;
}

/** Estimates as marks, intervals as bars; splits by colour. */
export function comparisonPlot(rows: readonly ComparisonRow[], options: { title?: string } = {}): Figure {
  const { title = "Policies side by side" } = titled(options, "comparisonPlot");
  const kinds = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const splits = [...new Set(rows.map(({ split }) => split))];
  const names = [...new Set(rows.map(({ name }) => name))];
  const lines = Math.ceil(kinds.length / columns);
  const panels = kinds.map((what, i): Panel => {
    const [column, line] = [i % columns, Math.floor(i / columns)];
    const number = i === 0 ? "" : String(i + 1);
    return { what, number, column, left: column * 0.54, top: 1 - line / lines, height: 1 / lines };
  });
  const axes = Object.assign({}, ...panels.map((panel) => axesOf(panel, rows, names))) as { [name: string]: object };
  const data = panels.flatMap((panel) => splits.map((_, k) => marksOf(panel, rows, { splits, names, k })));
  const layout = { ...axes, annotations: panels.map(headingOf), height: 120 + lines * (90 + 46 * names.length) };
  const text = rows.map(textOf).join("\n");
  return figure(data, { title, text, layout: { ...layout, margin: { l: 95, r: 20, t: 90, b: 40 } } });
}

function axesOf(
  { what, number, column, left, top, height }: Panel,
  rows: readonly ComparisonRow[],
  names: readonly string[],
): { [name: string]: object } {
  const highest = Math.max(0, ...rows.map(({ figures }) => figures[what]?.high ?? 0));
  const lowest = Math.min(0, ...rows.map(({ figures }) => figures[what]?.low ?? 0));
  const told = rows.flatMap(({ shares }) => (shares === undefined ? [] : [shares.includes(what)]));
  const isShare = told[0] ?? (highest <= 1 && lowest === 0);
  return {
    [`xaxis${number}`]: {
      domain: [left, left + 0.46],
      anchor: `y${number}`,
      range: [lowest * 1.06, isShare ? 1.03 : highest * 1.06],
      ...(isShare && { tickformat: ".0%" }),
    },
    [`yaxis${number}`]: {
      domain: [top - 0.8 * height, top - 0.07 * height],
      anchor: `x${number}`,
      tickvals: names.map((_, k) => k),
      ticktext: column === 0 ? names : names.map(() => ""),
      range: [names.length - 0.4, -0.6],
      zeroline: false,
    },
  };
}

function headingOf({ what, left, top, height }: Panel): object {
  return {
    text: `<b>${what}</b>`,
    x: left,
    y: top - 0.03 * height,
    xref: "paper",
    yref: "paper",
    xanchor: "left",
    yanchor: "bottom",
    showarrow: false,
  };
}

/** The marks of one split in a panel, each a little beside the other splits'. */
function marksOf(
  { what, number }: Panel,
  rows: readonly ComparisonRow[],
  { splits, names, k }: { splits: readonly string[]; names: readonly string[]; k: number },
): object {
  const split = splits[k]!;
  const own = rows.filter((row) => row.split === split && row.figures[what] !== undefined);
  const of = (row: ComparisonRow) => row.figures[what]!;
  return {
    type: "scatter",
    mode: "markers",
    name: split,
    legendgroup: split,
    showlegend: number === "" && splits.length > 1,
    x: own.map((row) => of(row).estimate),
    y: own.map(({ name }) => names.indexOf(name) + (k - (splits.length - 1) / 2) * 0.26),
    error_x: {
      type: "data",
      symmetric: false,
      array: own.map((row) => of(row).high - of(row).estimate),
      arrayminus: own.map((row) => of(row).estimate - of(row).low),
      thickness: 1.5,
      width: 3,
    },
    marker: { color: palette[k % palette.length], size: 9 },
    xaxis: `x${number}`,
    yaxis: `y${number}`,
  };
}

function textOf({ split, name, figures }: ComparisonRow): string {
  const shown = Object.entries(figures).map(([what, { estimate, low, high }]) => {
    const interval = low === high ? "" : ` (${low.toFixed(2)} to ${high.toFixed(2)})`;
    return `${what} ${estimate.toFixed(2)}${interval}`;
  });
  return `${split}, ${name}: ${shown.join(", ")}`;
}
