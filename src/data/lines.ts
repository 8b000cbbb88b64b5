/**
 * A file of JSON lines that outlives `kill -9`: each line is written by one call, and what a crash tore off is cut when the
 * file is opened again. Shared by logs, studies and evaluations.
 */

import { appendFileSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { appendWhole, diskFailure } from "./write.ts";

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
 * written: a file that turns out to be something else stays as it is. Its folder is made if it is missing.
 * @throws {DiskFailure} here and in `append` where the disk is full or the place is not writable; the lines before are kept
 */
export function openLines(path: string): LinesFile {
  const text = openText(path);
  const end = text.lastIndexOf("\n") + 1;
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  const rest = text.slice(end);
  const isWhole = rest !== "" && readJson(rest) !== null;
  if (isWhole) lines.push(rest);
  const values = lines.map(readJson);
  let mended = rest === "";
  let length = Buffer.byteLength(text);
  const mend = (): void => {
    if (mended) return;
    if (isWhole) length = appendWhole(path, Buffer.from("\n"), length);
    else cut(Buffer.byteLength(text.slice(0, end)));
    mended = true;
  };
  const cut = (to: number): void => {
    truncateSync(path, to);
    length = to;
  };
  return {
    values,
    append(value) {
      mend();
      const line = JSON.stringify(value);
      length = appendWhole(path, Buffer.from(`${line}\n`), length);
      lines.push(line);
      values.push(value);
    },
    drop(count) {
      if (count === 0) return;
      mend();
      lines.length -= count;
      values.length -= count;
      cut(Buffer.byteLength(lines.map((line) => `${line}\n`).join("")));
    },
  };
}

function openText(path: string): string {
  try {
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, "");
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw diskFailure(path, cause);
  }
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}
