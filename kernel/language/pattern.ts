/** The names that a binding pattern declares: `x`, `{ a, b: [c] }`, `[d = 1, ...rest]`. */

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
