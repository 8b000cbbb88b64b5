/** Files as the compiler is given them: package.json files as the loader takes them, and the user's own files as they change. */

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Diagnostic } from "typescript-api/async";
import { isCellPath } from "./cell-paths.ts";
import type { Files } from "./service-types.ts";

/** Files that a question changes, beside the cells. */
export interface Packages {
  /** What the compiler has not been given yet. */
  changed(): Files;
}

/** The user's own files that a program was made of. */
export interface LocalFiles {
  /** An import was not found: it may be there by now, anywhere. */
  readonly isUncertain: boolean;
  watch(paths: readonly string[], diagnostics: readonly Diagnostic[]): void;
  /** Those that are not as they were when this was last asked. */
  changed(): string[];
}

/**
 * The folder's package.json and those above it as the loader takes them: TypeScript files of the reader's own are modules,
 * whatever `type` says. A layer over the disk: the files stay as they are.
 */
export function createPackages(directory: string): Packages {
  const given = new Map<string, string>();
  const folders = [directory];
  while (dirname(folders.at(-1)!) !== folders.at(-1)) folders.push(dirname(folders.at(-1)!));
  return {
    changed() {
      const files: Files = {};
      for (const folder of folders) {
        const path = join(folder, "package.json");
        const text = asModule(path, folder === folders.at(-1));
        if (text === null || given.get(path) === text) continue;
        given.set(path, text);
        files[path] = text;
      }
      return files;
    },
  };
}

/** A package.json of type "module"; null where there is none and none is needed. */
function asModule(path: string, isTopmost: boolean): string | null {
  if (!existsSync(path)) return isTopmost ? '{"type":"module"}' : null;
  try {
    return JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), type: "module" });
  } catch {
    return null; // half written: as it is
  }
}

/** The user's own files: asked for their time at each question. */
export function createLocalFiles(): LocalFiles {
  const times = new Map<string, number>();
  const timeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  let isUncertain = false;
  return {
    get isUncertain() {
      return isUncertain;
    },
    watch(paths, diagnostics) {
      isUncertain = diagnostics.some(({ code }) => code === 2307 || code === 2305 || code === 7016);
      for (const path of paths)
        if (!times.has(path) && !path.includes("node_modules") && !isCellPath(path) && isAbsolute(path))
          times.set(path, timeOf(path));
    },
    changed() {
      const changed: string[] = [];
      for (const [path, before] of times) {
        const now = timeOf(path);
        if (now === before) continue;
        changed.push(path);
        times.set(path, now);
      }
      return changed;
    },
  };
}
