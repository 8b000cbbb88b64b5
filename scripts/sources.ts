/**
 * What the source files of this repository import, read by its own parser. The import plan, the house's tests and the
 * picture of the architecture stand on it.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { type ParseResult, parseSync, Visitor } from "oxc-parser";

const root = resolve(import.meta.dirname, "..");

/** One file importing another, both from the root of the repository. */
export interface ImportEdge {
  from: string;
  to: string;
  /** Types alone are taken. */
  typeOnly: boolean;
}

/** A source file, parsed. */
export interface SourceFile {
  path: string;
  text: string;
  parsed: ParseResult;
}

/** Every TypeScript and JavaScript file below some folders, declaration files aside. */
export function sourceFiles(folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => /\.(ts|js|mjs|cjs)$/.test(file) && !file.endsWith(".d.ts"))
        .map((file) => join(folder, file).replaceAll("\\", "/")),
    )
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return { path, text, parsed: parseSync(path, text) };
    });
}

/** What the files import of each other: statements, exports from elsewhere, `import("...")` as a type and as a call. */
export function importEdges(files: readonly SourceFile[]): ImportEdge[] {
  return files.flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier, typeOnly }) => ({
        from: file.path,
        to: relative(root, resolve(root, dirname(file.path), specifier)).replaceAll("\\", "/"),
        typeOnly,
      })),
  );
}

function importsOf({ parsed }: SourceFile): { specifier: string; typeOnly: boolean }[] {
  const { module, program } = parsed;
  const statics = module.staticImports.map((one) => ({
    specifier: one.moduleRequest.value,
    typeOnly: one.entries.length > 0 && one.entries.every((entry) => entry.isType),
  }));
  const exports = module.staticExports.flatMap((one) =>
    one.entries.flatMap((entry) =>
      entry.moduleRequest ? [{ specifier: entry.moduleRequest.value, typeOnly: entry.isType }] : [],
    ),
  );
  const inside: { specifier: string; typeOnly: boolean }[] = [];
  new Visitor({
    TSImportType({ source }) {
      inside.push({ specifier: source.value, typeOnly: true });
    },
    ImportExpression({ source }) {
      if (source.type === "Literal" && typeof source.value === "string")
        inside.push({ specifier: source.value, typeOnly: false });
    },
  }).visit(program);
  return [...statics, ...exports, ...inside];
}

/** Files that import each other, directly or by way of others: each circle's files, sorted (strongly connected parts). */
export function findCircles(edges: readonly { from: string; to: string }[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const reached = new Map([...next.keys()].map((file) => [file, reachable(next, file)] as const));
  const circles = new Map<string, string[]>();
  for (const [file, others] of reached) {
    if (!others.has(file)) continue;
    const circle = [...others].filter((other) => reached.get(other)?.has(file)).sort();
    circles.set(circle.join(" "), circle);
  }
  return [...circles.values()];
}

/** Every file that one imports, and that these import; the file itself only where it comes back to it. */
function reachable(next: ReadonlyMap<string, readonly string[]>, from: string): Set<string> {
  const seen = new Set<string>();
  const open = [...(next.get(from) ?? [])];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    open.push(...(next.get(file) ?? []));
  }
  return seen;
}
