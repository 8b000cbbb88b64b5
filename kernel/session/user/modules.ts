/**
 * How a cell imports: from the notebook's folder, with the conditions of an ES module. A file of the reader's own, reached
 * by a relative path from a cell, is loaded afresh when it or a file that it imports changed on disk; what an earlier
 * cell took from the old version stays as it is.
 */

import { readFileSync, statSync } from "node:fs";
import { createRequire, registerHooks, setSourceMapsSupport } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileLocalModule } from "../../language/local-module.ts";

/** The cell's address, from which names are resolved: a file that need not exist, in the notebook's folder. */
const parent = pathToFileURL(join(process.cwd(), "cell.ts")).href;
/** Stands in for the package of the same name: see `tslab.ts`. */
const tslabShim = new URL(import.meta.filename.endsWith(".ts") ? "../tslab.ts" : "../tslab.js", import.meta.url).href;

/** `require`, from the notebook's folder. */
export const require = createRequire(parent);

/** What `import.meta` gives in a cell. */
export const meta = {
  url: parent,
  dirname: process.cwd(),
  filename: fileURLToPath(parent),
  resolve: (specifier: string): string => resolve(specifier),
  main: true,
};

interface LocalModule {
  changedMs: number;
  version: number;
  imports: Set<string>;
}

/** The reader's own modules, by their address without a version. */
const localModules = new Map<string, LocalModule>();

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "tslab") return { url: tslabShim, shortCircuit: true };
    const found = next(specifier, context);
    const from = localModules.get(withoutVersion(context.parentURL ?? ""));
    if (from === undefined || !/^\.{0,2}\//.test(specifier) || !isOwn(found.url)) return found;
    from.imports.add(found.url);
    return { ...found, url: versioned(found.url) };
  },
  load(url, context, next) {
    const own = withoutVersion(url);
    if (!localModules.has(own) || !/\.[mc]?ts$/.test(own)) return next(url, context);
    const file = fileURLToPath(own);
    const compiled = compileLocalModule(readFileSync(file, "utf8"), { file, directory: process.cwd() });
    if (compiled === null) return next(url, context);
    setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
    const isCommon = context.format?.startsWith("commonjs") || (context.format == null && !compiled.isModule);
    return { format: isCommon ? "commonjs" : "module", source: compiled.code, shortCircuit: true };
  },
});

/** Imports for a cell. */
export async function importFor(specifier: string, options?: string | ImportCallOptions): Promise<unknown> {
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, importFor);
  const type = typeof options === "string" ? options : (options?.with?.type as string | undefined);
  try {
    const url = resolve(specifier);
    const isLocal = isOwn(url) && /^(\.{0,2}\/|file:)/.test(specifier);
    if (isLocal) refresh(url, new Map());
    const wanted = isLocal ? versioned(url) : url;
    return await (type === undefined ? import(wanted) : import(wanted, { with: { type } }));
  } catch (error) {
    throw placed(error, here.stack ?? "");
  }
}

/** A module that is not found is the cell's matter: the error names the cell's line, not this file. */
function placed(error: unknown, stack: string): unknown {
  if (!(error instanceof Error) || !String((error as NodeJS.ErrnoException).code).startsWith("ERR_")) return error;
  error.message = error.message
    .replace(/ imported from \S*modules\.[tj]s/, "")
    .replaceAll(fileURLToPath(parent), "the cell");
  const at = stack.indexOf("\n    at ");
  error.stack = `${error.name}: ${error.message}${at < 0 ? "" : stack.slice(at)}`;
  return error;
}

// The second argument needs --experimental-import-meta-resolve, which the user process is started with.
function resolve(specifier: string): string {
  return (import.meta.resolve as (specifier: string, parent: string) => string)(specifier, parent);
}

function isOwn(url: string): boolean {
  return url.startsWith("file:") && !url.includes("/node_modules/") && !url.includes("?");
}

function withoutVersion(url: string): string {
  return url.replace(/\?version=\d+$/, "");
}

/** The address of a local module's present version. The first has none, so that all who import it share it. */
function versioned(url: string): string {
  const known = localModules.get(url);
  if (known === undefined) localModules.set(url, { changedMs: changedMs(url), version: 0, imports: new Set() });
  return known === undefined || known.version === 0 ? url : `${url}?version=${known.version}`;
}

/** Gives a new version to a module that changed, or that imports one that did. Returns whether it has one. */
function refresh(url: string, seen: Map<string, boolean>): boolean {
  const known = localModules.get(url);
  if (known === undefined) return false;
  const before = seen.get(url);
  if (before !== undefined) return before;
  seen.set(url, false); // a cycle ends here
  const now = changedMs(url);
  let changed = now !== known.changedMs;
  for (const imported of known.imports) if (refresh(imported, seen)) changed = true;
  known.changedMs = now;
  if (changed) known.version++;
  seen.set(url, changed);
  return changed;
}

function changedMs(url: string): number {
  return statSync(fileURLToPath(url), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
