/** Positions and answers: offsets of a cell's module to lines and cursors of the cell. */

import { adviceFor } from "./packages.ts";
import type { Cells } from "./service-cells.ts";
import type {
  Completion,
  CompletionItem,
  Diagnostic,
  Inspection,
  RawCompletion,
  RawDiagnostic,
} from "./service-types.ts";

/** From offsets of the module to lines of the cell; untyped packages are no fault of the cell. */
export function place(
  cell: string,
  raw: RawDiagnostic,
  { headerLength, cells, directory }: { headerLength: number; cells: Cells; directory: string },
): Diagnostic {
  const [line, column] = position(cell, raw.start - headerLength);
  const [endLine, endColumn] = position(cell, raw.end - headerLength);
  const found = { line, column, endLine, endColumn };
  const { code, message, severity } = raw;
  if (code === 2307 || code === 2882) {
    const advice = adviceFor(/'(.+?)'/.exec(message)?.[1] ?? "", directory);
    if (advice !== null) return { ...found, code, message: `${message} ${advice}`, severity };
  }
  if (code === 7016) return { ...found, code, message, severity: "warning" };
  // Earlier names are imports only to the compiler.
  const name = code === 2632 ? /'(.+?)'/.exec(message)?.[1] : undefined;
  const kind = name === undefined ? undefined : cells.names.get(name)?.kind;
  const [, ownCode = code, what = ""] =
    Object.entries(assigned)
      .find(([key]) => key === kind)
      ?.flat() ?? [];
  if (what === "") return { ...found, code, message, severity };
  return { ...found, code: Number(ownCode), message: `Cannot assign to '${name}' because it is ${what}.`, severity };
}

const assigned: { [kind: string]: [number, string] } = {
  const: [2588, "a constant"],
  function: [2630, "a function"],
  class: [2629, "a class"],
  enum: [2628, "an enum"],
  namespace: [2631, "a namespace"],
};

function position(text: string, offset: number): [line: number, column: number] {
  const before = text.slice(0, Math.max(0, offset)).split("\n");
  return [before.length, before.at(-1)!.length + 1];
}

/** A cursor in code points as an offset in UTF-16 units. */
export function toUnits(code: string, cursor: number): number {
  return Array.from(code).slice(0, cursor).join("").length;
}

function toPoints(code: string, offset: number): number {
  return Array.from(code.slice(0, offset)).length;
}

/** Names to put in the place of what stands between two offsets. */
export function answerOf(code: string, from: number, to: number, found: RawCompletion[]): Completion {
  const [start, end] = [toPoints(code, from), toPoints(code, to)];
  const types = found.map((one): CompletionItem => ({ ...one, start, end }));
  return { matches: types.map(({ text }) => text), cursorStart: start, cursorEnd: end, types };
}

/**
 * Members as they are written: a name that is no identifier needs brackets behind a dot, where the rest of the list needs
 * none, so it is offered only where nothing else is.
 */
export function written(
  code: string,
  start: number,
  { isMember, found }: { isMember: boolean; found: RawCompletion[] },
): { from: number; found: RawCompletion[] } {
  const isPlain = ({ text }: RawCompletion): boolean => /^#?[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(text);
  const plain = found.filter(isPlain);
  if (!isMember || plain.length === found.length || /["'`]$/.test(code.slice(0, start))) return { from: start, found };
  const quoted = (one: RawCompletion): string => (/^[\d.]+$/.test(one.text) ? one.text : JSON.stringify(one.text));
  if (!isMember)
    return { from: start, found: found.map((one) => (isPlain(one) ? one : { ...one, text: quoted(one) })) };
  if (plain.length > 0) return { from: start, found: plain };
  const [dots] = /\??\.\s*$/.exec(code.slice(0, start)) ?? [""];
  const before = dots.startsWith("?") ? "?." : "";
  const bracketed = found.map((one) => ({ ...one, text: `${before}[${quoted(one)}]` }));
  return { from: start - dots.length, found: bracketed };
}

const jupyterTypes: { [kind: string]: string } = {
  let: "variable",
  const: "variable",
  import: "module",
  namespace: "module",
};

/** What Jupyter calls a kind of declaration. */
export function typeOf(kind: string): string {
  return jupyterTypes[kind] ?? kind;
}

/** Where the name begins that is being typed, or the text of a string that is still open: a key, or one of a few words. */
export function startOfTyped(code: string, offset: number): number {
  const before = code.slice(0, offset);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const open = /^(?:[^"'`/]|\/(?!\/)|(["'`])(?:\\.|(?!\1)[^\\])*\1)*["'](?=[^"'`\\]*$)/.exec(line);
  if (open !== null) return offset - (line.length - open[0].length);
  return offset - /[\p{ID_Continue}$]*$/u.exec(before)![0].length;
}

/** Where the name begins that a cursor is in, behind, or whose call it has just opened. */
export function nameAt(code: string, offset: number): number | null {
  const before = code.slice(0, offset);
  const inName = /[\p{ID_Continue}$]+$/u.exec(before);
  if (inName !== null) return inName.index;
  if (/^[\p{ID_Start}$_]/u.test(code.slice(offset))) return offset;
  const called = /([\p{ID_Continue}$]+)\s*\(\s*$/u.exec(before);
  return called?.index ?? null;
}

/** A declaration and its documentation as text and as Markdown. */
export function toInspection(declaration: string, documentation: string): Inspection {
  const tail = documentation === "" ? "" : `\n\n${documentation}`;
  return {
    found: true,
    data: {
      "text/plain": `${declaration}${tail}`,
      "text/markdown": `\`\`\`typescript\n${declaration}\n\`\`\`${tail}`,
    },
  };
}
