/**
 * Programs of the corpus in Python: the statements. One dictionary is an agent's attributes, its state and its programs' global
 * names there, so that a `def` or a variable at the top of a program is an attribute already.
 */

import {
  type ArrowFunctionExpression,
  type AssignmentExpression,
  type BlockStatement,
  type Class,
  type Expression,
  type ForStatement,
  type Function as FunctionNode,
  type ParamPattern,
  parseSync,
  type Statement,
  type TSType,
  type VariableDeclaration,
} from "oxc-parser";
import { expressionText, placeOf } from "./expressions.ts";

/** A program of a family, which is JavaScript or TypeScript, in Python. Throws an Error where it has no Python. */
export function programInPython(program: string): string {
  const { program: parsed, errors } = parseSync("program.ts", `function program() {\n${program}\n}`, {
    preserveParens: false,
  });
  const [around] = parsed.body;
  if (errors.length > 0 || around?.type !== "FunctionDeclaration" || around.body === null)
    throw new Error(`No program of the corpus: ${program}`);
  // What a program returns is heard in JavaScript alone: Python's `return` stands in functions.
  const lines = around.body.body.filter(({ type }) => type !== "ReturnStatement").flatMap((node) => linesOf(node));
  return [...(lines.some((line) => /\bmath\.\w/.test(line)) ? ["import math"] : []), ...lines].join("\n");
}

function unknown(type: string): Error {
  return new Error(`The corpus has no Python for ${type}: say in corpus/python how it is written`);
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${line}`);
}

function linesOf(node: Statement): string[] {
  switch (node.type) {
    case "ExpressionStatement":
      return node.expression.type === "AssignmentExpression"
        ? assignmentLines(node.expression)
        : [expressionText(node.expression)];
    case "VariableDeclaration":
      return variableLines(node);
    case "FunctionDeclaration":
      return functionLines(node.id!.name, node);
    case "ClassDeclaration":
      return classLines(node);
    case "ReturnStatement":
      return [`return ${expressionText(node.argument!)}`];
    case "ForStatement":
      return [`for ${rangeText(node)}:`, ...indented(linesOf(node.body))];
    case "BlockStatement":
      return keptLines(node);
    case "TryStatement": {
      const { param, body } = node.handler!;
      const name = param?.type === "Identifier" ? param.name : "error";
      const tried = node.block.body.flatMap(linesOf);
      return ["try:", ...indented(tried), `except Exception as ${name}:`, ...indented(body.body.flatMap(linesOf))];
    }
    default:
      throw unknown(node.type);
  }
}

function assignmentLines({ left, right, operator }: AssignmentExpression): string[] {
  const target = left as Expression;
  const place = placeOf(target);
  if (place !== null && isFunction(right)) return methodLines(place.name, right);
  const text = expressionText(target);
  if (operator !== "??=") return [`${text} ${operator} ${expressionText(right)}`];
  if (place!.inState) return [`state.setdefault("${place!.name}", ${expressionText(right)})`];
  return [`if not hasattr(self, "${place!.name}"):`, ...indented([`${text} = ${expressionText(right)}`])];
}

type AnyFunction = ArrowFunctionExpression | FunctionNode;

function isFunction(node: Expression): node is AnyFunction {
  return node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression";
}

/** A method: a lambda where it is an expression without types, else a `def`, which is the agent's attribute by itself. */
function methodLines(name: string, node: AnyFunction): string[] {
  if (isLambda(node)) return [`self.${name} = ${boundTo(name, expressionText(node))}`];
  const again = node.type === "FunctionExpression" && node.id !== null ? [`self.${name} = ${name}`] : [];
  return [...functionLines(name, node), ...again];
}

function isLambda(node: Expression): node is ArrowFunctionExpression {
  return node.type === "ArrowFunctionExpression" && node.expression && !node.returnType;
}

function variableLines({ declarations }: VariableDeclaration): string[] {
  return declarations.flatMap(({ id, init }) => {
    if (id.type !== "Identifier" || !init) throw unknown("a variable without a name or a value");
    if (isLambda(init)) return [`${id.name} = ${boundTo(id.name, expressionText(init))}`];
    return isFunction(init) ? functionLines(id.name, init) : [`${id.name} = ${expressionText(init)}`];
  });
}

/** Names of Python that the corpus calls: an agent's own function of that name takes its place. */
const builtins = new Set("abs len list max min pow print range sorted str sum".split(" "));

function callsItself(name: string, text: string): boolean {
  return builtins.has(name) && new RegExp(`(?<![.\\w])${name}\\(`).test(text);
}

/** Keeps the built-in of that name as a default: the name alone would mean the function itself. */
function boundTo(name: string, lambda: string): string {
  return callsItself(name, lambda) ? lambda.replace(":", `, ${name}=${name}:`) : lambda;
}

function functionLines(name: string, node: AnyFunction, kept: readonly string[] = []): string[] {
  const body = node.body!.type === "BlockStatement" ? node.body!.body.flatMap((one) => linesOf(one as Statement)) : [];
  if (node.type === "ArrowFunctionExpression" && node.expression)
    body.push(`return ${expressionText(node.body as Expression)}`);
  const own = callsItself(name, body.join("\n")) ? [`${name}=${name}`] : [];
  const params = [...node.params.map(paramText), ...kept, ...own].join(", ");
  const returns = node.returnType ? ` -> ${typeText(node.returnType.typeAnnotation)}` : "";
  return [`def ${name}(${params})${returns}:`, ...indented(body)];
}

function paramText(param: ParamPattern): string {
  if (param.type !== "Identifier") throw unknown(param.type);
  return param.typeAnnotation ? `${param.name}: ${typeText(param.typeAnnotation.typeAnnotation)}` : param.name;
}

function typeText(type: TSType): string {
  switch (type.type) {
    case "TSNumberKeyword":
      return "float";
    case "TSStringKeyword":
      return "str";
    case "TSBooleanKeyword":
      return "bool";
    case "TSArrayType":
      return `list[${typeText(type.elementType)}]`;
    default:
      throw unknown(type.type);
  }
}

function classLines({ id, body }: Class): string[] {
  const fields = body.body.map((field) => {
    if (field.type !== "PropertyDefinition" || field.key.type !== "Identifier" || field.value === null)
      throw unknown(field.type);
    const type = field.typeAnnotation ? `: ${typeText(field.typeAnnotation.typeAnnotation)}` : "";
    return `${field.key.name}${type} = ${expressionText(field.value)}`;
  });
  return [`class ${id!.name}:`, ...indented(fields)];
}

/** `let i = 1; i <= n; i++` is `i in range(1, n + 1)`. */
function rangeText({ init, test, update }: ForStatement): string {
  const [declared] = init?.type === "VariableDeclaration" ? init.declarations : [];
  if (declared?.id.type !== "Identifier" || test?.type !== "BinaryExpression" || !declared.init || !update)
    throw unknown("a loop that does not count");
  const [first, last] = [expressionText(declared.init), expressionText(test.right)];
  const step = stepOf(update);
  const end = { "<": last, "<=": `${last} + 1`, ">=": String(Number(last) - 1) }[test.operator as "<" | "<=" | ">="];
  const from = first === "0" && step === "1" ? [] : [first];
  return `${declared.id.name} in range(${[...from, end, ...(step === "1" ? [] : [step])].join(", ")})`;
}

function stepOf(update: Expression): string {
  if (update.type === "UpdateExpression") return update.operator === "++" ? "1" : "-1";
  if (update.type === "AssignmentExpression") return expressionText(update.right);
  throw unknown(update.type);
}

/** A block whose first line keeps a value under a name of its own: in Python, a default of the function that uses it. */
function keptLines({ body: [first, second, ...more] }: BlockStatement): string[] {
  const [declared] = first?.type === "VariableDeclaration" ? first.declarations : [];
  const assigned = second?.type === "ExpressionStatement" ? second.expression : null;
  if (declared?.id.type !== "Identifier" || assigned?.type !== "AssignmentExpression" || more.length > 0)
    throw unknown("a block");
  const place = placeOf(assigned.left as Expression);
  if (place === null || !isFunction(assigned.right)) throw unknown("a block that sets no method");
  return functionLines(place.name, assigned.right, [`${declared.id.name}=${expressionText(declared.init!)}`]);
}
