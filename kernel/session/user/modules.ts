/**
 * How a cell imports: from the notebook's folder, with the conditions of an ES module, each name checked to be there.
 * Not here: how its modules are found and loaded (`local-files.ts`).
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { isTypeExport } from "../../language/exports.ts";
import { keepCompiled } from "../keep-compiled.ts";
import { cellAddress, findOwn, folder, isLocal, refresh, refreshRequired, versioned } from "./local-files.ts";

const nodes = createRequire(cellAddress);

/** `require`, from the notebook's folder. */
export const require: NodeJS.Require = Object.assign((specifier: string): unknown => {
  try {
    refreshRequired(specifier);
    return nodes(specifier);
  } finally {
    folder.close();
    keepCompiled();
  }
}, nodes);

/** What `import.meta` gives in a cell. */
export const meta = {
  url: cellAddress,
  dirname: process.cwd(),
  filename: fileURLToPath(cellAddress),
  resolve: (specifier: string): string => resolve(specifier),
  main: true,
};

/** What CommonJS gives a file, for cells written as one. A cell is the main module, so `require.main === module` holds. */
export const commonJs = {
  module: { exports: {}, id: ".", filename: meta.filename, path: meta.dirname, loaded: false, children: [], paths: [] },
  get exports(): object {
    return this.module.exports;
  },
  __dirname: meta.dirname,
  __filename: meta.filename,
};
Object.assign(require, { main: commonJs.module });

/** Imports for a cell. `names` are those that it asks for: each must be there, as in any module. */
export async function importFor(
  specifier: string,
  options?: string | ImportCallOptions,
  names: readonly string[] = [],
): Promise<unknown> {
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, importFor);
  const type = typeof options === "string" ? options : (options?.with?.type as string | undefined);
  try {
    const url = resolve(specifier);
    const local = isLocal(url, specifier);
    if (local) refresh(url);
    const wanted = local ? versioned(url) : url;
    const found = (await (type === undefined ? import(wanted) : import(wanted, { with: { type } }))) as object;
    return withNames(found, { names, specifier, url });
  } catch (error) {
    throw placed(error, here.stack ?? "");
  } finally {
    folder.close();
    keepCompiled();
  }
}

/** A name that a module does not export, in Node's words. */
class MissingExport extends SyntaxError {
  override readonly name = "SyntaxError";
}

/**
 * A module with the names that a cell asks for. Those that Node does not see in a CommonJS module are taken from what it
 * exports; types are no names of a module; any other is an error, as in Node.
 */
function withNames(
  module: { default?: unknown },
  { names, specifier, url }: { names: readonly string[]; specifier: string; url: string },
): object {
  const missing = names.filter((name) => !(name in module));
  if (missing.length === 0) return module;
  const whole = "module.exports" in module ? module.default : undefined;
  const hidden = missing.filter((name) => Object(whole) === whole && name in (whole as object));
  const types = typesAmong(
    missing.filter((name) => !hidden.includes(name)),
    { specifier, url },
  );
  const nowhere = missing.find((name) => !hidden.includes(name) && !types.has(name));
  if (nowhere !== undefined)
    throw new MissingExport(`The requested module '${specifier}' does not provide an export named '${nowhere}'`);
  return hidden.length === 0
    ? module
    : { ...module, ...Object.fromEntries(hidden.map((name) => [name, (whole as Record<string, unknown>)[name]])) };
}

/** Those of the names that are types alone; all of them where nobody can tell. */
function typesAmong(names: string[], { specifier, url }: { specifier: string; url: string }): Set<string> {
  if (names.length === 0) return new Set();
  if (url.startsWith("file:") && isLocal(url, specifier) && /\.(?:[mc]?ts|tsx)$/.test(url)) {
    const file = fileURLToPath(url);
    const source = readFileSync(file, "utf8");
    return new Set(names.filter((name) => isTypeExport(name, file, source, findOwn)));
  }
  try {
    return folder.typesAmong(specifier, names);
  } catch {
    return new Set(names);
  }
}

/** A module that is not found is the cell's matter: the error names the cell's line, not this file. */
function placed(error: unknown, stack: string): unknown {
  if (!(error instanceof Error)) return error;
  const isNamed = String((error as NodeJS.ErrnoException).code).startsWith("ERR_");
  if (!isNamed && !(error instanceof MissingExport)) return error;
  error.message = error.message
    .replace(/ imported from \S*local-files\.[tj]s/, "")
    .replaceAll(fileURLToPath(cellAddress), "the cell");
  const at = stack.indexOf("\n    at ");
  error.stack = `${error.name}: ${error.message}${at < 0 ? "" : stack.slice(at)}`;
  return error;
}

// The second argument needs --experimental-import-meta-resolve, which the user process is started with.
function resolve(specifier: string): string {
  return (import.meta.resolve as (specifier: string, parent: string) => string)(specifier, cellAddress);
}
