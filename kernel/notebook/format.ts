/** Notebook files: nbformat 4.5, read and written so that a run changes only what it must. */

import { randomUUID } from "node:crypto";
import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** One output of a code cell, as nbformat has it. */
export interface Output {
  output_type: "stream" | "display_data" | "execute_result" | "error";
  [key: string]: unknown;
}

/** One cell. */
export interface Cell {
  cell_type: "code" | "markdown" | "raw";
  id?: string;
  source: string | string[];
  metadata: { [key: string]: unknown; tags?: string[] };
  outputs?: Output[];
  execution_count?: number | null;
}

/** A notebook. */
export interface Notebook {
  cells: Cell[];
  metadata: { [key: string]: unknown };
  nbformat: number;
  nbformat_minor: number;
}

/** Thrown when a notebook cannot be read, run or written; the text is for a person. */
export class NotebookFailure extends Error {
  override readonly name = "NotebookFailure";
}

/** Reads a notebook. Throws a NotebookFailure that says what is wrong with the file. */
export function readNotebook(path: string): Notebook {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new NotebookFailure(
      code === "ENOENT" ? `There is no notebook ${path}.` : `The notebook ${path} cannot be read (${code}).`,
      { cause },
    );
  }
  let value: Partial<Notebook>;
  try {
    value = JSON.parse(text) as Partial<Notebook>;
  } catch (cause) {
    throw new NotebookFailure(`${path} is not a notebook: it is not JSON (${(cause as Error).message}).`, { cause });
  }
  if (!Array.isArray(value?.cells) || typeof value.nbformat !== "number")
    throw new NotebookFailure(`${path} is not a notebook: it has no list of cells or no nbformat.`);
  if (value.nbformat !== 4)
    throw new NotebookFailure(
      `${path} is of nbformat ${value.nbformat}: convert it to nbformat 4 with \`jupyter nbconvert --to notebook\`.`,
    );
  const language = (value.metadata?.kernelspec as { language?: string } | undefined)?.language;
  if (language !== undefined && language !== "typescript" && language !== "javascript")
    throw new NotebookFailure(
      `${path} is for a kernel of the language ${JSON.stringify(language)}: this one runs TypeScript.`,
    );
  const cells = value.cells.map((cell: Partial<Cell> | null, i): Cell => {
    const fault = cellFault(cell);
    if (fault !== null) throw new NotebookFailure(`${path} is not a notebook: its cell ${i + 1} ${fault}.`);
    return { ...(cell as Cell), metadata: cell!.metadata ?? {} };
  });
  return { nbformat: 4, nbformat_minor: 5, cells, metadata: value.metadata ?? {} };
}

function cellFault(cell: Partial<Cell> | null): string | null {
  if (typeof cell?.cell_type !== "string") return "has no cell_type";
  const { source } = cell;
  const isText =
    typeof source === "string" || (Array.isArray(source) && source.every((line) => typeof line === "string"));
  return isText ? null : "has no source of text, or of lines of text";
}

/** A cell's source as one string. */
export function sourceOf({ source }: Cell): string {
  return Array.isArray(source) ? source.join("") : source;
}

/** Writes a file in one step: what was there stays until the new one is whole. */
export function writeWhole(path: string, text: string): void {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    const code = (cause as NodeJS.ErrnoException).code;
    const cure =
      code === "ENOSPC" ? "the disk is full: free some space" : `${code}: choose a folder that you may write to`;
    throw new NotebookFailure(`${path} cannot be written (${cure}); nothing was changed.`, { cause });
  }
}

/** Makes the folder of a file that will be written. Throws a NotebookFailure where it cannot be, before a long run. */
export function prepareFolder(path: string): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new NotebookFailure(`${folder} cannot be written to (${code}): choose a folder that you may write to.`, {
      cause,
    });
  }
}

/** The notebook as nbformat writes it: sorted keys, one space, sources and texts as lists of lines. */
export function formatNotebook(notebook: Notebook): string {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    id: cell.id ?? randomUUID().slice(0, 8),
    source: toLines(sourceOf(cell)),
    ...(cell.cell_type === "code" && {
      execution_count: cell.execution_count ?? null,
      outputs: (cell.outputs ?? []).map(outputLines),
    }),
  }));
  return `${JSON.stringify(sortKeys({ ...notebook, cells, nbformat: 4, nbformat_minor: 5 }), null, 1)}\n`;
}

function outputLines(output: Output): Output {
  if (output.output_type === "stream") return { ...output, text: toLines(String(output.text)) };
  if (typeof output.data !== "object" || output.data === null) return output;
  const data = Object.fromEntries(
    Object.entries(output.data).map(([type, value]) => [
      type,
      // JSON stays what it is, a text too: who reads it joins no lines there.
      typeof value === "string" && !/^image\/(png|jpeg|gif)|[/+]json$/.test(type) ? toLines(value) : value,
    ]),
  );
  return { ...output, data };
}

function toLines(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
