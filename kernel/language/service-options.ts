/** Compiler options of cells: a base, what a tsconfig.json may not change, and the files that are always there. */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CompilerOptions } from "./service-types.ts";

const esNext = 99;
const nodeNext = { module: 199, moduleResolution: 99 };

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
  ...nodeNext,
  moduleDetection: 3,
  noEmit: true,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  customConditions: ["autoagent-lab-source"],
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

/** Options that would make the compiler speak of files on disk, or of itself, instead of cells. */
const dropped = ["configFilePath", "outDir", "rootDir", "outFile", "tsBuildInfoFile", "jsx", "isolatedDeclarations"];

/** The three layers as one. */
export function mergeOptions(defaults: CompilerOptions, folder: object, forced: CompilerOptions): CompilerOptions {
  const own = Object.fromEntries(
    Object.entries(folder).filter(([name, value]) => value != null && !dropped.includes(name)),
  );
  return { ...defaults, ...own, ...forced } as CompilerOptions;
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
