/** Faults as text with a code frame, and whether a cell is checked at all. No ANSI colours. */

import type { Diagnostic } from "./service-types.ts";

/** What happens with type errors: the cell does not run, they are shown and it runs, or nobody looks. */
export type TypeCheckMode = "error" | "warn" | "off";

/** Where the mode may be said. */
export interface TypeCheckModeOptions {
  cell: string;
  /** The notebook's metadata; `autoagent.types` is read. */
  notebookMetadata?: { [key: string]: unknown } | undefined;
  environment?: { [name: string]: string | undefined };
}

/**
 * The mode of a cell: its own line `// types: off|warn|error`, else the notebook's metadata (`autoagent: { types }`), else
 * the environment variable AUTOAGENT_TYPES, else `warn`: a lesson asks for `error` in its metadata, and a stranger's
 * notebook still runs. Words that are none of the three are passed over.
 */
export function typeCheckMode({ cell, notebookMetadata, environment = {} }: TypeCheckModeOptions): TypeCheckMode {
  const line = /^[ \t]*\/\/[ \t]*types:[ \t]*(\w+)[ \t]*$/m.exec(cell)?.[1];
  const own = notebookMetadata?.autoagent as { types?: unknown } | undefined;
  return [line, own?.types, environment.AUTOAGENT_TYPES].find(isMode) ?? "warn";
}

function isMode(word: unknown): word is TypeCheckMode {
  return word === "error" || word === "warn" || word === "off";
}

/** Diagnostics as text: a sentence and a code frame each. `cellNumber` is what the notebook calls the cell. */
export function formatDiagnostics(
  cell: string,
  diagnostics: readonly Diagnostic[],
  { cellNumber }: { cellNumber: number },
): string {
  const lines = cell.split(/\r?\n/);
  return diagnostics.map((one) => `${title(one, cellNumber)}\n${frame(lines, one)}`).join("\n\n");
}

function title({ line, column, severity, code, message }: Diagnostic, cellNumber: number): string {
  return `Cell ${cellNumber}, line ${line}, column ${column}: ${severity} TS${code}: ${message}`;
}

/** The faulty line with one line around it, and marks under the faulty part. */
function frame(lines: string[], { line, column, endLine, endColumn }: Diagnostic): string {
  const width = String(line + 1).length;
  const out: string[] = [];
  for (let n = Math.max(1, line - 1); n <= Math.min(lines.length, line + 1); n++) {
    const text = lines[n - 1]!;
    out.push(`${n === line ? ">" : " "} ${String(n).padStart(width)} | ${text}`.trimEnd());
    if (n !== line) continue;
    // Tabs stay tabs, so that the marks stand where the reader sees the text.
    const before = text.slice(0, column - 1).replace(/[^\t]/g, " ");
    const end = endLine === line ? endColumn : text.length + 1;
    out.push(`  ${" ".repeat(width)} | ${before}${"^".repeat(Math.max(1, end - column))}`);
  }
  return out.join("\n");
}
