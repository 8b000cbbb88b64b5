/**
 * The loader's hooks: the reader's own files, reached from a cell, are found as TypeScript finds them, loaded as modules when
 * they are written as such, and afresh when they or what they import changed on disk; but for an ES module that a cell takes by
 * `require`, which Node keeps by its path. What an earlier cell took from an old version stays as it is. Also found: `tslab`, and the library of which this kernel is a part. Not here: cells' own imports
 * (`modules.ts`), what is done to a file's text (`kernel/language/local-module.ts`).
 */

import { readFileSync, statSync } from "node:fs";
import {
  createRequire,
  type LoadHookSync,
  type ResolveHookSync,
  registerHooks,
  setSourceMapsSupport,
} from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileLocalModule, isModuleText } from "../../language/local-module.ts";
import { adviceFor, packageOf } from "../../language/packages.ts";
import { createFolderResolver } from "../../language/resolver.ts";
import { libraryName } from "../../language/service-options.ts";

/** The cell's address, from which names are resolved: a file that need not exist, in the notebook's folder. */
export const cellAddress = pathToFileURL(join(process.cwd(), "cell.ts")).href;
/** TypeScript's answers about modules of the notebook's folder. */
export const folder = createFolderResolver(process.cwd());

/** Stands in for the package of the same name: see `tslab.ts`. */
const tslabShim = new URL(import.meta.filename.endsWith(".ts") ? "../tslab.ts" : "../tslab.js", import.meta.url).href;
/** In a clone the library is no package under node_modules, and yet nobody's notebook: its files are Node's alone. */
const library = new URL("../../../src/", import.meta.url).href;

interface LocalFile {
  changedMs: number;
  version: number;
  /** The reader's own files that its present version imports, with the version that it got of each. */
  imports: Map<string, number>;
}

/** The reader's own files, by their address without a version. */
const localFiles = new Map<string, LocalFile>();

/** What cells take by `require`, by the name that they gave. */
const required = new Map<string, string>();
const { cache } = createRequire(cellAddress);

type Hook<F extends (...given: never[]) => unknown> = Parameters<F>;

registerHooks({
  resolve(...[specifier, context, next]: Hook<ResolveHookSync>) {
    if (specifier === "tslab") return { url: tslabShim, shortCircuit: true };
    const from = withoutVersion(context.parentURL ?? "");
    const own = localFiles.get(from);
    if (own === undefined && from !== cellAddress) return next(specifier, context);
    const found = find(specifier, context, next);
    if (!isLocal(found.url, specifier)) return found;
    if (own === undefined) {
      if (!context.conditions!.includes("require")) return found; // `importFor` asks for the version
      required.set(specifier, found.url);
      return { ...found, url: versioned(found.url) };
    }
    const url = versioned(found.url);
    own.imports.set(found.url, localFiles.get(found.url)!.version);
    return { ...found, url };
  },
  load(...[url, context, next]: Hook<LoadHookSync>) {
    const address = withoutVersion(url);
    if (!localFiles.has(address)) return next(url, context);
    return loadLocal(
      address,
      context,
      () => next(url, context),
      (format) => next(url, { ...context, format }),
    );
  },
});

/** Finds a module for a cell, or for a file of the reader's own. */
function find(...[specifier, context, next]: Hook<ResolveHookSync>): ReturnType<ResolveHookSync> {
  const directory = dirname(fileURLToPath(withoutVersion(context.parentURL!)));
  const typed = (): ReturnType<ResolveHookSync> | null => {
    const path = folder.resolve(specifier, directory);
    return path === null || /[\\/]node_modules[\\/]/.test(path)
      ? null
      : { url: pathToFileURL(path).href, shortCircuit: true };
  };
  const isPath = /^\.{0,2}\//.test(specifier);
  if (/^(?:npm|jsr):/.test(specifier)) {
    const message = `Cannot find ${specifier} imported from ${fileURLToPath(context.parentURL!)}`;
    throw notFound(message, adviceFor(specifier, process.cwd()));
  }
  if (!isPath && !/^[a-z][a-z+.-]*:/i.test(specifier) && folder.hasPaths) {
    const found = typed();
    if (found !== null) return found;
  }
  try {
    return next(specifier, context);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!notThere.has(String(code))) throw error;
    const found = isPath ? typed() : null;
    if (found !== null) return found;
    if (packageOf(specifier) === libraryName) return next(specifier, { ...context, parentURL: import.meta.url });
    const advice = isPath ? null : adviceFor(specifier, process.cwd());
    throw advice === null ? error : notFound((error as Error).message, advice);
  }
}

function notFound(message: string, advice: string | null): Error {
  const text = advice === null ? message : `${message.split("\n")[0]}. ${advice}`;
  return Object.assign(new Error(text), { code: "ERR_MODULE_NOT_FOUND" });
}

/** What Node and its `require` say of a module that they do not find. */
const notThere = new Set([
  "ERR_MODULE_NOT_FOUND",
  "ERR_UNSUPPORTED_DIR_IMPORT",
  "MODULE_NOT_FOUND",
  "ERR_UNSUPPORTED_ESM_URL_SCHEME",
]);

/** Loads a file of the reader's own; what needs nothing of ours is left to Node. */
function loadLocal(
  address: string,
  context: Parameters<LoadHookSync>[1],
  asNode: () => ReturnType<LoadHookSync>,
  as: (format: string) => ReturnType<LoadHookSync>,
): ReturnType<LoadHookSync> {
  const file = fileURLToPath(address);
  const isRequired = context.conditions.includes("require");
  if (file.endsWith(".json") && !isRequired && context.importAttributes.type === undefined)
    return { format: "module", source: moduleOfJson(file), shortCircuit: true };
  if (file.endsWith(".js"))
    return context.format !== "module" && isModuleText(readFileSync(file, "utf8"), file) ? as("module") : asNode();
  if (!/\.(?:[mc]?ts|tsx)$/.test(file)) return asNode();
  const compiled = compileLocalModule(readFileSync(file, "utf8"), { file, directory: process.cwd(), find: findOwn });
  if (compiled === null) return file.endsWith(".tsx") ? asNode() : as("module-typescript");
  if (!compiled.isTyped) setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
  const isModule = compiled.isModule || /^module/.test(context.format ?? "") || /\.mts$/.test(file);
  const format = `${isModule ? "module" : "commonjs"}${compiled.isTyped ? "-typescript" : ""}`;
  return { format: format as "module", source: compiled.code, shortCircuit: true };
}

/** JSON as a module: the whole as its default, its members by name, as TypeScript has it. */
function moduleOfJson(file: string): string {
  const value: unknown = JSON.parse(readFileSync(file, "utf8"));
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  const names = Object.keys(isRecord ? value : {}).filter((name) => name !== "default");
  const lines = names.map((name, i) => `const m${i} = value[${JSON.stringify(name)}];`);
  const list = names.map((name, i) => `m${i} as ${JSON.stringify(name)}`).join(", ");
  return `const value = ${JSON.stringify(value)};\nexport default value;\n${lines.join("\n")}\nexport { ${list} };`;
}

/** The reader's own TypeScript file behind a name, for what is told by its text. */
export function findOwn(specifier: string, from: string): { file: string; source: string } | null {
  if (!/^\.{0,2}\//.test(specifier) && !folder.hasPaths) return null;
  const file = folder.resolve(specifier, dirname(from));
  if (file === null || !/\.(?:[mc]?ts|tsx)$/.test(file) || /[\\/]node_modules[\\/]/.test(file)) return null;
  return { file, source: readFileSync(file, "utf8") };
}

/** Whether what a name led to is a file of the reader's own. */
export function isLocal(url: string, specifier: string): boolean {
  if (!url.startsWith("file:") || url.includes("/node_modules/") || url.includes("?")) return false;
  return /^(\.{0,2}\/|file:)/.test(specifier) || !(url.startsWith(library) || url === tslabShim);
}

/** The address without the version that a changed file has. */
function withoutVersion(url: string): string {
  return url.replace(/\?version=\d+$/, "");
}

/** The address of a local file's present version. The first has none, so that all who import it share it. */
export function versioned(url: string): string {
  const known = localFiles.get(url);
  if (known === undefined) localFiles.set(url, { changedMs: changedMs(url), version: 0, imports: new Map() });
  return known === undefined || known.version === 0 ? url : `${url}?version=${known.version}`;
}

/**
 * Gives a new version to what is no longer as it was loaded, among a file and all that it imports: a file that changed, or
 * whose import has a newer version than it got, and whatever imports one of these, in a circle too.
 */
export function refresh(url: string): void {
  const reached = new Map<string, LocalFile>();
  const reach = (one: string): void => {
    const file = localFiles.get(one);
    if (file === undefined || reached.has(one)) return;
    reached.set(one, file);
    for (const imported of file.imports.keys()) reach(imported);
  };
  reach(url);
  const stale = new Set<string>();
  for (const [one, { changedMs: before, imports }] of reached)
    if (changedMs(one) !== before || [...imports].some(([other, got]) => localFiles.get(other)!.version !== got))
      stale.add(one);
  for (let size = -1; size !== stale.size; ) {
    size = stale.size;
    for (const [one, { imports }] of reached) if ([...imports.keys()].some((other) => stale.has(other))) stale.add(one);
  }
  for (const one of stale) {
    const file = reached.get(one)!;
    Object.assign(file, { changedMs: changedMs(one), version: file.version + 1, imports: new Map() });
    delete cache[fileURLToPath(one)]; // CommonJS is kept by its path, without a version
  }
}

/** The same for what a cell required before. */
export function refreshRequired(specifier: string): void {
  const url = required.get(specifier);
  if (url !== undefined) refresh(url);
}

function changedMs(url: string): number {
  return statSync(fileURLToPath(url), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
