/** Policies side by side: a panel a figure, a row a policy, a mark with its interval for each split. */

import type { Interval } from "../statistics/index.ts";
import { type Figure, figure, palette } from "./figure.ts";

/** One policy's figures on one split. */
export interface ComparisonRow {
  split: string;
  name: string;
  figures: { [what: string]: Interval };
}

/** Estimates as marks, intervals as bars; splits by colour. */
export function comparisonPlot(
  rows: readonly ComparisonRow[],
  { title = "Policies side by side" }: { title?: string } = {},
): Figure {
  const panels = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const splits = [...new Set(rows.map(({ split }) => split))];
  const names = [...new Set(rows.map(({ name }) => name))];
  const columns = 2;
  const lines = Math.ceil(panels.length / columns);
  const axes: { [name: string]: object } = {};
  const annotations: object[] = [];
  const data: object[] = [];
  for (const [i, panel] of panels.entries()) {
    const n = i === 0 ? "" : String(i + 1);
    const [column, line] = [i % columns, Math.floor(i / columns)];
    const left = column * 0.54;
    const top = 1 - line / lines;
    const highest = Math.max(...rows.map(({ figures }) => figures[panel]?.high ?? 0));
    const share = highest <= 1;
    axes[`xaxis${n}`] = {
      domain: [left, left + 0.46],
      anchor: `y${n}`,
      range: [0, share ? 1.03 : highest * 1.06],
      ...(share && { tickformat: ".0%" }),
    };
    axes[`yaxis${n}`] = {
      domain: [top - 0.8 / lines, top - 0.07 / lines],
      anchor: `x${n}`,
      tickvals: names.map((_, k) => k),
      ticktext: column === 0 ? names : names.map(() => ""),
      range: [names.length - 0.4, -0.6],
      zeroline: false,
    };
    annotations.push({
      text: `<b>${panel}</b>`,
      x: left,
      y: top - 0.03 / lines,
      xref: "paper",
      yref: "paper",
      xanchor: "left",
      yanchor: "bottom",
      showarrow: false,
    });
    for (const [k, split] of splits.entries()) {
      const own = rows.filter((row) => row.split === split && row.figures[panel] !== undefined);
      const of = (row: ComparisonRow) => row.figures[panel]!;
      data.push({
        type: "scatter",
        mode: "markers",
        name: split,
        legendgroup: split,
        showlegend: i === 0 && splits.length > 1,
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
        xaxis: `x${n}`,
        yaxis: `y${n}`,
      });
    }
  }
  const text = rows
    .map(
      ({ split, name, figures }) =>
        `${split}, ${name}: ${Object.entries(figures)
          .map(([what, { estimate, low, high }]) =>
            low === high
              ? `${what} ${estimate.toFixed(2)}`
              : `${what} ${estimate.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
          )
          .join(", ")}`,
    )
    .join("\n");
  const layout = { ...axes, annotations, height: 120 + lines * (90 + 46 * names.length) };
  return figure(data, { title, text, layout: { ...layout, margin: { l: 95, r: 20, t: 90, b: 40 } } });
}
