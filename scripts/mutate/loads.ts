/**
 * Which files a test file loads, itself or in a process or thread that it starts. A global that counts lines would not see
 * the kernel's user process or the sandbox's children, so the map is read from the sources: imports that are not types, and
 * every string, template or `join(...)` that names a file of the project, which is how workers, children and commands
 * are started here. It may name a file that a test never runs; it does not miss one that it does.
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parseSync } from "oxc-parser";
import { type Node, parseProgram, walk } from "./tree.ts";

/** What no text in the test names: notebooks' cells import the library, and a packed project is all of it. */
const unnamed: { [prefix: string]: string[] } = {
  "test/notebooks/": ["src/index.ts", "kernel/cli.ts"],
  "test/package/": ["src/index.ts", "kernel/cli.ts", "src/cli/main.ts"],
  "test/kernel/peers/": ["kernel/cli.ts"],
};

/** File to the files that it loads directly. */
export type Loads = Map<string, Set<string>>;

/** Reads the map of these files (paths below the root). */
export function readLoads(root: string, files: readonly string[]): Loads {
  const known = new Set(files);
  return new Map(
    files
      .filter((file) => /\.[mc]?[jt]s$/.test(file) && existsSync(join(root, file)))
      .map((file) => [file, loadsOf(file, readFileSync(join(root, file), "utf8"), known)]),
  );
}

/** How many steps each file is away from this one; the file itself is 0. */
export function distancesFrom(file: string, loads: Loads): Map<string, number> {
  const found = new Map([[file, 0]]);
  for (const [at, distance] of found)
    for (const next of loads.get(at) ?? []) if (!found.has(next)) found.set(next, distance + 1);
  return found;
}

function loadsOf(file: string, source: string, known: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  const here = dirname(file);
  const add = (text: string): void => {
    for (const base of [here, ""])
      for (const path of [text, `${text}.ts`, text.replace(/\.$/, ".ts")])
        if (known.has(normalize(join(base, path)))) found.add(normalize(join(base, path)));
    if (/^autoagent-lab$|["']autoagent-lab["']/.test(text) && known.has("src/index.ts")) found.add("src/index.ts");
  };
  for (const text of importsOf(file, source)) add(text);
  const program = parseProgram(file, source);
  if (program !== null)
    walk(program, (node) => {
      if (node.type === "ImportDeclaration" || node.type === "ExportAllDeclaration") return false;
      for (const text of textsOf(node)) add(text);
      return true;
    });
  for (const [prefix, more] of Object.entries(unnamed))
    if (file.startsWith(prefix)) for (const one of more) if (known.has(one)) found.add(one);
  found.delete(file);
  return found;
}

function importsOf(file: string, source: string): string[] {
  const { module } = parseSync(file, source);
  const imports = module.staticImports
    .filter(({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType))
    .map(({ moduleRequest }) => moduleRequest.value);
  const exports = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) => (moduleRequest && !isType ? [moduleRequest.value] : [])),
  );
  return [...imports, ...exports];
}

/** The texts at a node that may name a file: a string, a template's parts, the strings of a call in a row. */
function textsOf(node: Node): string[] {
  if (node.type === "Literal" && typeof node.value === "string") return [node.value];
  if (node.type === "TemplateLiteral") return node.quasis.map((part: Node) => part.value.cooked ?? "");
  if (node.type !== "CallExpression") return [];
  const parts: string[] = node.arguments.flatMap((part: Node) => {
    if (part.type === "Literal" && typeof part.value === "string") return [part.value];
    return part.type === "TemplateLiteral" ? [part.quasis[0].value.cooked ?? ""] : [];
  });
  return parts.length > 1 ? [parts.join("/")] : [];
}
