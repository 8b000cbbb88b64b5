/** Compiler options of cells: a base, what a tsconfig.json may not change, and the files that are always there. */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { CompilerOptions, Paths } from "./service-types.ts";

const esNext = 99;
/** Modules are what Node makes of them; their names are found as the loader finds them, also without an extension. */
const modules = { module: 199, moduleResolution: 100 };

/** What holds unless the folder's tsconfig.json says otherwise. */
export const defaultOptions: CompilerOptions = {
  strict: true,
  target: esNext,
  lib: ["lib.esnext.d.ts"],
  skipLibCheck: true,
  types: [],
};

/** What cells need, whatever a tsconfig.json says: they are modules, never emitted, and run as Node 24 runs TypeScript. */
export const forcedOptions: CompilerOptions = {
  ...modules,
  moduleDetection: 3,
  noEmit: true,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  jsx: 1, // kept as it is: a .tsx file of the reader's own may be imported
  customConditions: ["autoagent-lab-source", "node"],
  allowUnreachableCode: true,
  allowUnusedLabels: true,
  isolatedModules: false,
  verbatimModuleSyntax: false,
  erasableSyntaxOnly: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
  composite: false,
  incremental: false,
  declaration: false,
};

/** Options that would make the compiler speak of files on disk, or of itself, instead of cells; and those of `pathsOf`. */
const dropped = new Set([
  "configFilePath",
  "outDir",
  "rootDir",
  "outFile",
  "tsBuildInfoFile",
  "jsx",
  "isolatedDeclarations",
  "baseUrl",
  "paths",
  "pathsBasePath",
]);

/** The three layers as one, for cells of a folder. `folder` is what its tsconfig.json says, as a compiler read it. */
export function mergeOptions(
  { defaults, forced, directory }: { defaults: CompilerOptions; forced: CompilerOptions; directory: string },
  folder: FolderOptions,
): CompilerOptions {
  const own = Object.fromEntries(Object.entries(folder).filter(([name, value]) => value != null && !dropped.has(name)));
  return { ...defaults, ...own, ...forced, paths: pathsOf(directory, folder) } as CompilerOptions;
}

/** What is read of a tsconfig.json, the files that it extends included. */
export interface FolderOptions {
  paths?: { readonly [pattern: string]: readonly string[] };
  /** Where `paths` begin when there is no `baseUrl`. */
  pathsBasePath?: string;
  baseUrl?: string;
}

/**
 * Other places for modules' names: `paths` of the tsconfig.json, `baseUrl` as TypeScript 7 wants it, and the library of which
 * the kernel is a part, where the folder has none of its own.
 */
function pathsOf(directory: string, { paths = {}, pathsBasePath, baseUrl }: FolderOptions): Paths {
  const base = baseUrl ?? pathsBasePath ?? directory;
  const found: Paths = {};
  for (const [pattern, targets] of Object.entries(paths)) found[pattern] = targets.map((one) => resolve(base, one));
  if (baseUrl !== undefined) found["*"] = [...(found["*"] ?? []), join(resolve(directory, baseUrl), "*")];
  const library = ownLibrary(directory);
  if (library !== null) found[libraryName] ??= [library];
  return found;
}

/** The name of the package of which the kernel is a part. */
export const libraryName = "autoagent-lab";

/** The kernel's own library, for a folder from which none is found; null for one that has it. */
function ownLibrary(directory: string): string | null {
  for (const from of [join(directory, "cell.mts"), fileURLToPath(import.meta.url)]) {
    try {
      const path = createRequire(from).resolve(libraryName);
      return from === join(directory, "cell.mts") ? null : path;
    } catch {}
  }
  return null;
}

/** The kernel's own declarations, and Node's: the notebook's own copy, else the kernel's. */
export function rootFiles(directory: string): string[] {
  const globals = fileURLToPath(new URL("./globals.d.ts", import.meta.url));
  const node = nodeTypes(join(directory, "cell.mts")) ?? nodeTypes(fileURLToPath(import.meta.url));
  return node === null ? [globals] : [globals, node];
}

function nodeTypes(from: string): string | null {
  try {
    const path = join(dirname(createRequire(from).resolve("@types/node/package.json")), "index.d.ts");
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}
