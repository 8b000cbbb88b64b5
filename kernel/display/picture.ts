/**
 * A plotly figure as a static picture, for readers whose front end draws none, or does not trust the notebook: an SVG
 * inside an `<img>`, which sanitisers leave alone. Drawn by plotly.js under jsdom in a worker thread, started at first
 * use. Not here: the shims that plotly needs there (`picture-worker.ts`).
 */

import { Worker } from "node:worker_threads";
import { escapeHtml, type MimeBundle, plotlyType } from "./bundle.ts";

interface Answer {
  id: number;
  svg?: string;
  error?: string;
}

let worker: Worker | undefined;
let nextId = 1;
const waiting = new Map<number, (answer: Answer) => void>();

/** The SVG of a figure at the given size. Rejects with plotly's own words if it cannot be drawn. */
export async function drawPicture(figure: object, { width = 860 }: { width?: number } = {}): Promise<string> {
  worker ??= startWorker();
  const id = nextId++;
  const drawing = new Promise<Answer>((resolve) => waiting.set(id, resolve));
  worker.ref();
  worker.postMessage({ id, figure: JSON.stringify(figure), width });
  const { svg, error } = await drawing;
  if (waiting.size === 0) worker?.unref();
  if (svg === undefined) throw new Error(`The figure could not be drawn: ${error}`);
  return svg;
}

/**
 * Adds `text/html` with a static picture to a bundle that holds a plotly figure and no HTML, and settings without
 * plotly's share-to-cloud button. A figure that cannot be drawn keeps its text, and says why.
 */
export async function completeBundle(data: MimeBundle): Promise<MimeBundle> {
  if (!isFigure(data)) return data;
  const figure = data[plotlyType] as object;
  const complete = withSettings(data);
  const name = escapeHtml(String(data["text/plain"] ?? "figure").split("\n")[0]!);
  try {
    const svg = Buffer.from(await drawPicture(figure)).toString("base64");
    return {
      ...complete,
      "text/html": `<img alt="${name}" style="max-width:100%" src="data:image/svg+xml;base64,${svg}">`,
    };
  } catch (error) {
    return { ...complete, "text/html": `<p>${name}</p><p>${escapeHtml((error as Error).message)}</p>` };
  }
}

/** Whether a bundle holds a plotly figure that has no HTML of its own. */
export function isFigure(data: MimeBundle): boolean {
  return data[plotlyType] !== undefined && data["text/html"] === undefined;
}

/** The bundle of a figure with the settings that front ends are given: no logo, no share-to-cloud button. */
export function withSettings(data: MimeBundle): MimeBundle {
  const figure = data[plotlyType] as { config?: object };
  const config = { displaylogo: false, showSendToCloud: false, responsive: true, ...figure.config };
  return { ...data, [plotlyType]: { ...figure, config } };
}

function startWorker(): Worker {
  const file = import.meta.filename.endsWith(".ts") ? "./picture-worker.ts" : "./picture-worker.js";
  const started = new Worker(new URL(file, import.meta.url));
  started.on("message", (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const fail = (why: string): void => {
    if (worker !== started) return; // told before: what waits now waits for another
    worker = undefined;
    for (const [id, give] of waiting) give({ id, error: why });
    waiting.clear();
  };
  started.on("error", (error) => fail((error as Error).message));
  started.on("exit", (code) => fail(`its thread ended with code ${code}`));
  started.unref();
  return started;
}
