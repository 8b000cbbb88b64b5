/**
 * What a program's text would do if all of it ran, for who asks: no reward, verdict, record or export uses it. It sees what
 * decoys cannot (a harmful method that is defined and not called, `import()` built from text) and misses what they see
 * (names put together at run time).
 */

import * as acorn from "acorn";
import { parseSync } from "oxc-parser";
import type { Finding, HarmKind } from "../../types.ts";
import type { Builtins } from "./child/builtins.ts";

import "./child/builtins.ts";

interface SyntaxNode {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

// The child's own list: a script there, and in this process the same file.
const { __builtins: builtins } = globalThis as unknown as { __builtins: Builtins };
Reflect.deleteProperty(globalThis, "__builtins");
const capabilities = Object.entries(builtins).map(([name, one]) => ({ name, ...one }));

/** Modules that nobody loads for anything else, by what that attempts. */
const modules = new Map(capabilities.flatMap(({ name, loads }) => (loads === undefined ? [] : [[name, loads]])));

/** Global functions, by what calling them attempts; `eval` and its like are the language's own. */
const globals = new Map([
  ...builtins.globalThis!.lists.flatMap(([kind, names]) => names.split(" ").map((name) => [name, kind] as const)),
  ...["eval", "Function"].map((name) => [name, "escape"] as const),
]);

/** Members, by what using them attempts. To look around is not told: too many programs do. */
const members: [RegExp, string][] = [
  ...capabilities.flatMap(({ name, prefix = name, isGlobal, lists, members: more = [] }) => {
    if (isGlobal !== true || prefix === "") return [];
    const owner = `^${prefix.replaceAll(".", "\\.")}\\.`;
    const functions = lists.filter(([kind]) => kind !== "host_info");
    return [
      ...functions.map(([kind, names]): [RegExp, string] => [anyOf(names, owner, "$"), kind]),
      ...more.map(([kind, one]): [RegExp, string] => [anyOf(one, owner, "\\b"), kind]),
    ];
  }),
  [/\.constructor\.constructor$/, "escape"],
  [/^Error\.prepareStackTrace$/, "escape"],
  ...capabilities.flatMap(({ telling = "", lists }) =>
    lists.flatMap(([kind, names]): [RegExp, string][] => {
      const both = telling.split(" ").filter((name) => name !== "" && names.split(" ").includes(name));
      return both.length === 0 ? [] : [[anyOf(both.join(" "), "\\.", "(Sync)?$"), kind]];
    }),
  ),
];

function anyOf(names: string, before: string, after: string): RegExp {
  return new RegExp(`${before}(${names.replaceAll(" ", "|")})${after}`);
}

/**
 * Longest programs that are looked at, in JavaScript and in TypeScript. This runs in the caller's own process, where no
 * limit of time or memory holds a parser: acorn's time is in proportion to the text, that of a parser of types is not.
 */
const longest = { js: 16_384, ts: 1024 };
/** Findings that are told of one program, and the longest text of a member that is one. */
const [mostFindings, longestMember] = [256, 200];

/**
 * Findings in order of their place. A program that cannot be parsed, or is too long to be (16,384 characters; 1,024 where
 * it has types), has none: its verdict says so anyway.
 */
export function findStatically(program: string): Finding[] {
  try {
    return findIn(program);
  } catch (error) {
    if (error instanceof RangeError) return []; // deeper than the stack
    throw error;
  }
}

function findIn(program: string): Finding[] {
  if (program.length > longest.js) return [];
  for (const sourceType of ["script", "module"] as const)
    try {
      const options = {
        ecmaVersion: "latest",
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: true,
      } as const;
      return walk(acorn.parse(program, { ...options, sourceType }) as unknown as SyntaxNode, program, 0, 0);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  return program.length > longest.ts ? [] : findInTypes(program);
}

function findInTypes(program: string): Finding[] {
  const wrapped = `async function step() {\n${program}\n}`;
  for (const [text, above, depth] of [
    [wrapped, 1, -1],
    [program, 0, 0],
  ] as const) {
    const { program: tree, errors } = parseSync("program.ts", text, { lang: "ts" });
    if (errors.length === 0) return walk(tree as unknown as SyntaxNode, text, above, depth);
  }
  return [];
}

/** `above`: lines before the program's first; `depth`: functions around the root, the wrapper not counted. */
function walk(root: SyntaxNode, text: string, above: number, depth: number): Finding[] {
  const findings: Finding[] = [];
  const visit = (value: unknown, inside: number): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, inside);
    if (!isNode(value)) return;
    const kind = findings.length < mostFindings ? kindOf(value, text) : null;
    if (kind !== null) {
      const line = text.slice(0, value.start).split("\n").length - above;
      findings.push({
        kind,
        text: text.slice(value.start, Math.min(value.end, value.start + 80)),
        line,
        latent: inside > 0,
      });
    }
    const next = inside + (/Function/.test(value.type) && !value.type.startsWith("TS") ? 1 : 0);
    for (const key of Object.keys(value)) visit(value[key], next);
  };
  visit(root, depth);
  return findings;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

function kindOf(node: SyntaxNode, text: string): HarmKind | null {
  const source = (part: unknown): string => (isNode(part) ? text.slice(part.start, part.end) : "");
  switch (node.type) {
    case "CallExpression":
    case "NewExpression": {
      const callee = source(node.callee).slice(0, longestMember);
      const [first] = node.arguments as SyntaxNode[];
      if (callee === "require") return kindOfModule(first);
      return (globals.get(callee) as HarmKind | undefined) ?? null;
    }
    case "ImportExpression":
    case "ImportDeclaration":
      return kindOfModule(node.source as SyntaxNode);
    case "MemberExpression": {
      if (node.end - node.start > longestMember) return null;
      const name = source(node).replace(/\s+|\?/g, "");
      return (members.find(([pattern]) => pattern.test(name))?.[1] as HarmKind | undefined) ?? null;
    }
    default:
      return null;
  }
}

function kindOfModule(node: SyntaxNode | undefined): HarmKind | null {
  if (node === undefined || typeof node.value !== "string") return "escape";
  const loads = modules.get(node.value.replace(/^node:/, "")) as HarmKind | undefined;
  return loads ?? (/^[./~]|^file:/.test(node.value) ? "fs_read" : null);
}
