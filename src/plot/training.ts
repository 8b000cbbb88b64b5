/** The course of one training run, or of several side by side: one small plot a figure. */

import { OptionFailure } from "../data/check.ts";
import { bootstrapInterval, claims, controlAmong, type Interval, rockReason, rocksAmong } from "../statistics/index.ts";
import { type Figure, figure, palette } from "./figure.ts";

/** One update of a run. */
export interface TrainingPoint {
  lived: number;
  return: Interval;
  /** The return of each life, with the seed that it was reset with: runs of the same training seed are paired by it. */
  lives: readonly { seed: number; return: number }[];
  survival: number;
  harm: number;
  usefulness: number | null;
  variety: number;
  entropy: number;
  kl: number;
  /** Share of survived steps that changed the agent, where it is told. */
  changed?: number | null;
}

/** What a point is made of where it is not one yet: an update as `train` gives it. */
export type TrainingUpdate = Omit<TrainingPoint, "return" | "lives"> & {
  meanReturn: number;
  episodes: readonly { seed: number; return: number }[];
};

/** An update as a point: its return with the interval over its lives. */
export function pointOf({ episodes, ...update }: TrainingUpdate): TrainingPoint {
  const lives = episodes.map(({ seed, return: total }) => ({ seed, return: total }));
  const { lived, survival, harm, usefulness, variety, entropy, kl, changed = null } = update;
  const interval = bootstrapInterval(
    lives.map((life) => life.return),
    { resamples: 200 },
  );
  return { lived, return: interval, lives, survival, harm, usefulness, variety, entropy, kl, changed };
}

function pointsOf(name: string, given: readonly (TrainingPoint | TrainingUpdate)[]): TrainingPoint[] {
  const expected = "a list of updates, as `train` gives them, or of their rows, as `panelRow` does";
  const refuse = (where: string, value: unknown): never => {
    throw new OptionFailure({ kind: "option", name: where, expected, value });
  };
  if (!Array.isArray(given)) refuse(name, given);
  return given.map((one, i) => {
    if (typeof (one as TrainingPoint | null)?.lived !== "number") return refuse(`${name}[${i}]`, one);
    return "meanReturn" in one ? pointOf(one) : one;
  });
}

/** One run's curves: return with its interval band, survival, harm, tasks solved, variety, entropy and divergence. */
export function trainingCurves(
  points: readonly TrainingPoint[],
  { title = "Training" }: { title?: string } = {},
): Figure {
  return compareRuns({ run: points }, { title });
}

/**
 * Several runs in one figure, each a list of its updates, a colour each, and below the title what may be said of their last updates: which is a rock,
 * and which beats the control, paired by the seed of the life. What other training seeds would have given it does not say:
 * that is what `study` is for.
 * @param options.control the run that only sharpens @default "temperature" or "sharpened", where there is one
 */
export function compareRuns(
  given: { [name: string]: readonly (TrainingPoint | TrainingUpdate)[] },
  { title = "Runs side by side", control }: { title?: string; control?: string } = {},
): Figure {
  const runs = Object.fromEntries(Object.entries(given).map(([name, points]) => [name, pointsOf(name, points)]));
  const names = Object.keys(runs);
  const { told, rocks } = judgeRuns(runs, controlAmong(names, control));
  const all = names.flatMap((name) => runs[name]!);
  const panels = panelsOf(all);
  const columns = 2;
  const rows = Math.ceil(panels.length / columns);
  const data: object[] = [];
  for (const [i, { value }] of panels.entries()) {
    const axes = { xaxis: axisName("x", i), yaxis: axisName("y", i) };
    for (const [k, name] of names.entries()) {
      const points = runs[name]!;
      const colour = palette[k % palette.length]!;
      const x = points.map(({ lived }) => lived);
      if (i === 0)
        data.push({
          type: "scatter",
          mode: "lines",
          x: [...x, ...[...x].reverse()],
          y: [...points.map((p) => p.return.high), ...points.map((p) => p.return.low).reverse()],
          fill: "toself",
          fillcolor: `${colour}33`,
          line: { width: 0 },
          hoverinfo: "skip",
          showlegend: false,
          ...axes,
        });
      data.push({
        type: "scatter",
        mode: "lines",
        name: rocks.has(name) && names.length > 1 ? `${name} (a rock)` : name,
        legendgroup: name,
        showlegend: i === 0 && names.length > 1,
        x,
        y: points.map(value),
        line: { color: colour, width: 2 },
        ...axes,
      });
    }
  }
  const text = names
    .map((name) => {
      const last = runs[name]!.at(-1);
      return `${name}: ${panels.map(({ label, value }) => `${label} ${last ? value(last)?.toFixed(2) : "-"}`).join(", ")}`;
    })
    .join("\n");
  return figure(data, {
    title,
    notes: told,
    text: [text, ...told].join("\n"),
    layout: {
      height: 140 + 180 * rows,
      margin: { l: 60, r: 20, t: names.length > 1 ? 100 : 75, b: 55 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.07, yanchor: "bottom" },
      grid: { rows, columns, pattern: "independent", ygap: 0.4, xgap: 0.12 },
      annotations: panels.map(({ label }, i) => ({
        text: label,
        showarrow: false,
        xref: `${axisName("x", i)} domain`,
        yref: `${axisName("y", i)} domain`,
        x: 0,
        y: 1.04,
        xanchor: "left",
        yanchor: "bottom",
        font: { size: 12 },
      })),
      ...Object.fromEntries(
        panels.flatMap((_, i) => [
          [`xaxis${i === 0 ? "" : i + 1}`, axis(i >= panels.length - columns ? "lives" : undefined)],
          [`yaxis${i === 0 ? "" : i + 1}`, axis(undefined)],
        ]),
      ),
    },
  });
}

/** What may be said of runs by their last updates. A run alone has its own place for that. */
function judgeRuns(runs: { [name: string]: readonly TrainingPoint[] }, control: string | null) {
  const what = "return in the last update";
  const ends = Object.entries(runs).flatMap(([name, points]) => {
    const last = points.at(-1);
    const returns = last?.lives.map((life) => ({ cluster: String(life.seed), value: life.return })) ?? [];
    return last ? [{ name, reached: { [what]: returns }, rock: rockReason(last) }] : [];
  });
  const { sentences } = claims(
    { "": ends },
    { against: control, as: "control", measures: { [what]: { unit: "reward" } }, over: "life seeds" },
  );
  return {
    told: ends.length > 1 ? [...rocksAmong({ "": ends }), ...sentences] : [],
    rocks: new Set(ends.filter(({ rock }) => rock !== null).map(({ name }) => name)),
  };
}

interface Panel {
  label: string;
  value: (point: TrainingPoint) => number | null;
}

function panelsOf(points: readonly TrainingPoint[]): Panel[] {
  const solved: Panel = {
    label: "tasks solved, %",
    value: ({ usefulness }) => (usefulness === null ? null : 100 * usefulness),
  };
  return [
    { label: "return, mean and 95 % interval", value: (point) => point.return.estimate },
    { label: "steps survived", value: (point) => point.survival },
    { label: "lives with harm, %", value: (point) => 100 * point.harm },
    ...(points.some(({ usefulness }) => usefulness !== null) ? [solved] : []),
    { label: "distinct programs, %", value: (point) => 100 * point.variety },
    { label: "entropy, nats a token", value: (point) => point.entropy },
    { label: "divergence, nats a token", value: (point) => point.kl },
  ];
}

function axis(title: string | undefined): object {
  return {
    automargin: true,
    gridcolor: "rgba(128,128,128,0.25)",
    zerolinecolor: "rgba(128,128,128,0.5)",
    ...(title !== undefined && { title: { text: title, standoff: 8 } }),
  };
}

/** plotly's names: x, x2, x3. */
function axisName(which: "x" | "y", i: number): string {
  return i === 0 ? which : `${which}${i + 1}`;
}
