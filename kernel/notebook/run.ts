/**
 * Runs a notebook headless: every code cell in order through the kernel's own process, outputs collected as nbformat has
 * them, the executed notebook and a page written at the end. A cell that fails, or leaves an error that nobody catches, ends
 * the run; what ran is written all the same. Not here: the wire (`client.ts`), the page (`page.ts`).
 */

import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { uncaughtMark } from "../session/protocol.ts";
import type { Message } from "../wire/index.ts";
import { type Client, startClient } from "./client.ts";
import { collectOutputs } from "./collect.ts";
import {
  type Cell,
  formatNotebook,
  type Notebook,
  prepareFolder,
  readNotebook,
  sourceOf,
  writeWhole,
} from "./format.ts";
import { writePage } from "./page.ts";

/** How a notebook is run. */
export interface RunOptions {
  /** The notebook's path. It is never written to unless it is also the output. */
  path: string;
  /** Where the executed notebook goes. */
  output?: string;
  /** Where the page goes. */
  html?: string;
  /** Longest time for one cell; 0 for none. @default 0 */
  timeoutMs?: number;
  /** Go on after a cell that fails. @default false */
  allowErrors?: boolean;
  /** Values set after the cell tagged `parameters`, or first. */
  parameters?: { [name: string]: unknown };
  onProgress?: (progress: RunProgress) => void;
  signal?: AbortSignal;
}

/** Where a run is. */
export interface RunProgress {
  /** Number of the code cell, from 1, and how many there are. */
  cell: number;
  cells: number;
  /** The cell's first line of code. */
  title: string;
  /** Since the cell began. */
  seconds: number;
  /** What the cell last showed of its own progress. */
  note: string;
  done: boolean;
}

/** What came of a run. */
export interface RunResult {
  notebook: Notebook;
  /** The first cell that failed, and what it said. */
  failure: { cell: number; title: string; traceback: string } | null;
  /** Seconds until the first cell began, and in all. */
  startSeconds: number;
  seconds: number;
}

/** What nbformat wants to know of a kernel. */
const ourKernel = { display_name: "TypeScript (AutoAgent Lab)", language: "typescript", name: "autoagent" };

/** Runs a notebook. Rejects with a NotebookFailure when it cannot be read, started or written. */
export async function runNotebook(options: RunOptions): Promise<RunResult> {
  const began = performance.now();
  const path = resolve(options.path);
  const notebook = readNotebook(path);
  const cells = withParameters(notebook.cells, options.parameters);
  notebook.cells = cells;
  notebook.metadata = {
    ...notebook.metadata,
    kernelspec: { ...ourKernel, ...(notebook.metadata.kernelspec as object) },
  };
  for (const file of [options.output, options.html]) if (file) prepareFolder(resolve(file));
  const client = await startClient(dirname(path), { environment: { JPY_SESSION_NAME: path } });
  let failure: RunResult["failure"] = null;
  const startSeconds = (performance.now() - began) / 1000;
  let lost: unknown = null;
  try {
    failure = await runCells(client, cells, options);
  } catch (error) {
    lost = error; // the kernel ended in the middle: what ran is written all the same
  } finally {
    await client.close();
  }
  if (options.output) writeWhole(resolve(options.output), formatNotebook(notebook));
  if (options.html) writeWhole(resolve(options.html), await writePage(notebook, { title: titleOf(notebook) }));
  if (lost !== null) throw lost;
  return { notebook, failure, startSeconds, seconds: (performance.now() - began) / 1000 };
}

async function runCells(client: Client, cells: Cell[], options: RunOptions): Promise<RunResult["failure"]> {
  const code = cells.filter((cell) => cell.cell_type === "code" && sourceOf(cell).trim() !== "");
  const collect = collectOutputs();
  let failure: RunResult["failure"] = null;
  for (const cell of cells) if (cell.cell_type === "code") Object.assign(cell, { outputs: [], execution_count: null });
  for (const [index, cell] of code.entries()) {
    if (options.signal?.aborted) return failure;
    const title = titleOfCell(cell);
    const began = performance.now();
    let note = "";
    const tell = (done: boolean): void => {
      const seconds = (performance.now() - began) / 1000;
      options.onProgress?.({ cell: index + 1, cells: code.length, title, seconds, note, done });
    };
    const fail = (traceback: string): void => {
      if (!cell.metadata.tags?.includes("raises-exception")) failure ??= { cell: index + 1, title, traceback };
    };
    tell(false);
    const ticking = setInterval(() => tell(false), 250);
    try {
      const { reply, isLate } = await withLimits(client, options, () =>
        client.execute(sourceOf(cell), (message) => {
          collect(cell, message);
          note = noteOf(message) ?? note;
          if (isUncaught(message)) fail(String(message.content.text).trimEnd()); // maybe long after the cell's end
        }),
      );
      cell.execution_count = (reply.content.execution_count as number | undefined) ?? null;
      if (reply.content.status === "error") {
        const limit = `It was stopped after ${options.timeoutMs! / 1000} s, the longest time for one cell.`;
        fail([...((reply.content.traceback as string[] | undefined) ?? []), ...(isLate ? [limit] : [])].join("\n"));
      }
    } finally {
      clearInterval(ticking);
    }
    tell(true);
    if (options.signal?.aborted || (failure !== null && !options.allowErrors)) return failure;
  }
  await untilAtRest(client);
  return failure;
}

/** What cells left under way has this long to come to its end, or to its error, after the last of them. */
const lastWordsMs = 1000;

async function untilAtRest(client: Client): Promise<void> {
  const end = performance.now() + lastWordsMs;
  while (performance.now() < end && (await client.isAtWork())) await sleep(25);
  await sleep(0);
}

function titleOfCell(cell: Cell): string {
  const lines = sourceOf(cell).split("\n");
  return (lines.find((line) => !/^\s*(\/\/|$)/.test(line)) ?? "").trim();
}

/** An error that nobody caught, as the kernel marks it. */
function isUncaught({ header, metadata }: Message): boolean {
  const { autoagent } = metadata as { autoagent?: Partial<typeof uncaughtMark.autoagent> };
  return header.msg_type === "stream" && autoagent?.uncaught === uncaughtMark.autoagent.uncaught;
}

/** Stops a cell that takes too long (`isLate`), or when the run is aborted: by interrupts, as a person would. */
async function withLimits(
  client: Client,
  { timeoutMs = 0, signal }: RunOptions,
  run: () => Promise<Message>,
): Promise<{ reply: Message; isLate: boolean }> {
  let isLate = false;
  let again: NodeJS.Timeout | undefined;
  const stop = (): void => {
    client.interrupt();
    // One that comes while the cell is still being prepared finds nothing to stop.
    again ??= setInterval(() => client.interrupt(), 1000);
  };
  signal?.addEventListener("abort", stop);
  const late = (): void => {
    isLate = true;
    stop();
  };
  const timer = timeoutMs > 0 ? setTimeout(late, timeoutMs) : undefined;
  try {
    if (signal?.aborted) stop();
    return { reply: await run(), isLate };
  } finally {
    clearTimeout(timer);
    clearInterval(again);
    signal?.removeEventListener("abort", stop);
    await sleep(0); // output that was on its way
  }
}

function noteOf({ header, content }: Message): string | null {
  if (header.msg_type !== "display_data" && header.msg_type !== "update_display_data") return null;
  const text = (content.data as { "text/plain"?: unknown })["text/plain"];
  return typeof text === "string" && !text.includes("\n") ? text.slice(0, 100) : null;
}

function withParameters(cells: Cell[], parameters: { [name: string]: unknown } | undefined): Cell[] {
  if (parameters === undefined || Object.keys(parameters).length === 0) return cells;
  const lines = Object.entries(parameters).map(([name, value]) => `${name} = ${JSON.stringify(value)};`);
  const at = cells.findIndex((cell) => cell.metadata.tags?.includes("parameters"));
  const source = at >= 0 ? lines.join("\n") : lines.map((line) => `var ${line}`).join("\n");
  const injected: Cell = { cell_type: "code", source, metadata: { tags: ["injected-parameters"] }, outputs: [] };
  return [...cells.slice(0, at + 1), injected, ...cells.slice(at + 1)];
}

function titleOf({ cells }: Notebook): string {
  for (const cell of cells) {
    const heading = cell.cell_type === "markdown" ? /^#\s+(.+)$/m.exec(sourceOf(cell)) : null;
    if (heading) return heading[1]!.replace(/[*_`]/g, "");
  }
  return "Notebook";
}
