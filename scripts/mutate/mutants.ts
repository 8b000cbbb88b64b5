/**
 * The mutants of a file: one small change each, told by what it replaces and not by its line, so that it stays itself when
 * the file moves around it.
 *
 * Left out: types, imports, names and module texts; the words of errors and of the log (string literals under `throw`,
 * `new ...Error`, `new ...Failure`, and in files that are called error or help; everything in `console.*`), which are asserted
 * where they matter and are no behaviour; strings that are compared with, which the types refuse. What the type-check refuses
 * besides is left out of a draw by `typecheck.ts`.
 */

import { createHash } from "node:crypto";
import { basename } from "node:path";
import { type Edit, editsAt, type Kind } from "./edits.ts";
import { type Node, parseProgram, walk } from "./tree.ts";

/** One small change to one file. */
export interface Mutant {
  /** Names it by its content: file, kind, the line's text, what is replaced by what, and which of its likes it is. */
  id: string;
  /** Its path below the root, with slashes. */
  file: string;
  kind: Kind;
  start: number;
  end: number;
  was: string;
  becomes: string;
  /** Where it stands now, from 1. */
  line: number;
  /** The line's text, trimmed. */
  text: string;
}

/** Every mutant of a source text, in its order. */
export function findMutants(file: string, source: string): Mutant[] {
  const program = parseProgram(file, source);
  if (program === null) return [];
  const edits: Edit[] = [];
  const wordy = /^(error|help)\.ts$/.test(basename(file));
  walk(program, (node, above) => {
    if (isLog(node)) return false;
    edits.push(...editsAt(node, above, source).filter(({ kind }) => kind !== "string" || !(wordy || isWord(above))));
    return true;
  });
  const seen = new Map<string, number>();
  return edits.sort((a, b) => a.start - b.start).map((edit) => mutantOf(file, source, edit, seen));
}

/** The file's text with the change in it. */
export function applyMutant(
  source: string,
  { start, end, becomes }: Pick<Mutant, "start" | "end" | "becomes">,
): string {
  return source.slice(0, start) + becomes + source.slice(end);
}

function mutantOf(
  file: string,
  source: string,
  { kind, start, end, becomes }: Edit,
  seen: Map<string, number>,
): Mutant {
  const was = source.slice(start, end);
  const line = source.slice(0, start).split("\n").length;
  const text = source.split("\n")[line - 1]!.trim();
  const name = JSON.stringify([file, kind, text, was, becomes]);
  const like = seen.get(name) ?? 0;
  seen.set(name, like + 1);
  const id = createHash("sha256").update(`${name}${like}`).digest("hex").slice(0, 12);
  return { id, file, kind, start, end, was, becomes, line, text };
}

function isLog(node: Node): boolean {
  if (node.type === "ExpressionStatement") return isLog(node.expression);
  const callee = node.type === "CallExpression" ? (node.callee as Node) : null;
  return callee?.type === "MemberExpression" && callee.object.type === "Identifier" && callee.object.name === "console";
}

/** A string under these nodes is words for a reader, or compared with. */
function isWord(above: readonly Node[]): boolean {
  const parent = above.at(-1)!;
  if (parent.type === "SwitchCase" || (parent.type === "BinaryExpression" && /^[!=]==$/.test(parent.operator)))
    return true;
  return above.some(
    (node) =>
      node.type === "ThrowStatement" ||
      (node.type === "NewExpression" && /(Error|Failure)$/.test((node.callee as Node).name ?? "")),
  );
}
