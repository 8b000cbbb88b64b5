/**
 * Reads an answer's program before it runs: whether it parses, and what of it the sandbox is given. Types are no syntax error,
 * since a model that is trained on TypeScript writes them unasked; they are taken out. Not here: Python, which its own body reads.
 */

import MagicString from "magic-string";
import { type ParseResult, parseSync, type Statement } from "oxc-parser";
import { transformSync } from "oxc-transform";

/** What reading a program showed. */
export interface ReadProgram {
  /** The errors that are in the way of running it, each in a sentence with its line; none where it parses. */
  errors: readonly { message: string; line: number | null }[];
  /** The same program without types and exports, to be the body of a function. */
  text: string;
  /** Names that its outermost statements define. */
  defines: ReadonlySet<string>;
  /** Whether it is JavaScript as it is, with no types in it. */
  isPlain: boolean;
}

/** Reads a program in JavaScript or TypeScript. */
export function readProgram(source: string): ReadProgram {
  const plain = parse("answer.js", source);
  if (plain.errors.length === 0) return { ...partsOf(source, plain), errors: [], isPlain: true };
  const typed = parse("answer.ts", source);
  if (typed.errors.length > 0) {
    const errors = typed.errors.map(({ message, labels: [label] }) => ({
      message,
      line: label === undefined ? null : lineAt(source, label.start),
    }));
    return { errors, text: source, defines: new Set(), isPlain: false };
  }
  const { code } = transformSync("answer.ts", source, { sourceType: "module" });
  return { ...partsOf(code, parse("answer.js", code)), errors: [], isPlain: false };
}

function parse(name: string, source: string): ParseResult {
  // Strict, as modules are and as the sandbox runs it; names that are declared twice are syntax errors, too.
  return parseSync(name, source, { sourceType: "module", showSemanticErrors: true });
}

/** The text without `export`, which no function's body may hold, and the names that it defines. */
function partsOf(source: string, { program }: ParseResult): Pick<ReadProgram, "text" | "defines"> {
  const text = new MagicString(source);
  const defines = new Set<string>();
  for (const statement of program.body) {
    if (statement.type === "ExportNamedDeclaration" || statement.type === "ExportDefaultDeclaration") {
      const inner = statement.declaration;
      if (inner === null || !namesOf(inner as Statement).length) text.remove(statement.start, statement.end);
      else text.remove(statement.start, inner.start);
      for (const name of inner === null ? [] : namesOf(inner as Statement)) defines.add(name);
    } else for (const name of namesOf(statement as Statement)) defines.add(name);
  }
  return { text: text.toString(), defines };
}

function namesOf(statement: Statement): string[] {
  if (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration")
    return statement.id === null ? [] : [statement.id.name];
  if (statement.type !== "VariableDeclaration") return [];
  return statement.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
}

/** The line of a place in a text, from 1. */
export function lineAt(source: string, at: number): number {
  return source.slice(0, at).split("\n").length;
}
