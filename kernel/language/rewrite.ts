/**
 * From a cell to what V8's REPL mode runs: types off, top-level declarations turned into `let` once plus assignments (so
 * that any kind may be declared again as any other), imports into awaited calls, guards into loops that await, and the
 * last expression marked for showing. Positions map back to the cell through two source maps.
 * Not here: the statements (`rewriter.ts`), types (`service.ts`), whether a cell is complete (`complete.ts`).
 */

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import MagicString from "magic-string";
import { transformSync } from "oxc-transform";
import { lower, needsLowering } from "./lower.ts";
import { type Meaning, meaningOf } from "./meaning.ts";
import { parse, TooDeep } from "./parse.ts";
import { replaceCommonJsNames } from "./rewrite-names.ts";
import { type Node, Rewriter } from "./rewriter.ts";

/** A cell, ready to run. */
export interface PreparedCell {
  code: string;
  /** Names that the cell declares at its top level: to be declared by `let`, once, before `code` is run. */
  names: string[];
  /** The cell's own 1-based line and 0-based column for a position of `code`; null inside what was added. */
  locate(line: number, column: number): { line: number; column: number } | null;
}

/** A cell that does not parse: where, and what the parser says. */
export class CellSyntaxError extends SyntaxError {
  override readonly name = "SyntaxError";
  readonly line: number;
  readonly column: number;
  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** Prepares a cell's source, to run under the name `cellName(id)`. Throws a CellSyntaxError. */
export function prepareCell(source: string, id: number): PreparedCell {
  const { before, text: cell, program: whole } = parseCell(source);
  const typed = whole.body as unknown as Node[];
  const stripped = needsLowering(cell, whole) ? lowered(cell, typed) : strip(cell);
  const { program } = parse(stripped.code, { file: "cell.js" });
  const text = new MagicString(stripped.code);
  const rewriter = new Rewriter(text, stripped.code, stripped.using);
  // An enum's code may end in an expression; only the cell's own last expression is shown.
  rewriter.top(program.body as unknown as Node[], endsInExpression(typed));
  replaceCommonJsNames(text, stripped.code, program);
  // An enum or a namespace adds to what has its name already: in a new cell it begins anew.
  for (const name of new Set(mergingNames(typed))) if (rewriter.names.has(name)) text.prepend(`${name} = undefined;`);
  const names = [...rewriter.names];
  text.append(`\n//# sourceURL=${cellName(id)}`);
  const outer = new TraceMap(text.generateMap({ hires: "boundary" }) as never);
  const inner = new TraceMap(stripped.map as never);
  return {
    code: text.toString(),
    names,
    locate(line, column) {
      const middle = originalPositionFor(outer, { line, column });
      if (middle.line === null) return null;
      const { line: at, column: inLine } = originalPositionFor(inner, { line: middle.line, column: middle.column });
      if (at === null) return null;
      return { line: at, column: at === 1 ? Math.max(0, inLine - before) : inLine };
    },
  };
}

/** Parses a cell as it is meant. Throws a CellSyntaxError. */
function parseCell(source: string): Meaning & { program: Program } {
  try {
    const meaning = meaningOf(source);
    const { program, errors } = parse(meaning.text);
    const [wrong] = errors;
    if (wrong === undefined) return { ...meaning, program };
    throw syntaxError(source, wrong.message, wrong.labels[0]?.start ?? 0);
  } catch (error) {
    throw error instanceof TooDeep ? new CellSyntaxError(error.message, 1, 0) : error;
  }
}

/** Whether the value of a cell is that of an expression: what only declares, or is nothing, may follow it. */
function endsInExpression(body: Node[]): boolean {
  return body.findLast((node) => !isWithoutValue(node))?.type === "ExpressionStatement";
}

function isWithoutValue({ type, declare, declaration }: Node): boolean {
  if (type === "ExportNamedDeclaration" && declaration) return isWithoutValue(declaration as Node);
  return declare === true || withoutValue.has(type);
}

/** Statements that leave no value and do nothing in their place. */
const withoutValue = new Set([
  "EmptyStatement",
  "ExportAllDeclaration",
  "ExportNamedDeclaration",
  "FunctionDeclaration",
  "ImportDeclaration",
  "TSDeclareFunction",
  "TSImportEqualsDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
]);

type Program = ReturnType<typeof parse>["program"];

interface Stripped {
  code: string;
  map: unknown;
  using: ReadonlyMap<string, string>;
}

function strip(source: string): Stripped {
  const { code, map, errors } = transformSync("cell.ts", source, {
    lang: "ts",
    sourceType: "module", // or a cell whose only await is `for await`, or that says `using`, is taken for a script
    sourcemap: true,
    target: "esnext",
    typescript: { onlyRemoveTypeImports: true },
  });
  const [failed] = errors;
  if (failed !== undefined) throw syntaxError(source, failed.message, failed.labels[0]?.start ?? 0);
  return { code, map, using: new Map() };
}

function lowered(source: string, body: Node[]): Stripped {
  try {
    return lower(source, body, { directory: process.cwd() });
  } catch (cause) {
    const what = /@|\baccessor\b/.test(source) ? "Decorators" : "Namespaces in several parts";
    throw new Error(`${what} need the TypeScript compiler, which did not start: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The name under which code runs, as stack traces show it. */
function cellName(id: number): string {
  return `cell-${id}.ts`;
}

function syntaxError(source: string, message: string, offset: number): CellSyntaxError {
  // The parser counts UTF-16 units, as JavaScript does.
  const before = source.slice(0, offset).split("\n");
  return new CellSyntaxError(message, before.length, before.at(-1)!.length);
}

/** Names of the enums and namespaces that leave code behind. */
function mergingNames(body: Node[]): string[] {
  return body.flatMap((node) => {
    const inner = node.type === "ExportNamedDeclaration" ? ((node.declaration as Node | null) ?? node) : node;
    if (inner.type !== "TSEnumDeclaration" && inner.type !== "TSModuleDeclaration") return [];
    let id = inner.id as Node;
    while (id.type === "TSQualifiedName") id = id.left as Node;
    return inner.declare === true || id.type !== "Identifier" ? [] : [id.name as string];
  });
}
