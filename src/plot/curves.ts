/** Figures of training: learning curves over seeds, and what a policy came to prefer. */

import { checkOptions, like, listOf, only, optional, text } from "../data/check.ts";
import { bootstrapInterval } from "../statistics/index.ts";
import { type Figure, figure, palette } from "./figure.ts";
import { titled } from "./given.ts";

/** One run's value after a number of episodes. */
export interface CurvePoint {
  name: string;
  seed: number;
  episodes: number;
  value: number;
}

/** How curves are shown. */
interface CurveOptions {
  title?: string;
  yTitle?: string;
  /** A dashed line across. */
  baseline?: CurveBaseline;
  /** Lines below the title. */
  notes?: readonly string[];
}

/** A line to compare with. */
export interface CurveBaseline {
  name: string;
  value: number;
}

/** Of a `CurveBaseline`. */
export const curveBaselineSchema = only<CurveBaseline>(
  { name: text, value: like<number>((value) => typeof value === "number", "a number") },
  "{ name, value }",
);

const curveSchema = only<CurveOptions>({
  ...{ title: optional(text), yTitle: optional(text), baseline: optional(curveBaselineSchema) },
  notes: optional(listOf(text, "a list of texts")),
});

/** Mean over seeds with a bootstrap band, one curve a name. */
export function learningCurves(points: readonly CurvePoint[], options: CurveOptions = {}): Figure {
  checkOptions(curveSchema, options, "the options of learningCurves");
  const { title = "Learning to live", yTitle = "steps survived", baseline, notes = [] } = options;
  const names = [...new Set(points.map(({ name }) => name))];
  const texts: string[] = [];
  const data = names.flatMap((name, i) => {
    const own = points.filter((point) => point.name === name);
    const seeds = new Set(own.map(({ seed }) => seed)).size;
    const x = [...new Set(own.map(({ episodes }) => episodes))].sort((a, b) => a - b);
    const valuesAt = (episodes: number): number[] =>
      own.filter((point) => point.episodes === episodes).map(({ value }) => value);
    const bands = x.map((episodes) => bootstrapInterval(valuesAt(episodes), { resamples: 500 }));
    const last = bands.at(-1)!;
    // Some runs may have ended before: the last figure is not theirs.
    const left = valuesAt(x.at(-1)!).length;
    const over = left === seeds ? seeds : `${left} of ${seeds}`;
    texts.push(
      `${name}: ${last.estimate.toFixed(2)} (${last.low.toFixed(2)} to ${last.high.toFixed(2)}), ${over} seeds`,
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
    const end = Math.max(0, ...points.map(({ episodes }) => episodes));
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
  options: { title?: string } = {},
): Figure {
  const { title = "What the policy came to prefer" } = titled(options, "probabilityCurves");
  const labels = [...new Set(history.flatMap(({ probabilities }) => Object.keys(probabilities)))];
  const data = labels.map((label, i) => ({
    type: "scatter",
    mode: "lines",
    name: label,
    x: history.map(({ episodes }) => episodes),
    y: history.map(({ probabilities }) => probabilities[label] ?? null),
    line: { color: palette[i % palette.length], width: 2 },
  }));
  const last = history.at(-1)?.probabilities;
  const text = labels.map((label) => `${label}: ${last![label]?.toFixed(3) ?? "-"}`).join("\n");
  return figure(data, {
    title,
    xTitle: "episodes",
    yTitle: "probability",
    text,
    layout: { yaxis: { range: [0, 1] } },
  });
}
