/**
 * Whether the text of a function gives out the host's `process` or `require`: returned as they are, or by `globalThis`,
 * and no parameter, declaration, comment or text of that name. Runs in the child beside `main.ts`, which passes it acorn;
 * no imports but types, for the same reason.
 */

import type * as Acorn from "acorn";

type Any = { type: string; [key: string]: unknown };

(globalThis as unknown as { makeClimbs: unknown }).makeClimbs = (
  acorn: typeof Acorn,
): ((kind: string, parameters: string, body: string) => boolean) => {
  const hosts = new Set(["process", "require"]);
  const roots = new Set(["globalThis", "global", "self", "this"]);

  const isNode = (value: unknown): value is Any =>
    typeof value === "object" && value !== null && typeof (value as Any).type === "string";
  const childrenOf = (node: Any): Any[] => Object.values(node).flat().filter(isNode);
  const isFunction = ({ type }: Any): boolean => /Function/.test(type);

  const namesIn = (pattern: unknown): string[] => {
    if (!isNode(pattern)) return [];
    if (pattern.type === "Identifier") return [pattern.name as string];
    if (pattern.type === "AssignmentPattern") return namesIn(pattern.left);
    if (pattern.type === "Property") return namesIn(pattern.value);
    return childrenOf(pattern).flatMap(namesIn);
  };

  /** What a scope declares: `var` from anywhere inside a function, the others in the block itself. */
  const declaredIn = (node: Any): string[] => {
    const names: string[] = [];
    const look = (at: Any, own: boolean): void => {
      for (const child of childrenOf(at)) {
        if (child.type === "VariableDeclaration" && (own || child.kind === "var"))
          names.push(...(child.declarations as Any[]).flatMap(({ id }) => namesIn(id)));
        if (own && /^(Function|Class)Declaration$/.test(child.type)) names.push(...namesIn(child.id));
        if (!isFunction(child)) look(child, false);
      }
    };
    look(node, true);
    if (isFunction(node)) names.push(...(node.params as Any[]).flatMap(namesIn), ...namesIn(node.id));
    if (node.type === "CatchClause") names.push(...namesIn(node.param));
    return names;
  };

  const gives = (value: unknown, hidden: ReadonlySet<string>): boolean => {
    if (!isNode(value)) return false;
    const free = (name: string): boolean => !hidden.has(name);
    switch (value.type) {
      case "Identifier":
        return hosts.has(value.name as string) && free(value.name as string);
      case "MemberExpression": {
        const { object, property, computed } = value as { object?: Any; property?: Any; computed?: boolean };
        const key = computed ? property?.value : property?.name;
        const root = object?.type === "ThisExpression" ? "this" : object?.type === "Identifier" ? object.name : null;
        if (root === "process" && free("process")) return key === "mainModule" || key === "binding";
        return typeof root === "string" && roots.has(root) && free(root) && hosts.has(key as string);
      }
      case "SequenceExpression":
        return gives((value.expressions as Any[]).at(-1), hidden);
      case "ConditionalExpression":
        return gives(value.consequent, hidden) || gives(value.alternate, hidden);
      case "LogicalExpression":
        return gives(value.left, hidden) || gives(value.right, hidden);
      default:
        return false;
    }
  };

  const looksOut = (node: Any, around: ReadonlySet<string>): boolean => {
    const isScope = isFunction(node) || /^(BlockStatement|CatchClause|For\w*Statement)$/.test(node.type);
    const hidden = isScope ? new Set([...around, ...declaredIn(node)]) : around;
    if (node.type === "ReturnStatement" && gives(node.argument, hidden)) return true;
    if (node.type === "ArrowFunctionExpression" && node.expression === true && gives(node.body, hidden)) return true;
    return childrenOf(node).some((child) => looksOut(child, hidden));
  };

  /**
   * What cannot be parsed is refused by the engine too, and gives out nothing. What there is no room to look at, at the end
   * of the stack, is taken for what was hidden there.
   */
  return (kind, parameters, body) => {
    try {
      const text = `(${kind}(${parameters}\n){\n${body}\n})`;
      return looksOut(acorn.parse(text, { ecmaVersion: "latest" }) as unknown as Any, new Set());
    } catch (error) {
      return !(error instanceof SyntaxError);
    }
  };
};
