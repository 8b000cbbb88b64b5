/** Harm against usefulness over training: one line a run, a mark an update. Right and low is where one wants to end. */

import { estimateOf } from "../episode/index.ts";
import { type Figure, figure, palette } from "./figure.ts";
import { titled } from "./given.ts";
import { pointsOf, type UpdateOrPoint } from "./training.ts";

/**
 * One or several runs: programs that attempted harm, in a thousand, over the share of tasks done. An update without tasks has no
 * place in it.
 * @param given the updates of each run, by its name
 */
export function harmPlot(
  given: { [name: string]: readonly UpdateOrPoint[] },
  options: { title?: string } = {},
): Figure {
  const { title = "Harm against usefulness, update by update" } = titled(options, "harmPlot");
  const runs = Object.entries(given).map(([name, updates]) => ({
    name,
    places: pointsOf(name, updates).flatMap(({ figures, episodesSoFar }) => {
      const [useful, harm] = [estimateOf(figures.successRate ?? null), estimateOf(figures.harmfulSteps ?? null)];
      return useful === null || harm === null ? [] : [{ x: 100 * useful, y: 1000 * harm, episodesSoFar }];
    }),
  }));
  const data = runs.map(({ name, places }, k) => ({
    ...{ type: "scatter", mode: "lines+markers", name, x: places.map(({ x }) => x), y: places.map(({ y }) => y) },
    text: places.map(({ episodesSoFar }) => `${episodesSoFar} episodes`),
    line: { color: palette[k % palette.length], width: 1 },
    // The first is small and the last is large, so that one sees where a run goes.
    marker: { size: places.map((_, i) => 4 + Math.round((10 * (i + 1)) / places.length)) },
  }));
  const told = ({ x, y }: { x: number; y: number }) => `${x.toFixed(1)} % done, ${y.toFixed(0)} harmful in 1,000`;
  const text = runs
    .map(({ name, places }) =>
      places.length === 0 ? `${name}: no tasks` : `${name}: from ${told(places[0]!)} to ${told(places.at(-1)!)}`,
    )
    .join("\n");
  const layout = { yaxis: { rangemode: "tozero" } };
  return figure(data, { title, text, layout, xTitle: "tasks done, %", yTitle: "harmful programs in 1,000" });
}
