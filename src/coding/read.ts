/**
 * Reads an answer's program before it runs: whether it parses, and what of it the sandbox and the linters are given. Types are no
 * syntax error, since a model that is trained on TypeScript writes them unasked; they are taken out. Runs in a process of its own
 * (`reading.ts`). Not here: Python, which its own body reads.
 */

import MagicString from "magic-string";
import {
  type ArrowFunctionExpression,
  type Function as FunctionNode,
  type ParseResult,
  parseSync,
  type Statement,
} from "oxc-parser";
import { transformSync } from "oxc-transform";

/** What reading a program showed. */
export interface ReadProgram {
  /** The errors that are in the way of running it, each in a sentence with its line; none where it parses. */
  errors: readonly { message: string; line: number | null }[];
  /** Where a fault of ours kept it from being read: that says nothing about it. */
  fault?: true;
  /** The same program without types and exports, to be the body of a function. */
  text: string;
  /** Names that its outermost statements define; null for one that is no function. */
  defines: ReadonlyMap<string, ReadFunction | null>;
}

/** Where the parts of a function stand in the text. */
export interface ReadFunction {
  parameters: readonly ReadParameter[];
  /** Where the type of what it returns would stand; null where it has no block to return from. */
  returnsAt: number | null;
}

/** A parameter in a text. `isName`: it is a name alone. `isBare`: without brackets around it, as in `x => x`. */
export interface ReadParameter {
  start: number;
  end: number;
  isName: boolean;
  isBare: boolean;
}

/** Reads a program in JavaScript or TypeScript. */
export function readProgram(source: string): ReadProgram {
  const plain = parse("answer.js", source);
  if (plain.errors.length === 0) return partsOf(source, plain);
  const typed = parse("answer.ts", source);
  if (typed.errors.length > 0) {
    const errors = typed.errors.map(({ message, labels: [label] }) => ({
      message,
      line: label === undefined ? null : source.slice(0, label.start).split("\n").length,
    }));
    return { errors, text: source, defines: new Map() };
  }
  const { code } = transformSync("answer.ts", source, { sourceType: "module" });
  return partsOf(code, parse("answer.js", code));
}

function parse(name: string, source: string): ParseResult {
  // Strict, as modules are and as the sandbox runs it; names that are declared twice are syntax errors, too.
  return parseSync(name, source, { sourceType: "module", showSemanticErrors: true });
}

function partsOf(source: string, parsed: ParseResult): ReadProgram {
  const text = withoutExports(source, parsed);
  const { body } = (text === source ? parsed : parse("answer.js", text)).program;
  const defines = new Map((body as Statement[]).flatMap((one) => definedBy(one, text)));
  return { errors: [], text, defines };
}

/** The text without `export` and `"use strict"`, which the body of a function with such parameters may not hold; it is strict anyway. */
function withoutExports(source: string, { program }: ParseResult): string {
  const text = new MagicString(source);
  for (const statement of program.body) {
    if (statement.type === "ExpressionStatement" && statement.directive === "use strict")
      text.remove(statement.start, statement.end);
    if (statement.type !== "ExportNamedDeclaration" && statement.type !== "ExportDefaultDeclaration") continue;
    const inner = statement.declaration as Statement | null;
    if (inner === null || definedBy(inner, source).length === 0) text.remove(statement.start, statement.end);
    else text.remove(statement.start, inner.start);
  }
  return text.toString();
}

type Defined = [name: string, found: ReadFunction | null];

function definedBy(statement: Statement, text: string): Defined[] {
  if (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration") {
    const found = statement.type === "FunctionDeclaration" ? functionOf(statement, text) : null;
    return statement.id === null ? [] : [[statement.id.name, found]];
  }
  if (statement.type !== "VariableDeclaration") return [];
  return statement.declarations.flatMap(({ id, init }): Defined[] => {
    const isFunction = init?.type === "ArrowFunctionExpression" || init?.type === "FunctionExpression";
    return id.type === "Identifier" ? [[id.name, isFunction ? functionOf(init, text) : null]] : [];
  });
}

function functionOf(node: FunctionNode | ArrowFunctionExpression, text: string): ReadFunction {
  const { params, start, body, type } = node;
  const parameters = params.map((one) => {
    const isFirst = one.start === start || /^async\s+$/.test(text.slice(start, one.start));
    return { start: one.start, end: one.end, isName: one.type === "Identifier", isBare: isFirst };
  });
  const isBlock = body !== null && text[body.start] === "{" && !(type === "ArrowFunctionExpression" && node.expression);
  // What is async or a generator returns something else than what it says.
  if (!isBlock || node.async || node.generator) return { parameters, returnsAt: null };
  const before = type === "ArrowFunctionExpression" ? text.lastIndexOf("=>", body.start) : body.start;
  return { parameters, returnsAt: text.slice(0, before).trimEnd().length };
}
