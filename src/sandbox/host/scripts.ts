/**
 * The scripts of a body's child: written as typed sources, run as plain scripts without imports. They are read here, their
 * types stripped in a clone (an installed package has them compiled), and described so that a hash of them is one of what runs.
 */

import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { join } from "node:path";
import * as acorn from "acorn";
import { parseSync } from "oxc-parser";
import { transformSync } from "oxc-transform";

const texts = new Map<string, string>();

/** A child's source as a script, by its folder and its name without an ending. Read once. */
export function readScript(folder: string, name: string): string {
  const path = join(folder, name);
  const known = texts.get(path);
  if (known !== undefined) return known;
  const typed = import.meta.filename.endsWith(".ts");
  const text = readFileSync(`${path}.${typed ? "ts" : "js"}`, "utf8");
  const script = (typed ? stripTypes(text) : text).replace(/^\s*export \{\s*\};?\s*$/m, "");
  texts.set(path, script);
  return script;
}

/** The two pipes of every child, as a script that makes `makePipe`. */
export function pipeScript(): string {
  return readScript(import.meta.dirname, "pipe");
}

/** A script's tree. Literals count by their value, however they are written; what is left of an import of types is nothing. */
export function treeOf(script: string): string {
  const tree = acorn.parse(script, { ecmaVersion: "latest", sourceType: "script" });
  return JSON.stringify(tree, (key, value: unknown) => {
    if (["start", "end", "raw"].includes(key) || typeof value === "bigint") return undefined;
    return Array.isArray(value) ? value.filter((one) => one?.type !== "EmptyStatement") : value;
  });
}

/** Strips the types of one of our own sources. Node's stripper keeps positions; Node before 22.13 has none, oxc's prints anew. */
function stripTypes(source: string): string {
  if (typeof nodeModule.stripTypeScriptTypes === "function")
    return quietly(() => nodeModule.stripTypeScriptTypes(source));
  if (parseSync("source.ts", source, { lang: "ts" }).errors.length > 0) throw new SyntaxError("not TypeScript");
  return transformSync("source.ts", source).code;
}

/** Without Node's notice that its stripper is young: it says nothing to whoever runs an agent. */
function quietly<T>(work: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
