/**
 * Throw-away copies of the project in the system's temporary folder: each holds one mutant at a time. The files are copied,
 * not linked, so that nothing a mutant writes reaches the checkout; what npm and pip installed is linked.
 */

import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** One copy of the project. */
export interface Copy {
  root: string;
  /** A folder for what its tests leave in the temporary folder, emptied after each mutant. */
  temporary: string;
  /** Where Node keeps what it compiled: a test process starts in half the time. By content, so a change is compiled anew. */
  compiled: string;
}

const left = new Set([".git", ".cache", "node_modules", "dist", "runs"]);

/** The project's files below its root, with slashes: all but what is built, installed or written by runs. */
export function listFiles(root: string): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (left.has(entry.name)) return [];
      return entry.isDirectory() ? below(path) : entry.isFile() ? [path] : [];
    });
  return below("").sort();
}

/**
 * The folder that holds the copies of this run. Short, because sockets' paths are limited to 100 letters; readable for others, as
 * a checkout is, because a test runs the project as an ordinary user.
 */
export function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), "mutate-"));
  chmodSync(home, 0o755);
  return home;
}

/** Makes copy number `index` of the project. */
export function makeCopy(root: string, home: string, index: number, files: readonly string[]): Copy {
  const copy: Copy = { root: join(home, String(index)), temporary: join(home, `t${index}`), compiled: join(home, "c") };
  for (const file of files) {
    mkdirSync(dirname(join(copy.root, file)), { recursive: true });
    copyFileSync(join(root, file), join(copy.root, file), constants.COPYFILE_FICLONE);
  }
  mkdirSync(join(copy.root, ".cache"), { recursive: true });
  link(root, copy.root, "node_modules");
  for (const name of ["python", "tensorflow"]) link(root, copy.root, `.cache/${name}`);
  // Data that do not come along, where a test looks for them: beside the checkout or its folder.
  if (index === 0) for (const beside of [join(root, ".."), join(root, "../..")]) link(beside, home, "shared");
  clearTemporary(copy);
  return copy;
}

/** Writes a file of the copy. */
export function writeTo(copy: Copy, file: string, text: string): void {
  writeFileSync(join(copy.root, file), text);
}

/** Empties the copy's temporary folder. */
export function clearTemporary({ temporary }: Copy): void {
  rmSync(temporary, { recursive: true, force: true, maxRetries: 3 });
  mkdirSync(temporary, { recursive: true });
}

/** Links a folder where there is one, and none of that name yet. */
function link(root: string, copy: string, path: string): void {
  if (!existsSync(join(root, path)) || existsSync(join(copy, path))) return;
  symlinkSync(join(root, path), join(copy, path), "junction");
}
