/** How a cell imports: from the notebook's folder, with the conditions of an ES module; local files afresh when edited. */

import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The cell's address, from which names are resolved: a file that need not exist, in the notebook's folder. */
const parent = pathToFileURL(join(process.cwd(), "cell.ts")).href;

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

/** Imports for a cell. A local file that changed on disk since its last import is loaded again. */
export async function importFor(specifier: string, options?: string | ImportCallOptions): Promise<unknown> {
  const url = resolve(specifier);
  const type = typeof options === "string" ? options : (options?.with?.type as string | undefined);
  const fresh = isLocal(url) ? `${url}?changed=${statSync(fileURLToPath(url)).mtimeMs}` : url;
  return type === undefined ? import(fresh) : import(fresh, { with: { type } });
}

// The second argument needs --experimental-import-meta-resolve, which the user process is started with.
function resolve(specifier: string): string {
  return (import.meta.resolve as (specifier: string, parent: string) => string)(specifier, parent);
}

function isLocal(url: string): boolean {
  if (!url.startsWith("file:") || url.includes("/node_modules/") || url.includes("?")) return false;
  return fileURLToPath(url).startsWith(process.cwd());
}
