/**
 * From a cell to what V8's REPL mode runs: types off, top-level declarations turned into `let` once plus assignments (so
 * that any kind may be declared again as any other), imports into awaited calls, guards into loops that await, and the
 * last expression marked for showing. Positions map back to the cell through two source maps.
 * Not here: types (`service.ts`), whether a cell is complete (`complete.ts`).
 */

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import MagicString from "magic-string";
import { transformSync } from "oxc-transform";
import { lower, needsLowering } from "./lower.ts";
import { type Meaning, meaningOf } from "./meaning.ts";
import { parse, TooDeep } from "./parse.ts";
import { namesOf, ownScopes } from "./pattern.ts";
import { replaceCommonJsNames } from "./rewrite-names.ts";

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

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
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

class Rewriter {
  readonly names = new Set<string>();
  readonly #text: MagicString;
  readonly #code: string;
  readonly #using: ReadonlyMap<string, string>;
  #hoistTo = 0;

  constructor(text: MagicString, code: string, using: ReadonlyMap<string, string>) {
    this.#text = text;
    this.#code = code;
    this.#using = using;
  }

  top(body: Node[], showLast: boolean): void {
    for (const node of body) {
      this.#inside(node);
      if (node.type !== "VariableDeclaration") this.#nestedVars(node, null);
    }
    const last = showLast ? body.findLast(({ type }) => type === "ExpressionStatement") : undefined;
    for (const node of body) this.#statement(node, node === last);
  }

  /** Imports and functions are there from the cell's first line on; those that lead the cell stay where they are. */
  #hoist(node: Node): void {
    if (this.#code.slice(this.#hoistTo, node.start).trim() === "") this.#hoistTo = node.end;
    else this.#text.move(node.start, node.end, this.#hoistTo);
  }

  /** A `var` in a block or a loop belongs to the cell, so it is declared with the others. */
  #nestedVars(node: unknown, parent: Node | null): void {
    if (Array.isArray(node)) for (const one of node) this.#nestedVars(one, parent);
    if (Array.isArray(node) || typeof node !== "object" || node === null) return;
    const inner = node as Node;
    if (ownScopes.has(inner.type ?? "")) return;
    if (inner.type === "VariableDeclaration" && inner.kind === "var") {
      const isHead = parent !== null && (parent.init === inner || parent.left === inner);
      this.#variables(inner, isHead ? "head" : "block");
    }
    for (const key of Object.keys(inner)) this.#nestedVars(inner[key], inner);
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
        if (node.source) return this.#importAgain(node);
        return void this.#text.remove(node.start, node.end);
      case "ExportAllDeclaration":
        return this.#importAgain(node);
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
        return this.#hoist(node);
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
        if (!isLast) return; // a cell that is only a string shows it, as any other value
        this.#text.prependRight(expression.start, "__show((").appendLeft(expression.end, "))");
        return;
      }
    }
  }

  #variables(node: Node, place: "top" | "block" | "head" = "top"): void {
    const list = node.declarations as Node[];
    const kind = this.#using.get((list[0]!.id as Node).name as string) ?? (node.kind as string);
    for (const { id } of list) for (const name of namesOf(id as Node)) this.names.add(name);
    this.#text.remove(node.start, list[0]!.start);
    const targets = list.map((one) => one.id as Node);
    if (kind.endsWith("using") && place === "top") return this.#resources(list, kind);
    for (const [i, { init, start, end }] of list.entries()) {
      const id = targets[i]!;
      if (!init) {
        if (place === "top" && node.kind !== "var") this.#text.appendRight(end, " = undefined");
      } else if (id.type !== "Identifier")
        this.#text.prependRight(start, i === 0 && place !== "head" ? ";(" : "(").appendLeft(end, ")");
      else if (isAnonymous(init as Node))
        this.#text
          .prependRight((init as Node).start, `({ ${id.name}: `)
          .appendLeft((init as Node).end, ` }).${id.name as string}`);
    }
  }

  /** V8's REPL mode never lets go of what is used at the top level: the session does, when the cell ends. */
  #resources(list: Node[], kind: string): void {
    for (const one of list) {
      const { start, end } = one.init as Node;
      this.#text.prependRight(start, "__use(").appendLeft(end, kind === "using" ? ", false)" : ", true)");
    }
  }

  #import(node: Node): void {
    const specifiers = (node.specifiers as Node[]) ?? [];
    const source = (node.source as Node).value as string;
    const attributes = (node.attributes as Node[] | undefined) ?? [];
    const withType = attributes.find((a) => ((a.key as Node).name ?? (a.key as Node).value) === "type");
    const parts: string[] = [];
    const names: string[] = [];
    let whole: string | null = null;
    for (const specifier of specifiers) {
      const local = (specifier.local as Node).name as string;
      this.names.add(local);
      if (specifier.type === "ImportNamespaceSpecifier") whole = local;
      else {
        const imported = (specifier.imported ?? { name: "default" }) as Node;
        const name = String(imported.name ?? imported.value);
        names.push(name);
        parts.push(`${JSON.stringify(name)}: ${local}`);
      }
    }
    const type = withType && JSON.stringify((withType.value as Node).value);
    const given = [JSON.stringify(source), type ?? "undefined", JSON.stringify(names)];
    const call = `await __import(${(names.length > 0 ? given : type ? given.slice(0, 2) : given.slice(0, 1)).join(", ")})`;
    const pattern = parts.length > 0 ? `({ ${parts.join(", ")} } = ${whole ?? call})` : "";
    const text = whole !== null ? `${whole} = ${call};${pattern}` : pattern || call;
    this.#text.overwrite(node.start, node.end, `${text};`);
    this.#hoist(node);
  }

  /** A cell exports to nobody; what it re-exports is loaded all the same. */
  #importAgain(node: Node): void {
    this.#text.overwrite(node.start, node.end, `await __import(${JSON.stringify((node.source as Node).value)});`);
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
    return awaits && !ownScopes.has(type ?? "");
  }

  /** An awaited loop asks, each time round, whether its cell was interrupted: nothing else can stop it from outside. */
  #guard(body: Node): void {
    const check = "__guard();";
    if (body.type === "BlockStatement") this.#text.appendRight(body.start + 1, check);
    else this.#text.prependRight(body.start, `{${check}`).appendLeft(body.end, "}");
  }
}

const loops = new Set(["ForStatement", "ForInStatement", "ForOfStatement", "WhileStatement", "DoWhileStatement"]);

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

function isAnonymous(node: Node): boolean {
  if (node.type === "ArrowFunctionExpression") return true;
  return (node.type === "FunctionExpression" || node.type === "ClassExpression") && !node.id;
}
