/**
 * Expressions of the corpus in Python. The families write JavaScript; what they write is parsed, and each idiom of theirs is
 * printed as the one that a Python programmer would write: `list.map((x) => x * 2)` is `[x * 2 for x in list]`.
 */

import type {
  ArrayExpression,
  ArrowFunctionExpression,
  AssignmentExpression,
  BinaryExpression,
  CallExpression,
  Expression,
  LogicalExpression,
  MemberExpression,
  TemplateLiteral,
} from "oxc-parser";
import { levels, operators } from "./levels.ts";

/** A piece of Python and how tightly its parts hold together: a looser one needs parentheses inside a tighter one. */
interface Piece {
  text: string;
  level: number;
}

/** An expression in Python. Throws an Error that names what has no Python yet. */
export function expressionText(node: Expression): string {
  return pieceOf(node).text;
}

/** What stands for an agent's own attribute: `self.mood`, or `state["mood"]` of the one dictionary. */
export function placeOf(node: Expression): { name: string; inState: boolean } | null {
  if (node.type !== "MemberExpression" || node.computed || node.property.type !== "Identifier") return null;
  const { object, property } = node;
  if (object.type === "Identifier" && object.name === "self") return { name: property.name, inState: false };
  const outer = placeOf(object);
  return outer?.name === "state" && !outer.inState ? { name: property.name, inState: true } : null;
}

/** The state's names in a text, an ask or a program: in Python the state is a dictionary, not an object with attributes. */
export function stateInPython(text: string, quote = '"'): string {
  return text.replace(/self\.state\.(\w+)/g, `state[${quote}$1${quote}]`);
}

function inside(node: Expression, level: number): string {
  const piece = pieceOf(node);
  return piece.level < level ? `(${piece.text})` : piece.text;
}

function whole(text: string): Piece {
  return { text, level: levels.whole };
}

function pieceOf(node: Expression): Piece {
  switch (node.type) {
    case "Literal":
      return whole(literalText(node.value));
    case "Identifier":
      return whole(node.name);
    case "ThisExpression":
      return whole("self");
    case "MemberExpression":
      return memberPiece(node);
    case "CallExpression":
      return callPiece(node);
    case "BinaryExpression":
      return binaryPiece(node as BinaryExpression);
    case "LogicalExpression":
      return whole(fallbackText(node));
    case "AssignmentExpression":
      return whole(setDefaultText(node));
    case "ConditionalExpression": {
      const [then, test, other] = [node.consequent, node.test, node.alternate] as const;
      const text = `${inside(then, levels.or)} if ${inside(test, levels.or)} else ${inside(other, levels.either)}`;
      return { text, level: levels.either };
    }
    case "UnaryExpression":
      if (node.operator !== "-") throw unknown(node.operator);
      return { text: `-${inside(node.argument, levels.sign)}`, level: levels.sign };
    case "ArrayExpression":
      return arrayPiece(node);
    case "TemplateLiteral":
      return whole(templateText(node));
    case "ArrowFunctionExpression":
      return { text: lambdaText(node), level: levels.lambda };
    default:
      throw unknown(node.type);
  }
}

function unknown(what: string): Error {
  return new Error(`The corpus has no Python for ${what}: say in corpus/python how it is written`);
}

function literalText(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

function binaryPiece({ left, right, operator }: BinaryExpression): Piece {
  const [sign, level] = operators[operator] ?? [];
  if (sign === undefined || level === undefined) throw unknown(operator);
  // Of two alike the left one is first; a power takes its right one first. Python reads comparisons in a row as all of them at once.
  const before = operator === "**" || level === levels.compare ? level + 1 : level;
  const after = operator === "**" ? level : level + 1;
  return { text: `${inside(left, before)} ${sign} ${inside(right, after)}`, level };
}

function memberPiece(node: MemberExpression): Piece {
  const place = placeOf(node);
  if (place !== null) return whole(place.inState ? `state["${place.name}"]` : `self.${place.name}`);
  if (node.computed) return whole(`${inside(node.object, levels.whole)}[${expressionText(node.property)}]`);
  if (propertyOf(node) === "length") return whole(`len(${expressionText(node.object)})`);
  return whole(`${inside(node.object, levels.whole)}.${propertyOf(node)}`);
}

function propertyOf({ property }: MemberExpression): string {
  return property.type === "Identifier" ? property.name : "";
}

/** `self.count ?? 0`: what an attribute is, or what it is taken for while there is none. */
function fallbackText({ left, right }: LogicalExpression): string {
  const place = placeOf(left);
  if (place === null) throw unknown("a choice of something that is no attribute");
  const other = expressionText(right);
  return place.inState ? `state.get("${place.name}", ${other})` : `getattr(self, "${place.name}", ${other})`;
}

function setDefaultText({ left, right, operator }: AssignmentExpression): string {
  const place = placeOf(left as Expression);
  if (place === null || operator !== "??=") throw unknown("an assignment inside an expression");
  return `state.setdefault("${place.name}", ${expressionText(right)})`;
}

/** `[...x]` alone is its elements; beside others they stand in a list. */
function spreadOf(node: Expression): Expression | null {
  const [only, ...more] = node.type === "ArrayExpression" ? node.elements : [];
  return only?.type === "SpreadElement" && more.length === 0 ? only.argument : null;
}

function arrayPiece({ elements }: ArrayExpression): Piece {
  const texts = elements.map((element) => {
    if (element === null) throw unknown("a hole in a list");
    if (element.type !== "SpreadElement") return expressionText(element);
    const { argument } = element;
    // Each once, in the order in which they came: a set has no order.
    if (argument.type === "NewExpression") return `*dict.fromkeys(${argumentsOf(argument)})`;
    return `*${inside(argument, levels.or)}`;
  });
  return whole(`[${texts.join(", ")}]`);
}

function templateText({ quasis, expressions }: TemplateLiteral): string {
  const parts = quasis.map(({ value }, i) => {
    const expression = expressions[i];
    return JSON.stringify(value.raw).slice(1, -1) + (expression === undefined ? "" : `{${expressionText(expression)}}`);
  });
  return `f"${parts.join("")}"`;
}

function lambdaText({ params, body }: ArrowFunctionExpression): string {
  if (body.type === "BlockStatement") throw unknown("a lambda of statements");
  const names = params.map((param) => ("name" in param ? param.name : "")).join(", ");
  return `lambda${names && ` ${names}`}: ${inside(body as Expression, levels.either)}`;
}

function argumentsOf({ arguments: given }: Pick<CallExpression, "arguments">): string {
  return given.map((one) => (one.type === "SpreadElement" ? eachOf(one.argument) : expressionText(one))).join(", ");
}

/** What `for x in` or a function of many values goes through: no list is made for it. */
function eachOf(node: Expression): string {
  return comprehensionOf(node) ?? expressionText(spreadOf(node) ?? node);
}

/** What a `map` or a `filter` is between the brackets of a list. */
function comprehensionOf(node: Expression): string | null {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return null;
  const way = propertyOf(node.callee);
  const [change] = node.arguments;
  if ((way !== "map" && way !== "filter") || change?.type !== "ArrowFunctionExpression") return null;
  const [param] = change.params;
  const name = param?.type === "Identifier" ? param.name : "";
  const from = inside(spreadOf(node.callee.object) ?? node.callee.object, levels.or);
  const body = change.body as Expression;
  return way === "map"
    ? `${expressionText(body)} for ${name} in ${from}`
    : `${name} for ${name} in ${from} if ${inside(body, levels.or)}`;
}

function callPiece(node: CallExpression): Piece {
  const { callee } = node;
  if (callee.type === "Identifier") {
    const name = callee.name === "String" ? "str" : callee.name;
    return whole(`${name}(${argumentsOf(node)}${name === "exec" ? ", state" : ""})`);
  }
  if (callee.type !== "MemberExpression") throw unknown("a call of what has no name");
  const { object } = callee;
  const way = propertyOf(callee);
  if (object.type === "Identifier" && object.name === "Math") return mathPiece(node, way);
  if (object.type === "Identifier" && object.name === "console") return whole(`print(${argumentsOf(node)})`);
  // `old.call(this, code)`: an executor of Python is a plain function.
  if (way === "call") return whole(`${expressionText(object)}(${argumentsOf({ arguments: node.arguments.slice(1) })})`);
  const comprehension = comprehensionOf(node);
  if (comprehension !== null) return whole(`[${comprehension}]`);
  return methodPiece(node, object, way);
}

function mathPiece(node: CallExpression, way: string): Piece {
  const [first] = node.arguments;
  if (way !== "floor") return whole(`${way}(${argumentsOf(node)})`);
  if (first?.type !== "BinaryExpression" || first.operator !== "/") throw unknown("a floor of what is not divided");
  const { left, right } = first;
  const text = `${inside(left as Expression, levels.product)} // ${inside(right, levels.product + 1)}`;
  return { text, level: levels.product };
}

/** Methods of texts and lists whose names alone differ. */
const renamed: { [way: string]: string } = {
  toUpperCase: "upper",
  toLowerCase: "lower",
  replaceAll: "replace",
  startsWith: "startswith",
  split: "split",
  push: "append",
};

function methodPiece(node: CallExpression, object: Expression, way: string): Piece {
  const given = argumentsOf(node);
  const of = inside(object, levels.whole);
  const named = renamed[way];
  if (named !== undefined) return whole(`${of}.${named}(${given})`);
  switch (way) {
    case "includes":
      return { text: foundText(node, object), level: levels.compare };
    case "indexOf":
      return { text: `${of}.index(${given}) if ${foundText(node, object)} else -1`, level: levels.either };
    case "at":
    case "charAt":
      return whole(`${of}[${given}]`);
    case "slice":
      return whole(`${of}[:${node.arguments.length > 1 ? expressionText(node.arguments[1] as Expression) : ""}]`);
    case "repeat":
      return {
        text: `${inside(object, levels.product)} * ${firstOf(node, levels.product + 1)}`,
        level: levels.product,
      };
    case "reverse":
      return whole(`${inside(spreadOf(object) ?? object, levels.whole)}[::-1]`);
    case "sort":
      return whole(`sorted(${eachOf(object)}${isDownward(node) ? ", reverse=True" : ""})`);
    case "reduce":
      return whole(`${given.includes("*") ? "math.prod" : "sum"}(${eachOf(object)})`);
    case "join":
      return whole(joinedText(object, given));
    case "execute_code":
      return whole(`self.execute_code("${stateInPython(given.slice(1, -1), "'").replace(/;$/, "")}")`);
    default:
      return whole(`${of}.${way}(${given})`);
  }
}

function firstOf({ arguments: [first] }: CallExpression, level: number): string {
  return inside(first as Expression, level);
}

function foundText(node: CallExpression, object: Expression): string {
  return `${firstOf(node, levels.compare + 1)} in ${inside(object, levels.compare + 1)}`;
}

/** `sort((a, b) => b - a)`. */
function isDownward({ arguments: [order] }: CallExpression): boolean {
  const body = order?.type === "ArrowFunctionExpression" ? order.body : null;
  return body?.type === "BinaryExpression" && body.left.type === "Identifier" && body.left.name === "b";
}

function joinedText(object: Expression, mark: string): string {
  // A text turned round letter by letter is one slice in Python.
  if (object.type === "CallExpression" && object.callee.type === "MemberExpression") {
    const { callee } = object;
    const letters = propertyOf(callee) === "reverse" ? lettersOf(callee.object) : null;
    if (letters !== null && mark === '""') return `${inside(letters, levels.whole)}[::-1]`;
    return `${mark}.join(${eachOf(object)})`;
  }
  return `${mark}.join(str(x) for x in ${inside(object, levels.or)})`;
}

/** The text of `[...text]` or of `text.split("")`. */
function lettersOf(node: Expression): Expression | null {
  const isSplit =
    node.type === "CallExpression" && node.callee.type === "MemberExpression" && propertyOf(node.callee) === "split";
  return isSplit ? (node.callee as MemberExpression).object : spreadOf(node);
}
