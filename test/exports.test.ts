/**
 * No export without a reader: what a file of `src/` or `kernel/` exports is imported by another file (a test, a bench and a
 * script count), or it belongs to the package's public names, which `src/index.ts` gives. An index that passes on a name
 * nobody takes from it fails as well. Types are left out: a reader of an exported function may need their names.
 */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseSync } from "oxc-parser";

const root = resolve(import.meta.dirname, "..");
const folders = ["kernel", "src", "corpus", "test", "bench", "scripts"];

/** What one file gives and takes; `*` stands for all of a file. */
interface Source {
  exports: string[];
  uses: { file: string; name: string }[];
  /** Files whose names all go out through this one (`export *`). */
  passesOn: string[];
}

describe("an export", () => {
  const modules = new Map(filesOf(folders).map((file) => [file, readSource(file)]));

  it("of src or kernel is used by another file, or is one of the package's public names", () => {
    const taken = namesTaken(modules);
    const idle = [...modules]
      .filter(([file]) => /^(src|kernel|corpus)\//.test(file))
      .flatMap(([file, { exports }]) => exports.map((name) => ({ file, name })))
      .filter(({ file, name }) => !taken.has(`${file} *`) && !taken.has(`${file} ${name}`))
      .map(({ file, name }) => `${name} of ${file}`);
    assert.deepEqual(idle, [], "drop the `export`, or the code");
  });
});

/** `FILE NAME` of all that a file takes from another, and all that goes out by the entry, by way of `export *`. */
function namesTaken(modules: ReadonlyMap<string, Source>): Set<string> {
  const taken = new Set<string>();
  const take = (file: string, name: string): void => {
    if (taken.has(`${file} ${name}`)) return;
    taken.add(`${file} ${name}`);
    const module = modules.get(file);
    for (const next of module?.passesOn ?? []) take(next, name);
  };
  for (const name of publicNames(modules, "src/index.ts")) take("src/index.ts", name);
  for (const { uses } of modules.values()) for (const { file, name } of uses) take(file, name);
  return taken;
}

/** The names of a file, those of the files that it passes on included. */
function publicNames(modules: ReadonlyMap<string, Source>, file: string): string[] {
  const { exports, passesOn } = modules.get(file)!;
  return [...exports, ...passesOn.flatMap((next) => publicNames(modules, next))];
}

function readSource(file: string): Source {
  const text = readFileSync(join(root, file), "utf8");
  const { module } = parseSync(file, text);
  const found: Source = { exports: [], uses: [], passesOn: [] };
  const place = (specifier: string): string => relative(root, resolve(root, dirname(file), specifier));
  for (const { moduleRequest, entries } of module.staticImports)
    for (const entry of entries)
      found.uses.push({ file: place(moduleRequest.value), name: entry.importName.name ?? "*" });
  for (const { entries } of module.staticExports)
    for (const { exportName, importName, moduleRequest, isType } of entries) {
      if (exportName.name === null && moduleRequest) found.passesOn.push(place(moduleRequest.value));
      else if (exportName.name !== null && !isType && !isTypeOnly(text, exportName.name))
        found.exports.push(exportName.name);
      if (exportName.name !== null && moduleRequest)
        found.uses.push({ file: place(moduleRequest.value), name: importName.name ?? "*" });
    }
  // Workers, child processes and modules that are loaded late are named by a path.
  for (const [, path] of text.matchAll(/["'`](\.{1,2}\/[\w./-]+\.ts)["'`]/g)) {
    const statically = new RegExp(`from ["']${path!.replaceAll(".", "\\.")}["']`).test(text);
    if (!statically) found.uses.push({ file: place(path!), name: "*" });
  }
  return found;
}

/** Interfaces and type aliases that are declared with their `export`. */
function isTypeOnly(text: string, name: string): boolean {
  return new RegExp(`^export (declare )?(interface|type) ${name.replaceAll("$", "\\$")}\\b`, "m").test(text);
}

function filesOf(names: readonly string[]): string[] {
  return names.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.ts$/.test(file) && !file.endsWith(".d.ts"))
      .map((file) => join(folder, file)),
  );
}
