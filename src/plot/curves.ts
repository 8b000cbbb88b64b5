/** Figures of training: learning curves over seeds, and what a policy came to prefer. */

import { bootstrapInterval } from "../statistics/index.ts";
import { type Figure, figure, palette } from "./figure.ts";

/** One run's value after a number of episodes. */
export interface CurvePoint {
  name: string;
  seed: number;
  episodes: number;
  value: number;
}

/** Mean over seeds with a bootstrap band, one curve a name; `baseline` is a dashed line across, `notes` lines below the title. */
export function learningCurves(
  points: readonly CurvePoint[],
  {
    title = "Learning to live",
    yTitle = "steps survived",
    baseline,
    notes = [],
  }: {
    title?: string;
    yTitle?: string;
    baseline?: { name: string; value: number };
    notes?: readonly string[];
  } = {},
): Figure {
  const names = [...new Set(points.map(({ name }) => name))];
  const texts: string[] = [];
  const data = names.flatMap((name, i) => {
    const own = points.filter((point) => point.name === name);
    const seeds = new Set(own.map(({ seed }) => seed)).size;
    const x = [...new Set(own.map(({ episodes }) => episodes))].sort((a, b) => a - b);
    const bands = x.map((episodes) =>
      bootstrapInterval(
        own.filter((point) => point.episodes === episodes).map(({ value }) => value),
        { resamples: 500 },
      ),
    );
    const last = bands.at(-1)!;
    texts.push(
      `${name}: ${last.estimate.toFixed(2)} (${last.low.toFixed(2)} to ${last.high.toFixed(2)}), ${seeds} seeds`,
    );
    const colour = palette[i % palette.length]!;
    return [
      {
        type: "scatter",
        mode: "lines",
        x: [...x, ...[...x].reverse()],
        y: [...bands.map((b) => b.high), ...bands.map((b) => b.low).reverse()],
        fill: "toself",
        fillcolor: `${colour}33`,
        line: { width: 0 },
        hoverinfo: "skip",
        showlegend: false,
      },
      {
        type: "scatter",
        mode: "lines",
        name: `${name} (${seeds} seeds)`,
        x,
        y: bands.map((b) => b.estimate),
        line: { color: colour, width: 2.5 },
      },
    ];
  });
  if (baseline !== undefined) {
    const end = Math.max(...points.map(({ episodes }) => episodes));
    data.push({
      type: "scatter",
      mode: "lines",
      name: baseline.name,
      x: [0, end],
      y: [baseline.value, baseline.value],
      line: { color: "#777777", width: 1.5, dash: "dash" } as never,
    });
    texts.push(`${baseline.name}: ${baseline.value.toFixed(2)}`);
  }
  return figure(data, {
    title,
    xTitle: "episodes",
    yTitle,
    text: [...texts, ...notes].join("\n"),
    notes,
    layout: { yaxis: { rangemode: "tozero" } },
  });
}

/** What a policy came to prefer: the probability of each choice after each update. */
export function probabilityCurves(
  history: readonly { episodes: number; probabilities: { [label: string]: number } }[],
  { title = "What the policy came to prefer" }: { title?: string } = {},
): Figure {
  const labels = Object.keys(history[0]?.probabilities ?? {});
  const data = labels.map((label, i) => ({
    type: "scatter",
    mode: "lines",
    name: label,
    x: history.map(({ episodes }) => episodes),
    y: history.map(({ probabilities }) => probabilities[label]!),
    line: { color: palette[i % palette.length], width: 2 },
  }));
  const end = history.at(-1);
  const text = labels.map((label) => `${label}: ${end?.probabilities[label]?.toFixed(3)}`).join("\n");
  return figure(data, {
    title,
    xTitle: "episodes",
    yTitle: "probability",
    text,
    layout: { yaxis: { range: [0, 1] } },
  });
}
