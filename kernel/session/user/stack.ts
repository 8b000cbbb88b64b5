/**
 * Every error's `stack` as a reader wants it, caught or not: the cell as its prompt numbers it, the source's own lines,
 * none of our frames. V8 asks for a stack's text when it is first read, so errors that nobody looks at cost nothing.
 * Not here: an error as Jupyter sends it (`trace.ts`).
 */

import { fileURLToPath } from "node:url";
import type { PreparedCell } from "../../language/rewrite.ts";

/** What ran under a name of the form `cell-ID.ts`, for traces that come later. */
export interface KnownCode {
  /** How a trace names it: "cell 4". */
  label: string;
  source: string;
  /** The source's own place for a place of what ran; null until it is ready to run. */
  locate: PreparedCell["locate"] | null;
}

/** A place in what was run, as its author wrote it: 1-based line, 0-based column. */
export interface Place {
  source: string;
  line: number;
  column: number;
}

const known = new Map<number, KnownCode>();
/** The code that a label named last: an error whose stack was written anew has lost its own place. */
const latest = new Map<string, KnownCode>();
/** The topmost place of an error whose stack was made here. */
const places = new WeakMap<object, Place>();

/** Keeps code, under the number that its name carries. */
export function keepCode(id: number, code: KnownCode): void {
  known.set(id, code);
  latest.set(code.label, code);
}

/** Our own files, and Node's that lie between a cell and what called it. */
const ownFolder = new URL("../../", import.meta.url);
const ownNames = [ownFolder.href, fileURLToPath(ownFolder)];
const betweenUs = /(?:^|[\s(])node:(?:internal|inspector|async_hooks|diagnostics_channel)\b/;
/** What may have called a cell's callback: nothing that its author wrote. */
const machinery = /(?:^|\()(?:node:|<anonymous>)/;

/** Has every stack made in this process read so. A package that sets its own `Error.prepareStackTrace` gets V8's sites. */
export function installStacks(): void {
  const nodes = Error.prepareStackTrace as (error: Error, sites: NodeJS.CallSite[]) => unknown;
  Error.prepareStackTrace = (error, sites) => {
    const text = nodes(error, sites);
    return typeof text === "string" ? readable(error, text, sites.length) : text;
  };
}

function readable(error: object, text: string, frameCount: number): string {
  if (frameCount === 0) return text;
  const parts = text.split(frameStart);
  const head = parts.splice(0, parts.length - frameCount).join(frameStart);
  const { lines, first } = readFrames(parts);
  if (first !== null) places.set(error, first);
  return [head, ...lines].join(frameStart);
}

const frameStart = "\n    at ";

/** The lines of an error's stack below its message, and the first place among them that a cell's author wrote. */
export function framesOf(error: Error): { lines: string[]; first: Place | null } {
  const stack = String(error.stack);
  const start = stack.indexOf(frameStart);
  if (start < 0) return { lines: [], first: null };
  // Read again: it may come from a package's own Error.prepareStackTrace.
  const { lines, first } = readFrames(stack.slice(start + frameStart.length).split(/\n(?: {4}at )?/));
  return { lines, first: places.get(error) ?? first };
}

function readFrames(frames: string[]): { lines: string[]; first: Place | null } {
  const lines: string[] = [];
  let first: Place | null = null;
  for (const frame of frames) {
    if (betweenUs.test(frame) || ownNames.some((name) => frame.includes(name))) continue;
    const read = readFrame(frame);
    if (read === null) continue;
    lines.push(read.text);
    first ??= read.place;
  }
  const end = lines.findLastIndex((line) => !machinery.test(line.replace(/^.*\((?=[^(]*$)/, "(")));
  return { lines: end < 0 ? lines : lines.slice(0, end + 1), first };
}

/** One frame with the places of its author; null for one that only our rewriting put there. */
function readFrame(frame: string): { text: string; place: Place | null } | null {
  let place: Place | null = null;
  let isOurs = false;
  const text = frame
    .replace(/(?<![\w/\\.-])cell-(\d+)\.ts:(\d+):(\d+)/g, (all, id, line, column) => {
      const code = known.get(Number(id));
      const at = code?.locate?.(Number(line), Number(column) - 1) ?? null;
      if (code === undefined || at === null) isOurs = true;
      if (code === undefined || at === null) return all as string;
      place ??= { source: code.source, ...at };
      return placeText(code.label, at);
    })
    .replace(/\?version=\d+(?=:\d+)/, "");
  if (isOurs) return null;
  return { text, place: place ?? labelledPlace(text) };
}

/** A place in words. */
export function placeText(label: string, { line, column }: { line: number; column: number }): string {
  return `${label}, line ${line}, column ${column + 1}`;
}

function labelledPlace(text: string): Place | null {
  const [, label = "", line, column] = /([^()]+), line (\d+), column (\d+)\)?$/.exec(text) ?? [];
  const code = latest.get(label.replace(/^async /, ""));
  return code === undefined ? null : { source: code.source, line: Number(line), column: Number(column) - 1 };
}
