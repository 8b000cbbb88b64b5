/**
 * Runs the tour: executes `notebooks/00-tour.ipynb` through the kernel, writes the executed notebook and its page under
 * `runs/`, and prints the main figures. `npm start -- NOTEBOOK` runs another notebook the same way.
 */

import { basename, dirname, join, relative, resolve } from "node:path";
import { NotebookFailure, type RunProgress, runNotebook, sourceOf } from "../kernel/notebook/index.ts";

const root = dirname(import.meta.dirname);
const path = resolve(process.argv[2] ?? join(root, "notebooks", "00-tour.ipynb"));
const name = basename(path, ".ipynb");
const output = join(root, "runs", `${name}.ipynb`);
const html = join(root, "runs", `${name}.html`);
const started = Number(process.env.AUTOAGENT_STARTED ?? Date.now());
const stop = new AbortController();
process.on("SIGINT", () => stop.abort());

let firstCell: number | null = null;
const width = process.stderr.columns || 100;

/** One line that is rewritten on a terminal; elsewhere a line a cell. */
function tell({ cell, cells, title, seconds, note, done }: RunProgress): void {
  firstCell ??= (Date.now() - started) / 1000;
  const what = note !== "" && !done ? note : title;
  const line = `[${cell}/${cells}] ${seconds.toFixed(1).padStart(5)} s  ${what}`.slice(0, width - 1);
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}${done ? "\n" : ""}`);
  else if (done) process.stderr.write(`${line}\n`);
}

try {
  const { notebook, failure, seconds } = await runNotebook({
    path,
    output,
    html,
    onProgress: tell,
    signal: stop.signal,
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  for (const cell of notebook.cells) {
    if (!cell.metadata.tags?.includes("figures")) continue;
    for (const out of cell.outputs ?? []) {
      const text = (out.data as { "text/plain"?: string } | undefined)?.["text/plain"];
      if (text !== undefined) console.log(`\n${text}`);
    }
  }
  if (failure !== null) {
    const cell = notebook.cells.filter((c) => c.cell_type === "code" && sourceOf(c).trim() !== "")[failure.cell - 1]!;
    console.error(`\nCell ${failure.cell} failed:\n${sourceOf(cell).trim()}\n\n${failure.traceback}\n`);
    process.exitCode = 1;
  }
  console.log(
    `\nFirst cell after ${(firstCell ?? 0).toFixed(1)} s, all in ${seconds.toFixed(0)} s. Open the page in a browser:`,
  );
  console.log(`  ${relative(process.cwd(), html)}   (the executed notebook lies beside it)`);
} catch (error) {
  if (!(error instanceof NotebookFailure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
