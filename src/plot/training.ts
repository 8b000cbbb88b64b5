/** The course of one training run, or of several side by side: one small plot a metric. */

import { anything, byName, checkOptions, OptionFailure, only, optional, text } from "../data/check.ts";
import { type AnyFigures, type Episode, estimateOf, metricTable, summarise, type Unit } from "../episode/index.ts";
import { claims, controlAmong, degenerateAmong, type Interval } from "../statistics/index.ts";
import { axisLook, type Figure, figure, palette } from "./figure.ts";
import { titled } from "./given.ts";

/** An update of a run as `train` gives it, or what is kept of one. */
export type UpdateOrPoint = TrainingPoint | MeasuredUpdate;

/** What is looked at in an update. */
export interface MeasuredUpdate {
  episodesSoFar: number;
  episodes: readonly Episode[];
  policyEntropy: number;
  kl: number;
}

/** What is kept of an update: figures, and none of its episodes. */
export interface TrainingPoint {
  episodesSoFar: number;
  /** Each metric, with its interval where it has one. */
  figures: AnyFigures;
  /** The return of each episode, with the seed that it was reset with: runs of the same training seed are paired by it. */
  returns: readonly { seed: number; return: number }[];
  /** Why the policy is degenerate; null if it is none. */
  degenerate: string | null;
  policyEntropy: number;
  kl: number;
}

const runsSchema = byName<readonly UpdateOrPoint[]>(
  anything(),
  "the updates of each run by its name, such as { ours: updates }",
);
const compareSchema = only<{ title?: string; control?: string }>({ title: optional(text), control: optional(text) });

/** What is kept of an update. */
export function trainingPoint({ episodesSoFar, episodes, policyEntropy, kl }: MeasuredUpdate): TrainingPoint {
  const summary = summarise(episodes, { resamples: 200 });
  const figures = Object.fromEntries(
    metricTable().map(([name]) => [name, (summary as unknown as AnyFigures)[name] ?? null]),
  );
  const returns = episodes.map((episode) => ({ seed: episode.seed, return: episode.return }));
  return { episodesSoFar, figures, returns, degenerate: summary.degenerate, policyEntropy, kl };
}

/** Updates as points. Throws an OptionFailure that names what is none. */
export function pointsOf(name: string, given: readonly UpdateOrPoint[]): TrainingPoint[] {
  const expected = "a list of updates, as `train` gives them, or of their rows, as `panelRow` does";
  const refuse = (where: string, value: unknown): never => {
    throw new OptionFailure({ kind: "option", name: where, expected, value });
  };
  if (!Array.isArray(given)) refuse(name, given);
  return given.map((one, i) => {
    if (typeof (one as TrainingPoint | null)?.episodesSoFar !== "number") return refuse(`${name}[${i}]`, one);
    return "figures" in one ? one : trainingPoint(one);
  });
}

/** One run's curves: each metric of the table with its interval as a band, and the divergence from the start. */
export function trainingCurves(updates: readonly UpdateOrPoint[], options: { title?: string } = {}): Figure {
  const { title = "Training" } = titled(options, "trainingCurves");
  return compareRuns({ run: updates }, { title });
}

/**
 * Several runs in one figure, a colour each, and below the title what may be said of their last updates: which is degenerate,
 * and which beats the control, paired by the seed of the episode. What other training seeds would have given it does not say:
 * that is what `study` is for.
 * @param given the updates of each run, by its name
 * @param options.control the run that only sharpens @default "temperature" or "sharpened", where there is one
 */
export function compareRuns(
  given: { [name: string]: readonly UpdateOrPoint[] },
  options: { title?: string; control?: string } = {},
): Figure {
  checkOptions(runsSchema, given, "runs");
  checkOptions(compareSchema, options, "the options of compareRuns");
  const { title = "Runs side by side", control } = options;
  const runs = Object.fromEntries(Object.entries(given).map(([name, updates]) => [name, pointsOf(name, updates)]));
  const names = Object.keys(runs);
  const { told, degenerate } = judgeRuns(runs, controlAmong(names, control));
  const panels = panelsOf(Object.values(runs).flat());
  const data = panels.flatMap((panel, i) =>
    names.flatMap((name, k) => {
      const look = {
        name: degenerate.has(name) && names.length > 1 ? `${name} (degenerate)` : name,
        colour: palette[k % palette.length]!,
        inLegend: i === 0 && names.length > 1,
      };
      return tracesOf(runs[name]!, panel, look).map((trace) => ({
        ...trace,
        ...{ legendgroup: name, xaxis: axisName("x", i), yaxis: axisName("y", i) },
      }));
    }),
  );
  const text = names
    .map((name) => {
      const last = runs[name]!.at(-1);
      return `${name}: ${panels.map(({ label, value }) => `${label} ${(last && estimateOf(value(last))?.toFixed(2)) ?? "-"}`).join(", ")}`;
    })
    .join("\n");
  return figure(data, {
    title,
    notes: told,
    text: [text, ...told].join("\n"),
    layout: layoutOf(panels, names.length > 1),
  });
}

/** One run in one panel: a band for what has intervals, and the line. */
function tracesOf(
  points: readonly TrainingPoint[],
  { value }: Panel,
  { name, colour, inLegend }: { name: string; colour: string; inLegend: boolean },
): object[] {
  const x = points.map(({ episodesSoFar }) => episodesSoFar);
  const values = points.map(value);
  const bands = values.filter((one): one is Interval => typeof one === "object" && one !== null);
  const band = {
    ...{ type: "scatter", mode: "lines", x: [...x, ...[...x].reverse()] },
    y: [...bands.map(({ high }) => high), ...bands.map(({ low }) => low).reverse()],
    ...{ fill: "toself", fillcolor: `${colour}33`, line: { width: 0 }, hoverinfo: "skip", showlegend: false },
  };
  const line = {
    ...{ type: "scatter", mode: "lines", name, showlegend: inLegend, x, y: values.map(estimateOf) },
    line: { color: colour, width: 2 },
  };
  return bands.length > 0 && bands.length === points.length ? [band, line] : [line];
}

function layoutOf(panels: readonly Panel[], legend: boolean): { [name: string]: unknown } {
  const columns = 2;
  const rows = Math.ceil(panels.length / columns);
  return {
    height: 140 + 180 * rows,
    margin: { l: 60, r: 20, t: legend ? 100 : 75, b: 55 },
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.07, yanchor: "bottom" },
    grid: { rows, columns, pattern: "independent", ygap: 0.4, xgap: 0.12 },
    annotations: panels.map(({ label }, i) => ({
      ...{ text: label, showarrow: false, x: 0, y: 1.04, xanchor: "left", yanchor: "bottom", font: { size: 12 } },
      ...{ xref: `${axisName("x", i)} domain`, yref: `${axisName("y", i)} domain` },
    })),
    ...Object.fromEntries(
      panels.flatMap((_, i) => [
        [`xaxis${i === 0 ? "" : i + 1}`, axis(i >= panels.length - columns ? "episodes" : undefined)],
        [`yaxis${i === 0 ? "" : i + 1}`, axis(undefined)],
      ]),
    ),
  };
}

/** What may be said of runs by their last updates. A run alone has its own place for that. */
function judgeRuns(runs: { [name: string]: readonly TrainingPoint[] }, control: string | null) {
  const what = "return in the last update";
  const ends = Object.entries(runs).flatMap(([name, points]) => {
    const last = points.at(-1);
    const returns = last?.returns.map((one) => ({ cluster: String(one.seed), value: one.return })) ?? [];
    return last ? [{ name, reached: { [what]: returns }, degenerate: last.degenerate }] : [];
  });
  const { sentences } = claims(
    { "": ends },
    { against: control, as: "control", measures: { [what]: { unit: "reward" } }, over: "episode seeds" },
  );
  return {
    told: ends.length > 1 ? [...degenerateAmong({ "": ends }), ...sentences] : [],
    degenerate: new Set(ends.filter(({ degenerate }) => degenerate !== null).map(({ name }) => name)),
  };
}

interface Panel {
  label: string;
  value: (point: TrainingPoint) => Interval | number | null;
}

/** A panel for each metric that some update tells, shares in per cent, and one for the divergence. */
function panelsOf(points: readonly TrainingPoint[]): Panel[] {
  const metrics = metricTable()
    .filter(([name, { detail }]) => !detail && points.some(({ figures }) => (figures[name] ?? null) !== null))
    .map(
      ([name, { label, unit }]): Panel => ({
        label: unit === "share" ? `${label}, %` : label,
        value: ({ figures }) => scaled(figures[name] ?? null, unit),
      }),
    );
  return [...metrics, { label: "divergence, nats a token", value: ({ kl }) => kl }];
}

/** A share in per cent; all else as it is. */
function scaled(figure: Interval | number | null, unit: Unit): Interval | number | null {
  if (unit !== "share" || figure === null) return figure;
  if (typeof figure === "number") return 100 * figure;
  return { estimate: 100 * figure.estimate, low: 100 * figure.low, high: 100 * figure.high };
}

function axis(title: string | undefined): object {
  return { ...axisLook, ...(title !== undefined && { title: { text: title, standoff: 8 } }) };
}

/** plotly's names: x, x2, x3. */
function axisName(which: "x" | "y", i: number): string {
  return i === 0 ? which : `${which}${i + 1}`;
}
