/**
 * How TypeScript finds a module, for the loader: `./k` and `./k.js` for k.ts, an index file, `paths` and `baseUrl` of the
 * folder's tsconfig.json. TypeScript 7.1's own resolver, with the options that cells are checked with, in a process that is
 * started when a name is not found as Node finds it (some 20 ms) and ended after it.
 */

import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { API, ModuleResolver, Program } from "typescript-api/sync";
import { defaultOptions, type FolderOptions, forcedOptions, mergeOptions, rootFiles } from "./service-options.ts";
import type { CompilerOptions } from "./service-types.ts";

/** TypeScript's answers about modules, from a folder. */
export interface FolderResolver {
  /** Whether the folder's tsconfig.json gives names to modules, which come before packages of the same name. */
  readonly hasPaths: boolean;
  /** The file that a module is loaded from, as asked for in a file of `from`; null when there is none. */
  resolve(specifier: string, from: string): string | null;
  /** Those of the names that a module exports as types alone. */
  typesAmong(specifier: string, names: readonly string[]): Set<string>;
  /** Ends the compiler; the next question starts it again. */
  close(): void;
}

/** Makes a resolver. Starts nothing yet. */
export function createFolderResolver(directory: string): FolderResolver {
  let api: API | null = null;
  let options: CompilerOptions | null = null;
  let resolver: ModuleResolver | null = null;
  let read: { changedMs: number; folder: FolderOptions } | null = null;

  /** By require: a module's hook has no time to wait for an import. */
  const start = (): API => {
    const typescript = createRequire(import.meta.url)("typescript-api/sync") as typeof import("typescript-api/sync");
    api ??= new typescript.API({ cwd: directory });
    return api;
  };
  const folderOptions = (): FolderOptions => {
    const file = join(directory, "tsconfig.json");
    const changedMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (changedMs === undefined) return {};
    if (read?.changedMs !== changedMs)
      read = { changedMs, folder: start().parseConfigFile(file).options as FolderOptions };
    return read.folder;
  };
  const optionsNow = (): CompilerOptions => {
    options ??= mergeOptions({ directory, defaults: defaultOptions, forced: forcedOptions }, folderOptions());
    return options;
  };

  return {
    get hasPaths() {
      const { paths, baseUrl } = folderOptions();
      return paths !== undefined || baseUrl !== undefined;
    },
    resolve(specifier, from) {
      const asked = start();
      resolver ??= asked.createModuleResolver(optionsNow());
      const found = resolver.resolveModuleName(specifier, from, esModules).resolvedModule?.resolvedFileName;
      return found === undefined ? null : codeOf(found);
    },
    typesAmong(specifier, names) {
      const file = join(directory, "__names.mts");
      const text = `import { ${names.map((name, i) => `${name} as _${i}`).join(", ")} } from ${JSON.stringify(specifier)};`;
      const snapshot = start().createSnapshot({
        fileSystem: { kind: "layer", files: { [file]: text } },
        createPrograms: [{ rootFiles: [file, ...rootFiles(directory)], compilerOptions: optionsNow() }],
      });
      const [program] = snapshot.operation.createdPrograms!;
      return new Set(names.filter((_, i) => isType(program!, file, text.indexOf(` as _${i}`) + 4)));
    },
    close() {
      api?.close();
      api = resolver = options = null;
    },
  };
}

const esModules = 99;
const valueFlags = 111_551; // SymbolFlags.Value
const alias = 2_097_152; // SymbolFlags.Alias

function isType(program: Program, file: string, offset: number): boolean {
  const { checker } = program.getProject();
  let symbol = checker.getSymbolAtPosition(file, offset);
  if (symbol !== undefined && symbol.flags & alias) symbol = checker.getAliasedSymbol(symbol);
  return symbol !== undefined && symbol.name !== "unknown" && symbol.flags !== 0 && (symbol.flags & valueFlags) === 0;
}

/** The code that a declaration file speaks for. */
function codeOf(path: string): string | null {
  const [, stem, kind] = /^(.*)\.d\.([cm]?)ts$/.exec(path) ?? [];
  if (stem === undefined) return path;
  const code = [`${stem}.${kind}js`, `${stem}.js`].find((one) => existsSync(one));
  return code ?? null;
}
