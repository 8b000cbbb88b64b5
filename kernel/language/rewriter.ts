/**
 * The statements of a cell, rewritten in place: top-level declarations become assignments, imports awaited calls, loops that
 * await ask whether they may go on, and the last expression is marked for showing. Not here: types, source maps (`rewrite.ts`).
 */

import type MagicString from "magic-string";
import { namesOf, ownScopes } from "./pattern.ts";

/** A node of an ESTree, as far as this needs it. */
export interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

/** Rewrites the text of one cell; `names` are those that it declares at its top level. */
export class Rewriter {
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

function isAnonymous(node: Node): boolean {
  if (node.type === "ArrowFunctionExpression") return true;
  return (node.type === "FunctionExpression" || node.type === "ClassExpression") && !node.id;
}
