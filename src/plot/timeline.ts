/** Lives side by side: one row a life, one cell a step, coloured by what the step did. */

import { type Figure, figure, palette, verdictColours } from "./figure.ts";

/** One life of the comparison. */
export interface LifeRow {
  /** The row's name, and the group it stands in. */
  name: string;
  group: string;
  steps: readonly { label: string; verdict: string }[];
}

/** Draws lives as rows of steps; a step that ended its life stands out. */
export function livesSideBySide(
  lives: readonly LifeRow[],
  { title = "Lives, side by side" }: { title?: string } = {},
): Figure {
  // A label that only ever ended a life has no cell of its own, and so no entry in the legend.
  const labels = [...new Set(lives.flatMap(({ steps }) => steps.filter(lived).map(({ label }) => label)))].sort();
  const rows = lives.map(({ name, group }) => `${group} · ${name}`);
  const data: object[] = labels.map((label, i) => {
    const cells = lives.flatMap(({ steps }, row) =>
      steps.flatMap((step, at) => (step.label === label && lived(step) ? [{ row, at }] : [])),
    );
    return {
      type: "scatter",
      mode: "markers",
      name: label,
      x: cells.map(({ at }) => at),
      y: cells.map(({ row }) => rows[row]),
      marker: { symbol: "square", size: 9, color: palette[i % palette.length] },
      hovertemplate: `step %{x}: ${label}<extra></extra>`,
    };
  });
  const deaths = lives.flatMap(({ steps }, row) => {
    const last = steps.at(-1);
    return last !== undefined && !lived(last) ? [{ row, at: steps.length - 1, ...last }] : [];
  });
  data.push({
    type: "scatter",
    mode: "markers+text",
    name: "the end",
    x: deaths.map(({ at }) => at),
    y: deaths.map(({ row }) => rows[row]),
    text: deaths.map(({ label, verdict }) => `  ${label} → ${verdict.replaceAll("_", " ")}`),
    textposition: "middle right",
    cliponaxis: false,
    marker: { symbol: "x", size: 12, color: deaths.map(({ verdict }) => verdictColours[verdict] ?? "#888888") },
    hovertemplate: "%{text}<extra></extra>",
  });
  const text = lives
    .map(({ steps }, row) => {
      const last = steps.at(-1);
      const end = last === undefined || lived(last) ? "still alive" : `${last.label} → ${last.verdict}`;
      return `${rows[row]}: ${steps.length} steps, ${end}`;
    })
    .join("\n");
  return figure(data, {
    title,
    xTitle: "step",
    text,
    layout: {
      height: 170 + 40 * lives.length,
      margin: { l: 60, r: 20, t: 100, b: 55 },
      yaxis: { type: "category", categoryorder: "array", categoryarray: [...rows].reverse(), showgrid: false },
    },
  });
}

function lived({ verdict }: { verdict: string }): boolean {
  return verdict === "survived";
}
