/**
 * What can be changed at one node of the tree: the kinds of mutation. `undefined!` has the type `never`, so a dropped value
 * passes the type-check and is left to the tests; it is erased to `undefined` when the file runs.
 *
 * Not here: what is left out as a whole (`mutants.ts`).
 */

import type { Node } from "./tree.ts";

/** The kinds, in the order in which a table shows them. */
export const kinds = [
  "comparison",
  "arithmetic",
  "logical",
  "condition",
  "guard",
  "boolean",
  "number",
  "string",
  "statement",
  "default",
  "return",
  "method",
  "await",
  "optional",
] as const;

/** A kind of mutation. */
export type Kind = (typeof kinds)[number];

/** One replacement in a source text. */
export interface Edit {
  kind: Kind;
  start: number;
  end: number;
  becomes: string;
}

const operators: { [operator: string]: [Kind, ...string[]] } = {
  "<": ["comparison", "<=", ">"],
  "<=": ["comparison", "<", ">="],
  ">": ["comparison", ">=", "<"],
  ">=": ["comparison", ">", "<="],
  "===": ["comparison", "!=="],
  "!==": ["comparison", "==="],
  "+": ["arithmetic", "-"],
  "-": ["arithmetic", "+"],
  "*": ["arithmetic", "/"],
  "/": ["arithmetic", "*"],
  "%": ["arithmetic", "*"],
  "&": ["arithmetic", "|"],
  "|": ["arithmetic", "&"],
  "^": ["arithmetic", "|"],
  "<<": ["arithmetic", ">>"],
  ">>": ["arithmetic", "<<"],
  ">>>": ["arithmetic", "<<"],
  "&&": ["logical", "||"],
  "||": ["logical", "&&"],
  "+=": ["arithmetic", "-="],
  "-=": ["arithmetic", "+="],
  "*=": ["arithmetic", "/="],
  "/=": ["arithmetic", "*="],
  "??=": ["default", "="],
};

const swapped: { [method: string]: string } = {
  ...{ some: "every", every: "some", find: "findLast", findLast: "find", push: "unshift", unshift: "push" },
  ...{ findIndex: "findLastIndex", findLastIndex: "findIndex", indexOf: "lastIndexOf", lastIndexOf: "indexOf" },
  ...{ pop: "shift", shift: "pop", startsWith: "endsWith", endsWith: "startsWith" },
  ...{ min: "max", max: "min", floor: "ceil", ceil: "floor" },
};

const droppable = new Set(
  "sort reverse toSorted toReversed filter slice trim trimStart trimEnd toLowerCase toUpperCase".split(" "),
);

/** Every edit at this node. `above` are the nodes around it, nearest last. */
export function editsAt(node: Node, above: readonly Node[], source: string): Edit[] {
  const parent = above.at(-1);
  const text = (part: Node): string => source.slice(part.start, part.end);
  const whole = (kind: Kind, becomes: string): Edit => ({ kind, start: node.start, end: node.end, becomes });
  const at = (part: Node, kind: Kind, becomes: string): Edit => ({ kind, start: part.start, end: part.end, becomes });
  switch (node.type) {
    case "BinaryExpression":
      return joinsText(node) ? [] : operatorEdits(node, source);
    case "LogicalExpression":
      return node.operator === "??" ? [whole("default", `(${text(node.left)})!`)] : operatorEdits(node, source);
    case "AssignmentExpression":
      return operatorEdits(node, source);
    case "AssignmentPattern":
      return [at(node.right, "default", "undefined!")];
    case "UpdateExpression":
      if (parent?.type === "ForStatement") return []; // a loop that never ends, nearly always
      return [
        whole(
          "arithmetic",
          text(node).replace(/\+\+|--/, (sign) => (sign === "++" ? "--" : "++")),
        ),
      ];
    case "UnaryExpression":
      if (node.operator === "!") return [whole("condition", `(${text(node.argument)})`)];
      return node.operator === "-" ? [whole("arithmetic", `(${text(node.argument)})`)] : [];
    case "IfStatement":
      return [
        at(node.test, "condition", `!(${text(node.test)})`),
        ...(leaves(node.consequent) && node.alternate === null ? [whole("guard", ";")] : []),
      ];
    case "ConditionalExpression":
    case "WhileStatement":
      return node.test.type === "Literal" ? [] : [at(node.test, "condition", `!(${text(node.test)})`)];
    case "ReturnStatement":
      return node.argument === null || isNothing(node.argument) ? [] : [at(node.argument, "return", "undefined!")];
    case "ArrowFunctionExpression":
      return node.body.type === "BlockStatement" || isNothing(node.body) ? [] : [returned(node, source)];
    case "Literal":
      return literalEdits(node, whole);
    case "ExpressionStatement":
      return statementEdits(node, whole, text);
    case "MemberExpression":
      return optionalEdits(node, node.object, source, node.computed ? "!" : "!.");
    case "CallExpression":
      return [...optionalEdits(node, node.callee, source, "!"), ...methodEdits(node, text)];
    default:
      return [];
  }
}

function operatorEdits(node: Node, source: string): Edit[] {
  const [kind, ...others] = operators[node.operator] ?? [];
  if (kind === undefined) return [];
  const start = node.left.end + source.slice(node.left.end, node.right.start).indexOf(node.operator);
  return (others as string[]).map((becomes) => ({ kind, start, end: start + node.operator.length, becomes }));
}

/** `+` between texts has no opposite. */
function joinsText({ operator, left, right }: Node): boolean {
  const isText = (side: Node): boolean =>
    side.type === "TemplateLiteral" ||
    (side.type === "Literal" && typeof side.value === "string") ||
    (side.type === "BinaryExpression" && joinsText(side));
  return operator === "+" && (isText(left) || isText(right));
}

/** An arrow function's value; round brackets around an object belong to it. */
function returned(node: Node, source: string): Edit {
  const after = source.slice(0, node.end);
  return { kind: "return", start: bodyStart(node, source), end: after.length, becomes: "undefined!" };
}

function bodyStart(node: Node, source: string): number {
  let at = node.body.start;
  while (at > node.start && /[\s(]/.test(source[at - 1]!)) at--;
  while (/\s/.test(source[at]!)) at++;
  return at;
}

function isNothing(node: Node): boolean {
  return (
    (node.type === "Identifier" && node.name === "undefined") ||
    (node.type === "Literal" && node.raw === "null") ||
    (node.type === "UnaryExpression" && node.operator === "void")
  );
}

/** Whether a branch does nothing but leave: the mark of a check at the top of a function or loop. */
function leaves(branch: Node): boolean {
  const last = branch.type === "BlockStatement" ? branch.body.at(-1) : branch;
  return /^(Throw|Return|Continue|Break)Statement$/.test(last?.type ?? "");
}

function literalEdits({ value }: Node, whole: (kind: Kind, becomes: string) => Edit): Edit[] {
  if (typeof value === "boolean") return [whole("boolean", String(!value))];
  if (typeof value === "number") return [value + 1, ...(value === 1 ? [0] : [])].map((n) => whole("number", `${n}`));
  if (typeof value === "string") return [whole("string", value === "" ? '"changed"' : '""')];
  return [];
}

function statementEdits(
  node: Node,
  whole: (kind: Kind, becomes: string) => Edit,
  text: (part: Node) => string,
): Edit[] {
  const { expression } = node;
  if (node.directive != null) return [];
  const waits = expression.type === "AwaitExpression";
  const removable = /^(Call|Assignment|Update)Expression$/.test((waits ? expression.argument : expression).type);
  return [
    ...(removable || expression.type === "ChainExpression" ? [whole("statement", ";")] : []),
    ...(waits ? [whole("await", `void ${text(expression.argument)};`)] : []),
  ];
}

function optionalEdits(node: Node, left: Node, source: string, becomes: string): Edit[] {
  if (node.optional !== true) return [];
  const start = left.end + source.slice(left.end, node.end).indexOf("?.");
  return [{ kind: "optional", start, end: start + 2, becomes }];
}

function methodEdits(node: Node, text: (part: Node) => string): Edit[] {
  const { callee } = node;
  if (callee.type !== "MemberExpression" || callee.computed) return [];
  const { name, start, end } = callee.property as Node;
  if (Object.hasOwn(swapped, name)) return [{ kind: "method", start, end, becomes: swapped[name]! }];
  if (!droppable.has(name) || callee.optional) return [];
  return [{ kind: "method", start: node.start, end: node.end, becomes: text(callee.object) }];
}
