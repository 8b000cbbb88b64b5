/** The share that passed by level: a small panel a task, a line with its band a contestant. */

import { type Figure, figure, palette } from "../plot/index.ts";
import type { CodeTask } from "./exercises.ts";
import type { ContestantFigures } from "./figures.ts";

/** Draws the panels, side by side. */
export function levelPanels(results: { [name: string]: ContestantFigures }, tasks: readonly CodeTask[]): Figure {
  const width = 1 / tasks.length;
  const data = tasks.flatMap((task, panel) =>
    Object.entries(results).flatMap(([name, { tasks: own }], i) => {
      const levels = Object.entries(own[task]?.byLevel ?? {}).sort(([a], [b]) => Number(a) - Number(b));
      const [x, shares] = [levels.map(([level]) => Number(level)), levels.map(([, share]) => share)];
      const colour = palette[i % palette.length]!;
      const axes = { xaxis: axisOf("x", panel), yaxis: "y", legendgroup: name };
      return [
        {
          ...{ type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false, ...axes },
          x: [...x, ...[...x].reverse()],
          y: [...shares.map(({ high }) => high), ...shares.map(({ low }) => low).reverse()],
          ...{ fill: "toself", fillcolor: `${colour}26`, line: { width: 0 } },
        },
        {
          ...{ type: "scatter", mode: "lines+markers", name, showlegend: panel === 0, ...axes },
          ...{ x, y: shares.map(({ estimate }) => estimate), line: { color: colour, width: 2 } },
        },
      ];
    }),
  );
  const layout: { [key: string]: unknown } = {
    ...{ height: 340, yaxis: { tickformat: ".0%", range: [-0.1, 1.03] } },
    annotations: tasks.map((task, panel) => ({
      ...{ text: `<b>${task}</b>`, x: (panel + 0.45) * width, y: 1, xref: "paper", yref: "paper" },
      ...{ xanchor: "center", yanchor: "bottom", showarrow: false },
    })),
    ...Object.fromEntries(
      tasks.map((_, panel) => [
        `xaxis${panel === 0 ? "" : panel + 1}`,
        { domain: [panel * width, (panel + 0.88) * width], dtick: 1, title: { text: "level" }, anchor: "y" },
      ]),
    ),
    legend: { orientation: "h", x: 0, xanchor: "left", y: -0.3 },
  };
  const text = Object.entries(results)
    .map(([name, { tasks: own }]) => `${name}: ${tasks.map((task) => `${task} ${levelsTold(own[task])}`).join("; ")}`)
    .join("\n");
  return figure(data, { title: "Programs that pass, by level", text, layout });
}

function levelsTold(figures: ContestantFigures["tasks"][CodeTask]): string {
  const levels = Object.entries(figures?.byLevel ?? {});
  return levels.map(([level, { estimate }]) => `${level}: ${(100 * estimate).toFixed(0)} %`).join(", ");
}

function axisOf(letter: string, panel: number): string {
  return panel === 0 ? letter : `${letter}${panel + 1}`;
}
