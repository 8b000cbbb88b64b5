/**
 * Mutants of a function by rule, on its syntax tree: one small fault each. They are what repair begins with, and what says whether
 * a problem's tests look at everything. Not here: mutants of the project itself (`../mutate/`), which have other rules.
 */

import { type AnyNode, type Node, parse } from "acorn";

/** One fault. */
export interface Fault {
  rule: string;
  source: string;
}

const operators: { [operator: string]: readonly string[] } = {
  "+": ["-"],
  "-": ["+"],
  "*": ["+"],
  "/": ["*"],
  "%": ["/"],
  "===": ["!=="],
  "!==": ["==="],
  "<": ["<=", ">"],
  ">": [">=", "<"],
  "<=": ["<", ">"],
  ">=": [">", "<"],
  "&&": ["||"],
  "||": ["&&"],
  "??": ["&&"],
  "+=": ["-=", "="],
  "-=": ["+="],
  "*=": ["+=", "="],
  "++": ["--"],
  "--": ["++"],
};

/** Methods that are taken for each other. */
const methods: { [name: string]: string } = {
  max: "min",
  min: "max",
  some: "every",
  every: "some",
  startsWith: "endsWith",
  endsWith: "startsWith",
  toUpperCase: "toLowerCase",
  toLowerCase: "toUpperCase",
  push: "unshift",
  pop: "shift",
  indexOf: "lastIndexOf",
};

/** Calls that are left out. */
const dropped = ["filter", "map", "reverse", "sort", "slice", "trim"];

/** Every mutant of a program, once. */
export function mutantsOf(source: string): Fault[] {
  const found = new Map<string, Fault>();
  const put = (rule: string, start: number, end: number, text: string): void => {
    const mutant = source.slice(0, start) + text + source.slice(end);
    if (mutant !== source && !found.has(mutant)) found.set(mutant, { rule, source: mutant });
  };
  const visit = (node: Node): void => {
    mutate(node as AnyNode, source, put);
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) value.filter(isNode).forEach(visit);
      else if (isNode(value)) visit(value);
    }
  };
  visit(parse(source, { ecmaVersion: "latest", sourceType: "module" }));
  return [...found.values()];
}

function isNode(value: unknown): value is Node {
  return typeof (value as { type?: unknown } | null)?.type === "string";
}

type Put = (rule: string, start: number, end: number, text: string) => void;

function mutate(node: AnyNode, source: string, put: Put): void {
  const text = (one: Node): string => source.slice(one.start, one.end);
  switch (node.type) {
    case "BinaryExpression":
    case "LogicalExpression":
    case "AssignmentExpression":
      return swap(node.operator, node.left.end, node.right.start, source, put);
    case "UpdateExpression":
      return swap(node.operator, node.start, node.end, source, put);
    case "UnaryExpression":
      if (["-", "!"].includes(node.operator)) put(`without ${node.operator}`, node.start, node.argument.start, "");
      return;
    case "Literal":
      return changeLiteral(node, put);
    case "IfStatement":
      return put("condition always true", node.test.start, node.test.end, "true");
    case "ConditionalExpression": {
      const { test, consequent, alternate } = node;
      return put("branches swapped", node.start, node.end, `${text(test)} ? ${text(alternate)} : ${text(consequent)}`);
    }
    case "CallExpression":
      return changeCall(node.callee, node.end, put);
    default:
  }
}

function swap(operator: string, from: number, to: number, source: string, put: Put): void {
  const at = source.indexOf(operator, from);
  if (at < 0 || at >= to) return;
  for (const other of operators[operator] ?? [])
    put(`operator ${operator} to ${other}`, at, at + operator.length, other);
}

function changeLiteral({ value, start, end }: AnyNode & { type: "Literal" }, put: Put): void {
  if (typeof value === "number") {
    put("number up", start, end, String(value + 1));
    if (value > 0) put("number down", start, end, String(value - 1));
  }
  if (typeof value === "boolean") put("not", start, end, String(!value));
}

function changeCall(callee: Node, end: number, put: Put): void {
  const member = callee as AnyNode;
  if (member.type !== "MemberExpression" || member.property.type !== "Identifier") return;
  const { name, start, end: nameEnd } = member.property;
  if (Object.hasOwn(methods, name)) put(`${name} to ${methods[name]}`, start, nameEnd, methods[name]!);
  if (dropped.includes(name)) put(`without .${name}()`, member.object.end, end, "");
}
