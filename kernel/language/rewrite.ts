/**
 * From a cell to what V8's REPL mode runs: types off, top-level declarations turned into `let` once plus assignments (so
 * that any kind may be declared again as any other), imports into awaited calls, guards into loops that await, and the
 * last expression marked for showing. Positions map back to the cell through two source maps.
 * Not here: types (`service.ts`), whether a cell is complete (`complete.ts`).
 */

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import MagicString from "magic-string";
import { parseSync } from "oxc-parser";
import { transformSync } from "oxc-transform";

/** A cell, ready to run. */
export interface PreparedCell {
  code: string;
  /** Names that the cell declares at its top level. */
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

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

/** Prepares a cell's source. Throws a CellSyntaxError. */
export function prepareCell(source: string, cell: number): PreparedCell {
  const parsed = parseSync("cell.ts", source, { lang: "ts", sourceType: "module" });
  const [wrong] = parsed.errors;
  if (wrong !== undefined) throw syntaxError(source, wrong.message, wrong.labels[0]?.start ?? 0);
  const stripped = transformSync("cell.ts", source, {
    lang: "ts",
    sourcemap: true,
    target: "esnext",
    typescript: { onlyRemoveTypeImports: true },
  });
  const [failed] = stripped.errors;
  if (failed !== undefined) throw syntaxError(source, failed.message, failed.labels[0]?.start ?? 0);
  const { program } = parseSync("cell.js", stripped.code, { lang: "js", sourceType: "module" });
  const text = new MagicString(stripped.code);
  const rewriter = new Rewriter(text, stripped.code, cell);
  rewriter.top(program.body as unknown as Node[]);
  const names = [...rewriter.names];
  if (names.length > 0) text.prepend(`let ${names.join(", ")};\n`);
  text.append(`\n//# sourceURL=${cellName(cell)}`);
  const outer = new TraceMap(text.generateMap({ hires: "boundary" }) as never);
  const inner = new TraceMap(stripped.map as never);
  return {
    code: text.toString(),
    names,
    locate(line, column) {
      const middle = originalPositionFor(outer, { line, column });
      if (middle.line === null) return null;
      const { line: at, column: inLine } = originalPositionFor(inner, { line: middle.line, column: middle.column });
      return at === null ? null : { line: at, column: inLine };
    },
  };
}

/** The name under which a cell's code runs, as stack traces show it. */
export function cellName(cell: number): string {
  return `cell-${cell}.ts`;
}

function syntaxError(source: string, message: string, offset: number): CellSyntaxError {
  // The parser counts UTF-16 units, as JavaScript does.
  const before = source.slice(0, offset).split("\n");
  return new CellSyntaxError(message, before.length, before.at(-1)!.length);
}

class Rewriter {
  readonly names = new Set<string>();
  readonly #text: MagicString;
  readonly #code: string;
  readonly #cell: number;
  #hoistTo = 0;

  constructor(text: MagicString, code: string, cell: number) {
    this.#text = text;
    this.#code = code;
    this.#cell = cell;
  }

  top(body: Node[]): void {
    for (const node of body) this.#inside(node);
    const last = body.at(-1);
    for (const node of body) this.#statement(node, node === last);
  }

  #statement(node: Node, isLast: boolean): void {
    switch (node.type) {
      case "ImportDeclaration":
        return this.#import(node);
      case "ExportNamedDeclaration":
        if (node.declaration) {
          const inner = node.declaration as Node;
          this.#text.remove(node.start, inner.start);
          return this.#statement(inner, false);
        }
        return void this.#text.remove(node.start, node.end);
      case "ExportDefaultDeclaration": {
        const inner = node.declaration as Node;
        if (inner.type.endsWith("Declaration") && inner.id) {
          this.#text.remove(node.start, inner.start);
          return this.#statement(inner, false);
        }
        return void this.#text.overwrite(node.start, inner.start, "void ");
      }
      case "VariableDeclaration":
        return this.#variables(node);
      case "FunctionDeclaration": {
        const name = (node.id as Node).name as string;
        this.names.add(name);
        this.#text.prependRight(node.start, `${name} = `).appendLeft(node.end, ";");
        // Functions are there from the cell's first line on.
        if (node.start > this.#hoistTo) this.#text.move(node.start, node.end, this.#hoistTo);
        return;
      }
      case "ClassDeclaration": {
        const name = (node.id as Node).name as string;
        this.names.add(name);
        const at = ((node.decorators as Node[] | undefined)?.[0] ?? node).start;
        this.#text.prependRight(at, `${name} = `).appendLeft(node.end, ";");
        return;
      }
      case "ExpressionStatement": {
        const expression = node.expression as Node;
        if (!isLast || node.directive) return;
        this.#text.prependRight(expression.start, "__show((").appendLeft(expression.end, "))");
        return;
      }
    }
  }

  #variables(node: Node): void {
    if (node.kind === "using" || node.kind === "await using") return; // belongs to its block: V8 keeps it as it is
    const list = node.declarations as Node[];
    for (const { id } of list) for (const name of namesOf(id as Node)) this.names.add(name);
    this.#text.remove(node.start, list[0]!.start);
    const targets = list.map((one) => one.id as Node);
    for (const [i, { init, start, end }] of list.entries()) {
      const id = targets[i]!;
      if (!init) this.#text.appendRight(end, " = undefined");
      else if (id.type !== "Identifier") this.#text.prependRight(start, i === 0 ? ";(" : "(").appendLeft(end, ")");
      else if (isAnonymous(init as Node))
        this.#text
          .prependRight((init as Node).start, `({ ${id.name}: `)
          .appendLeft((init as Node).end, ` }).${id.name as string}`);
    }
  }

  #import(node: Node): void {
    const specifiers = (node.specifiers as Node[]) ?? [];
    const source = (node.source as Node).value as string;
    const attributes = (node.attributes as Node[] | undefined) ?? [];
    const withType = attributes.find((a) => ((a.key as Node).name ?? (a.key as Node).value) === "type");
    const call = `await __import(${JSON.stringify(source)}${withType ? `, ${JSON.stringify((withType.value as Node).value)}` : ""})`;
    const parts: string[] = [];
    let whole: string | null = null;
    for (const specifier of specifiers) {
      const local = (specifier.local as Node).name as string;
      this.names.add(local);
      if (specifier.type === "ImportNamespaceSpecifier") whole = local;
      else if (specifier.type === "ImportDefaultSpecifier") parts.push(`default: ${local}`);
      else {
        const imported = specifier.imported as Node;
        parts.push(`${JSON.stringify(imported.name ?? imported.value)}: ${local}`);
      }
    }
    const pattern = parts.length > 0 ? `({ ${parts.join(", ")} } = ${whole ?? call})` : "";
    const text = whole !== null ? `${whole} = ${call};${pattern}` : pattern || call;
    this.#text.overwrite(node.start, node.end, `${text};`);
    if (node.start > this.#hoistTo) this.#text.move(node.start, node.end, this.#hoistTo);
  }

  /** What is rewritten at any depth: dynamic imports, import.meta, loops that await. Returns whether the node awaits. */
  #inside(node: unknown): boolean {
    if (Array.isArray(node)) return node.map((one) => this.#inside(one)).includes(true);
    if (typeof node !== "object" || node === null) return false;
    const { type, start } = node as Node;
    let awaits = type === "AwaitExpression" || (type === "ForOfStatement" && (node as Node).await === true);
    for (const key of Object.keys(node)) if (this.#inside((node as Node)[key])) awaits = true;
    if (type === "ImportExpression") this.#text.overwrite(start, start + "import".length, "__import");
    if (type === "MetaProperty" && this.#code.slice(start, (node as Node).end).startsWith("import"))
      this.#text.overwrite(start, (node as Node).end, "__meta");
    if (awaits && loops.has(type ?? "")) this.#guard((node as Node).body as Node);
    return awaits && !functions.has(type ?? "");
  }

  /** An awaited loop asks, each time round, whether its cell was interrupted: nothing else can stop it from outside. */
  #guard(body: Node): void {
    const check = `__guard(${this.#cell});`;
    if (body.type === "BlockStatement") this.#text.appendRight(body.start + 1, check);
    else this.#text.prependRight(body.start, `{${check}`).appendLeft(body.end, "}");
  }
}

const loops = new Set(["ForStatement", "ForInStatement", "ForOfStatement", "WhileStatement", "DoWhileStatement"]);
const functions = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression", "ClassBody"]);

function isAnonymous(node: Node): boolean {
  if (node.type === "ArrowFunctionExpression") return true;
  return (node.type === "FunctionExpression" || node.type === "ClassExpression") && !node.id;
}

function namesOf(pattern: Node): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name as string];
    case "ObjectPattern":
      return (pattern.properties as Node[]).flatMap((p) =>
        namesOf((p.type === "RestElement" ? p.argument : p.value) as Node),
      );
    case "ArrayPattern":
      return (pattern.elements as (Node | null)[]).flatMap((e) => (e === null ? [] : namesOf(e)));
    case "RestElement":
      return namesOf(pattern.argument as Node);
    case "AssignmentPattern":
      return namesOf(pattern.left as Node);
    default:
      return [];
  }
}
