/** Figures of episodes: returns of one, causes of death and survival of many. */

import { mean } from "../statistics/index.ts";
import { type Figure, figure, palette, verdictColours } from "./figure.ts";
import { titled } from "./given.ts";

/** Numbers of one episode, step by step: a panel for each series, because returns dwarf advantages. */
export function returnsPlot(series: { [name: string]: readonly number[] }, options: { title?: string } = {}): Figure {
  const { title = "Returns and advantages of one episode" } = titled(options, "returnsPlot");
  const names = Object.keys(series);
  const width = 1 / names.length;
  const axes: { [name: string]: object } = {};
  const data = names.map((name, i) => {
    const n = i === 0 ? "" : String(i + 1);
    const values = [...series[name]!];
    // What could not be scored is NaN: it has no bar, and hides no other's.
    const known = values.filter((value) => !Number.isNaN(value));
    const room = Math.max(0, ...known.map(Math.abs)) * 1.2 || 1;
    const [low, high] = [Math.min(0, ...known) < 0 ? -room : 0, Math.max(0, ...known) > 0 ? room : 0];
    axes[`xaxis${n}`] = {
      domain: [i * width + (i > 0 ? 0.06 : 0), (i + 1) * width],
      title: { text: name },
      showgrid: false,
    };
    axes[`yaxis${n}`] = {
      anchor: `x${n}`,
      range: low === high ? [0, room] : [low, high],
      gridcolor: "rgba(128,128,128,0.25)",
      zerolinecolor: "rgba(128,128,128,0.6)",
    };
    return {
      type: "bar",
      name,
      x: values.map((_, step) => `step ${step}`),
      y: values,
      xaxis: `x${n}`,
      yaxis: `y${n}`,
      text: values.map((value) => (value > 0 ? "+" : "") + value.toFixed(4)),
      textposition: "outside",
      cliponaxis: false,
      marker: { color: values.map((value) => (value >= 0 ? palette[2] : palette[1])) },
    };
  });
  const text = names.map((name) => `${name}: ${series[name]!.map((v) => v.toFixed(4)).join(" ")}`).join("\n");
  return figure(data, { title, text, layout: { ...axes, showlegend: false } });
}

/** How episodes ended, most frequent first. */
export function causesOfDeath(
  causes: readonly { verdict: string; count: number }[],
  options: { title?: string } = {},
): Figure {
  const { title = "How the episodes ended" } = titled(options, "causesOfDeath");
  const sorted = [...causes].sort((a, b) => a.count - b.count);
  const total = causes.reduce((sum, { count }) => sum + count, 0);
  const words = (verdict: string) => (verdict === "survived" ? "alive at the end" : verdict.replaceAll("_", " "));
  const data = [
    {
      type: "bar",
      orientation: "h",
      x: sorted.map(({ count }) => count),
      y: sorted.map(({ verdict }) => words(verdict)),
      text: sorted.map(({ count }) => `${count} (${((100 * count) / total).toFixed(0)} %)`),
      textposition: "outside",
      cliponaxis: false,
      marker: { color: sorted.map(({ verdict }) => verdictColours[verdict] ?? "#888888") },
    },
  ];
  const text = sorted
    .map(({ verdict, count }) => `${words(verdict)}: ${count}`)
    .reverse()
    .join("\n");
  return figure(data, {
    title,
    xTitle: "episodes",
    text,
    layout: { margin: { l: 150, r: 70, t: 50, b: 50 }, bargap: 0.35, yaxis: { showgrid: false } },
  });
}

/** How long episodes lasted: share of episodes by steps survived, one set of bars a policy. */
export function survivalHistogram(
  groups: readonly { name: string; survival: readonly number[] }[],
  options: { title?: string } = {},
): Figure {
  const { title = "How long the episodes lasted" } = titled(options, "survivalHistogram");
  const data = groups.map(({ name, survival }, i) => {
    const counts = new Map<number, number>();
    for (const steps of survival) counts.set(steps, (counts.get(steps) ?? 0) + 1);
    const x = [...counts.keys()].sort((a, b) => a - b);
    return {
      type: "bar",
      name: `${name} (n = ${survival.length})`,
      x,
      y: x.map((steps) => (100 * counts.get(steps)!) / survival.length),
      marker: { color: palette[i % palette.length] },
    };
  });
  const text = groups
    .map(({ name, survival }) =>
      survival.length === 0
        ? `${name}: no episodes`
        : `${name}: mean ${mean(survival).toFixed(2)} steps, n = ${survival.length}`,
    )
    .join("\n");
  return figure(data, {
    title,
    xTitle: "steps survived",
    yTitle: "% of episodes",
    text,
    layout: { barmode: "group", showlegend: true },
  });
}
