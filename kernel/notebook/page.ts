/**
 * An executed notebook as one HTML file that needs nothing else: no network, no other file. plotly.js is in it once, and
 * only if there is a figure. The HTML that cells showed is put in as it is: it comes from the run that has just ended,
 * which could do more than any page. Not here: running (`run.ts`).
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { stripVTControlCharacters } from "node:util";
import hljs from "highlight.js/lib/core";
import typescript from "highlight.js/lib/languages/typescript";
import { Marked } from "marked";
import { escapeHtml, plotlyType } from "../display/index.ts";
import { type Cell, type Notebook, type Output, sourceOf } from "./format.ts";
import { pageStyle } from "./style.ts";

hljs.registerLanguage("typescript", typescript);

/** The page of a notebook. */
export async function writePage(notebook: Notebook, { title }: { title: string }): Promise<string> {
  const headings: { level: number; text: string; id: string }[] = [];
  const figures: unknown[] = [];
  const marked = createMarkdown(headings);
  const body: string[] = [];
  for (const cell of notebook.cells) {
    if (cell.cell_type === "markdown")
      body.push(`<section class="prose">${await marked.parse(sourceOf(cell))}</section>`);
    else if (cell.cell_type === "code" && sourceOf(cell).trim() !== "")
      body.push(await codeCell(cell, marked, figures));
  }
  const contents = headings
    .filter(({ level }) => level === 2)
    // A link in a heading would end the one that leads to it.
    .map(({ text, id }) => `<li><a href="#${id}">${text.replace(/<\/?a\b[^>]*>/g, "")}</a></li>`)
    .join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
${contents === "" ? "" : `<nav><ol>${contents}</ol></nav>`}
<main>
${body.join("\n")}
</main>
${figures.length > 0 ? scripts(figures) : ""}
</body>
</html>
`;
}

function createMarkdown(headings: { level: number; text: string; id: string }[]): Marked {
  return new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const text = this.parser.parseInline(tokens);
        const plain = text.replace(/<[^>]*>/g, "").toLowerCase();
        const id = `h${headings.length}-${plain.replace(/[^a-z0-9]+/g, "-")}`;
        headings.push({ level: depth, text, id });
        return `<h${depth} id="${id}">${text}</h${depth}>\n`;
      },
      code: ({ text, lang }) =>
        `<pre><code>${lang === "ts" || lang === "typescript" ? colour(text) : escapeHtml(text)}</code></pre>`,
    },
  });
}

async function codeCell(cell: Cell, marked: Marked, figures: unknown[]): Promise<string> {
  const number = cell.execution_count ?? " ";
  const outputs = await Promise.all((cell.outputs ?? []).map((output) => showOutput(output, marked, figures)));
  const code = `<pre class="code"><code>${colour(sourceOf(cell).trim())}</code></pre>`;
  const hidden = cell.metadata.tags?.includes("hide-input") === true;
  return `<section class="cell">
<div class="number">${number}</div>
<div class="content">${hidden ? `<details><summary>code</summary>${code}</details>` : code}
${outputs
  .filter((text) => text !== "")
  .map((text) => `<div class="output">${text}</div>`)
  .join("\n")}</div>
</section>`;
}

async function showOutput(output: Output, marked: Marked, figures: unknown[]): Promise<string> {
  if (output.output_type === "stream") return `<pre class="${output.name}">${escapeHtml(plainOf(output.text))}</pre>`;
  if (output.output_type === "error")
    return `<pre class="error">${escapeHtml(plainOf((output.traceback as string[]).join("\n")))}</pre>`;
  const data = output.data as { [mimeType: string]: unknown };
  if (data[plotlyType] !== undefined) {
    figures.push(data[plotlyType]);
    const { height = 380 } = (data[plotlyType] as { layout?: { height?: number } }).layout ?? {};
    const name = escapeHtml(textOf(data["text/plain"] ?? "figure").split("\n")[0]!);
    return `<div class="figure" role="img" aria-label="${name}" data-figure="${figures.length - 1}" style="height:${height}px"></div>`;
  }
  if (data["text/html"] !== undefined) return `<div class="html">${textOf(data["text/html"])}</div>`;
  if (data["text/markdown"] !== undefined) return await marked.parse(textOf(data["text/markdown"]));
  if (data["image/svg+xml"] !== undefined) {
    const svg = Buffer.from(textOf(data["image/svg+xml"])).toString("base64");
    return `<img alt="" src="data:image/svg+xml;base64,${svg}">`;
  }
  for (const type of ["image/png", "image/jpeg", "image/gif"])
    if (data[type] !== undefined) return `<img alt="" src="data:${type};base64,${textOf(data[type])}">`;
  const text = plainOf(data["text/plain"] ?? "");
  return text === "" ? "" : `<pre>${escapeHtml(text)}</pre>`;
}

/** plotly.js once, the figures as data, and a few lines that draw them in the reader's colours. */
function scripts(figures: unknown[]): string {
  const require = createRequire(import.meta.url);
  const plotly = readFileSync(require.resolve("plotly.js/dist/plotly.min.js"), "utf8");
  return `<script>${plotly.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--")}</script>
<script type="application/json" id="figures">${JSON.stringify(figures).replaceAll("<", "\\u003c")}</script>
<script>
const figures = JSON.parse(document.getElementById("figures").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const draw = () => {
  for (const place of document.querySelectorAll("[data-figure]")) {
    const { data, layout = {}, config } = structuredClone(figures[Number(place.dataset.figure)]);
    const font = { ...layout.font, color: dark.matches ? "#d7d7d7" : "#333333" };
    const settings = { responsive: true, displaylogo: false, showSendToCloud: false, displayModeBar: false, ...config };
    Plotly.react(place, data, { autosize: true, ...layout, font }, settings).then(() => { place.dataset.drawn = "yes"; });
  }
};
dark.addEventListener("change", draw);
draw();
</script>`;
}

function colour(code: string): string {
  return hljs.highlight(code, { language: "typescript" }).value;
}

/** Text without the colours that a program wrote for a terminal. */
function plainOf(value: unknown): string {
  return stripVTControlCharacters(textOf(value));
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join("") : String(value);
}
