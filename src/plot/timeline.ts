/** Episodes in time: one, step by step, with what each was worth; or many side by side, one row an episode. */

import { asText, type Figure, figure, palette, verdictColours } from "./figure.ts";
import { titled } from "./given.ts";

/** One life of the comparison. */
export interface EpisodeRow {
  /** The row's name, and the group it stands in. */
  name: string;
  group: string;
  steps: readonly { label: string; verdict: string }[];
}

/** Draws episodes as rows of steps; a step that ended its episode stands out. */
export function episodesSideBySide(episodes: readonly EpisodeRow[], options: { title?: string } = {}): Figure {
  const { title = "Episodes, side by side" } = titled(options, "episodesSideBySide");
  // A label that only ever ended a life has no cell of its own, and so no entry in the legend.
  const labels = [...new Set(episodes.flatMap(({ steps }) => steps.filter(survived).map(({ label }) => label)))].sort();
  const rows = episodes.map(({ name, group }) => `${group} · ${name}`);
  const data: object[] = labels.map((label, i) => {
    const cells = episodes.flatMap(({ steps }, row) =>
      steps.flatMap((step, at) => (step.label === label && survived(step) ? [{ row, at }] : [])),
    );
    return {
      type: "scatter",
      mode: "markers",
      name: asText(label),
      x: cells.map(({ at }) => at),
      y: cells.map(({ row }) => rows[row]),
      marker: { symbol: "square", size: 9, color: palette[i % palette.length] },
      // Not in the template itself, where a label's own places would be filled.
      customdata: cells.map(() => asText(label)),
      hovertemplate: "step %{x}: %{customdata}<extra></extra>",
    };
  });
  const deaths = episodes.flatMap(({ steps }, row) => {
    const last = steps.at(-1);
    return last !== undefined && !survived(last) ? [{ row, at: steps.length - 1, ...last }] : [];
  });
  data.push({
    type: "scatter",
    mode: "markers+text",
    name: "the end",
    x: deaths.map(({ at }) => at),
    y: deaths.map(({ row }) => rows[row]),
    text: deaths.map(({ label, verdict }) => `  ${asText(label)} → ${verdict.replaceAll("_", " ")}`),
    textposition: "middle right",
    cliponaxis: false,
    marker: { symbol: "x", size: 12, color: deaths.map(({ verdict }) => verdictColours[verdict] ?? "#888888") },
    hovertemplate: "%{text}<extra></extra>",
  });
  const text = episodes
    .map(({ steps }, row) => {
      const last = steps.at(-1);
      const end = last === undefined || survived(last) ? "still alive" : `${last.label} → ${last.verdict}`;
      return `${rows[row]}: ${steps.length} steps, ${end}`;
    })
    .join("\n");
  return figure(data, {
    title,
    xTitle: "step",
    text,
    layout: {
      height: 170 + 40 * episodes.length,
      margin: { l: 60, r: 20, t: 100, b: 55 },
      yaxis: { type: "category", categoryorder: "array", categoryarray: [...rows].reverse(), showgrid: false },
    },
  });
}

/** One step of the timeline. */
export interface TimelineStep {
  /** The program's first line, or its name. */
  label: string;
  verdict: string;
  /** NaN where the step could not be scored. */
  reward: number;
  /** Whether it changed the agent, and whether it did what it was asked; absent where that is not known. */
  changed?: boolean;
  solved?: boolean;
}

/** One life: a bar a step as high as its reward (harm is cut off at the scale of the others, and says so). */
export function episodeTimeline(steps: readonly TimelineStep[], options: { title?: string } = {}): Figure {
  const { title = "One episode" } = titled(options, "episodeTimeline");
  const usual = Math.max(1, ...steps.filter(survived).map(({ reward }) => Math.abs(reward || 0)));
  // Nothing for a step that could not be scored, whose reward is NaN.
  const shown = steps.map(({ reward }) => Math.max(-usual * 1.5, Math.min(usual * 1.5, reward || 0)));
  const marks = ({ changed, solved }: TimelineStep): string => `${changed ? "✎" : ""}${solved ? "★" : ""}`;
  const words = (step: TimelineStep): string =>
    `${asText(step.label)}<br>${step.verdict.replaceAll("_", " ")}, reward ${worthOf(step)}`;
  const last = steps.at(-1);
  const data = [
    {
      type: "bar",
      x: steps.map((_, i) => i),
      // A step worth nothing is still to be seen.
      y: shown.map((y, i) => (y === 0 ? (survived(steps[i]!) ? usual * 0.04 : -usual * 0.04) : y)),
      text: steps.map((step, i) => (Math.abs(step.reward) > Math.abs(shown[i]!) ? String(step.reward) : marks(step))),
      textposition: "outside",
      cliponaxis: false,
      customdata: steps.map(words),
      hovertemplate: "step %{x}: %{customdata}<extra></extra>",
      marker: { color: steps.map(({ verdict }) => verdictColours[verdict] ?? "#888888") },
    },
  ];
  const end = last === undefined || survived(last) ? "still alive" : last.verdict.replaceAll("_", " ");
  const text = steps
    .map((step, i) => `${i}: ${step.label} → ${step.verdict} (${worthOf(step)}) ${marks(step)}`.trimEnd())
    .join("\n");
  return figure(data, {
    title: `${title}: ${steps.length} steps, ${end}`,
    xTitle: "step (✎ changed the agent, ★ did what was asked)",
    yTitle: "reward",
    text,
    layout: { showlegend: false, height: 300, xaxis: { dtick: Math.max(1, Math.ceil(steps.length / 25)) } },
  });
}

function worthOf({ reward }: TimelineStep): string {
  return Number.isNaN(reward) ? "not scored" : String(reward);
}

function survived({ verdict }: { verdict: string }): boolean {
  return verdict === "survived";
}
