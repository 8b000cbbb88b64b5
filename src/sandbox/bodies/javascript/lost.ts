/**
 * What a method's text does not hold: names that it uses and that nothing in its genome or its world gives. It closed over
 * them where it was made, and throws a ReferenceError where it is made again from its text. A look at the text alone: a
 * name that is bound anywhere inside the method counts as bound.
 */

import { type Node, type Pattern, parseExpressionAt } from "acorn";
import type { GenomeMember, LostNames } from "../../types.ts";
import { newbornGenome } from "./newborn.ts";

/** Names that every isolate has: JavaScript's own, and the agent's world. */
const language =
  "globalThis undefined NaN Infinity eval parseInt parseFloat isNaN isFinite escape unescape encodeURI encodeURIComponent decodeURI decodeURIComponent Object Function Array Number Boolean String Symbol BigInt Math JSON Reflect Proxy Date RegExp Promise Map Set WeakMap WeakSet Intl Iterator Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError DisposableStack AsyncDisposableStack ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array Float64Array BigInt64Array BigUint64Array arguments";
const world =
  "self exec ask finish print console budget require process global module exports fetch WebSocket XMLHttpRequest EventSource Worker navigator environment __filename __dirname";
const known = new Set(`${language} ${world}`.split(" "));

/** The methods of a genome that cannot work from their text alone, with what they miss. */
export function lostNames(genome: readonly GenomeMember[] = []): LostNames[] {
  const state = new Set(genome.map(({ name }) => name).filter((name) => !name.startsWith("self.")));
  const own = new Map(newbornGenome.map(({ name, source }) => [name, source]));
  return genome.flatMap(({ name, kind, source }) => {
    if (kind !== "method" || own.get(name) === source) return [];
    const names = freeNames(source).filter((free) => !known.has(free) && !state.has(free));
    return names.length === 0 ? [] : [{ method: name, names }];
  });
}

type AnyNode = Node & { [field: string]: unknown };

function freeNames(source: string): string[] {
  const used = new Set<string>();
  const bound = new Set<string>();
  for (const text of [`(${source})`, `({${source}})`])
    try {
      visit(parseExpressionAt(text, 0, { ecmaVersion: "latest" }) as AnyNode, used, bound);
      break;
    } catch {}
  return [...used].filter((name) => !bound.has(name)).sort();
}

/** Fields that hold a name which is no variable, unless computed; and fields that bind one. */
const labels: { [type: string]: string } = {
  MemberExpression: "property",
  Property: "key",
  MethodDefinition: "key",
  PropertyDefinition: "key",
  LabeledStatement: "label",
  BreakStatement: "label",
  ContinueStatement: "label",
  MetaProperty: "meta",
};

function visit(value: unknown, used: Set<string>, bound: Set<string>): void {
  if (Array.isArray(value)) for (const one of value) visit(one, used, bound);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const node = value as AnyNode;
  if (node.type === "Identifier") used.add(String(node.name));
  if (node.type === "MetaProperty") return;
  for (const target of [
    node.params,
    node.type === "VariableDeclarator" || bindsItself(node) ? node.id : null,
    node.param,
  ])
    for (const pattern of Array.isArray(target) ? target : [target]) bind(pattern as Pattern | null, bound);
  const label = node.computed === true ? undefined : labels[node.type];
  for (const field of Object.keys(node))
    if (field !== label || node.shorthand === true) visit(node[field], used, bound);
}

function bindsItself({ type }: AnyNode): boolean {
  return /^(Function|Class)(Declaration|Expression)$/.test(type);
}

function bind(pattern: Pattern | null | undefined, bound: Set<string>): void {
  switch (pattern?.type) {
    case "Identifier":
      bound.add(pattern.name);
      break;
    case "ObjectPattern":
      for (const one of pattern.properties) bind(one.type === "RestElement" ? one.argument : one.value, bound);
      break;
    case "ArrayPattern":
      for (const one of pattern.elements) bind(one, bound);
      break;
    case "RestElement":
      bind(pattern.argument, bound);
      break;
    case "AssignmentPattern":
      bind(pattern.left, bound);
  }
}
