/** The names that a binding pattern declares: `x`, `{ a, b: [c] }`, `[d = 1, ...rest]`; and those of `var`s in blocks. */

/** A node of an ESTree, as far as patterns go. */
export interface PatternNode {
  type: string;
  [key: string]: unknown;
}

/** Names declared by a pattern, in the order in which they stand. */
export function namesOf(pattern: PatternNode): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name as string];
    case "ObjectPattern":
      return (pattern.properties as PatternNode[]).flatMap((p) =>
        namesOf((p.type === "RestElement" ? p.argument : p.value) as PatternNode),
      );
    case "ArrayPattern":
      return (pattern.elements as (PatternNode | null)[]).flatMap((e) => (e === null ? [] : namesOf(e)));
    case "RestElement":
      return namesOf(pattern.argument as PatternNode);
    case "AssignmentPattern":
      return namesOf(pattern.left as PatternNode);
    default:
      return [];
  }
}

/** Names declared by `var` at any depth, outside functions and classes: they belong to the whole text. */
export function nestedVars(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(nestedVars);
  if (typeof node !== "object" || node === null) return [];
  const { type, kind, declarations } = node as PatternNode;
  if (ownScopes.has(type)) return [];
  const own =
    type === "VariableDeclaration" && kind === "var"
      ? (declarations as { id: PatternNode }[]).flatMap(({ id }) => namesOf(id))
      : [];
  return [...own, ...Object.values(node).flatMap(nestedVars)];
}

/** Nodes whose `var`s are their own. */
export const ownScopes: ReadonlySet<string> = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "ClassBody",
  "TSModuleBlock",
]);
