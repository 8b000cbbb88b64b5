/** Walks oxc's tree of a TypeScript file: every node that exists at run time, with the nodes above it. Types are left out. */

import { parseSync, visitorKeys } from "oxc-parser";

/** A node of the tree, as ESTree has it: a type, a range in the source's UTF-16 units, and its own fields. */
export interface Node {
  type: string;
  start: number;
  end: number;
  // biome-ignore lint/suspicious/noExplicitAny: one shape for some hundred kinds of nodes; each reader knows its own
  [field: string]: any;
}

/** The tree of a source text, or null where it is none. */
export function parseProgram(file: string, source: string): Node | null {
  const { program, errors } = parseSync(file, source);
  return errors.length > 0 ? null : (program as unknown as Node);
}

/** Calls `visit` with each node, parents first, and the nodes above it, nearest last. False: nothing below it is visited. */
export function walk(node: Node, visit: (node: Node, above: readonly Node[]) => boolean, above: Node[] = []): void {
  if (!isWrapper(node) && (node.type.startsWith("TS") || node.declare === true)) return;
  if (!visit(node, above)) return;
  above.push(node);
  for (const key of visitorKeys[node.type] ?? []) {
    if (!runs(node, key)) continue;
    const value: Node | (Node | null)[] | null | undefined = node[key];
    for (const child of Array.isArray(value) ? value : [value]) if (child) walk(child, visit, above);
  }
  above.pop();
}

/** Nodes of TypeScript's own around an expression that runs. */
function isWrapper({ type }: Node): boolean {
  return type === "TSAsExpression" || type === "TSNonNullExpression" || type === "TSSatisfiesExpression";
}

/** Names and module texts are no expressions, and a wrapper's type does not run. */
function runs(node: Node, key: string): boolean {
  if (isWrapper(node)) return key === "expression";
  if (key === "key" || key === "property") return node.computed === true;
  return !(key === "source" && node.type !== "ImportExpression") && key !== "specifiers";
}
