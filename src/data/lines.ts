/**
 * A file of JSON lines that outlives `kill -9`: each line is written by one call, and what a crash tore off is cut when the
 * file is opened again. Shared by logs, studies and evaluations.
 */

import { appendFileSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { dirname } from "node:path";

/** An open file of lines. */
export interface LinesFile {
  /** What stands in it, in order; null for a line that is no JSON. */
  readonly values: readonly unknown[];
  append(value: unknown): void;
  /** Cuts the last `count` lines off. */
  drop(count: number): void;
}

/**
 * Opens a file of lines, or begins one. A last line without an end is mended if it is whole, else cut, when the next is
 * written: a file that turns out to be something else stays as it is.
 */
export function openLines(path: string): LinesFile {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, "");
  const text = readFileSync(path, "utf8");
  const end = text.lastIndexOf("\n") + 1;
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  const rest = text.slice(end);
  const isWhole = rest !== "" && readJson(rest) !== null;
  if (isWhole) lines.push(rest);
  const values = lines.map(readJson);
  let mended = rest === "";
  const mend = (): void => {
    if (mended) return;
    if (isWhole) appendFileSync(path, "\n");
    else truncateSync(path, Buffer.byteLength(text.slice(0, end)));
    mended = true;
  };
  return {
    values,
    append(value) {
      mend();
      const line = JSON.stringify(value);
      appendFileSync(path, `${line}\n`);
      lines.push(line);
      values.push(value);
    },
    drop(count) {
      if (count === 0) return;
      mend();
      lines.length -= count;
      values.length -= count;
      truncateSync(path, Buffer.byteLength(lines.map((line) => `${line}\n`).join("")));
    },
  };
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}
