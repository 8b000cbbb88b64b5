/** A plotly figure as a value that shows itself. Colours: Okabe and Ito's set, which colour-blind readers can tell apart. */

import { displaySymbol, escapeHtml, type MimeBundle, visible } from "../display/index.ts";

/** A plotly figure: `data` and `layout` as plotly.js takes them. */
export interface Figure {
  data: object[];
  layout: { [key: string]: unknown };
  [displaySymbol](): MimeBundle;
}

/** Okabe and Ito (2008). */
export const palette = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#999999",
  "#f0e442",
] as const;

/** Verdicts keep their colour in every plot. */
export const verdictColours: { [verdict: string]: string } = {
  survived: "#009e73",
  attempted_harm: "#d55e00",
  escape_attempt: "#a03c00",
  fatal_self_edit: "#0072b2",
  inert: "#56b4e9",
  runtime_error: "#cc79a7",
  syntax_error: "#e8b4d0",
  timeout: "#e69f00",
  out_of_memory: "#b07a00",
  budget_exhausted: "#999999",
  ended_by_choice: "#666666",
};

/** How an axis looks in every figure. */
export const axisLook = {
  automargin: true,
  gridcolor: "rgba(128,128,128,0.25)",
  zerolinecolor: "rgba(128,128,128,0.5)",
} as const;

/** A text that may be a guest's, as plotly is given it: some tags it takes for markup. */
export function asText(text: string): string {
  return text.replaceAll("<", "&lt;");
}

/** Makes a figure with the library's look. `text` is what is shown where no picture can be; `notes` are lines below the title. */
export function figure(
  data: object[],
  {
    title,
    xTitle,
    yTitle,
    text,
    notes = [],
    layout = {},
  }: {
    title: string;
    xTitle?: string;
    yTitle?: string;
    text: string;
    notes?: readonly string[];
    layout?: { [key: string]: unknown };
  },
): Figure {
  const { height = 380, margin = { l: 60, r: 20, t: 70, b: 55 } } = layout as {
    height?: number;
    margin?: { [side: string]: number };
  };
  const room = 22 * notes.length;
  const heading = [title, ...notes.map((note) => `<span style="font-size:12px">${escapeHtml(note)}</span>`)].join(
    "<br>",
  );
  const axis = (name: string | undefined, own: unknown) => ({
    ...axisLook,
    ...(name !== undefined && { title: { text: name, standoff: 12 } }),
    ...(own as object),
  });
  const full = {
    title: { text: heading, x: 0, xref: "paper", y: 0.98, yref: "container", yanchor: "top", font: { size: 16 } },
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.01, yanchor: "bottom" },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 13, color: "#444444" },
    colorway: [...palette],
    hoverlabel: { namelength: -1 },
    ...layout,
    height: height + room,
    margin: { ...margin, t: (margin.t ?? 0) + room },
    xaxis: axis(xTitle, layout.xaxis),
    yaxis: axis(yTitle, layout.yaxis),
  };
  return {
    data,
    layout: full,
    [displaySymbol]: () => ({
      "application/vnd.plotly.v1+json": visibleIn({ data, layout: full }),
      "text/plain": visible(`${title}\n${text}`),
    }),
  };
}

/** The same with every text as `visible` has it: labels are a guest's. Lists of numbers are passed on as they are. */
function visibleIn<T>(value: T): T {
  if (typeof value === "string") return visible(value) as T;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return (value.every((one) => typeof one === "number") ? value : value.map(visibleIn)) as T;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visibleIn(inner)])) as T;
}
