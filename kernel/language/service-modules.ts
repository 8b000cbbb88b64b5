/** Completion of module names in import specifiers: Node's own, packages with their exports, files of the folder. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import type { RawCompletion } from "./service-types.ts";

/** The module name being typed at an offset, and where it begins; null when there is none. */
export function moduleAt(code: string, offset: number): { start: number; text: string } | null {
  const match = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(["'])([^"'\n]*)$/.exec(code.slice(0, offset));
  return match === null ? null : { start: offset - match[2]!.length, text: match[2]! };
}

/** Module names that begin with a text, as resolved from a folder. */
export function completeModule(text: string, directory: string): RawCompletion[] {
  const names = /^\.\.?(\/|$)/.test(text)
    ? localFiles(text, directory)
    : [...nodeModules(), ...packages(text, directory)];
  return [...new Set(names)]
    .filter((name) => name.startsWith(text))
    .sort()
    .map((name) => ({ text: name, type: name.startsWith(".") ? "path" : "module" }));
}

function nodeModules(): string[] {
  return builtinModules
    .filter((name) => !name.startsWith("_"))
    .map((name) => (name.startsWith("node:") ? name : `node:${name}`));
}

function localFiles(text: string, directory: string): string[] {
  const folder = text.slice(0, text.lastIndexOf("/") + 1) || "./";
  return entries(join(directory, folder)).flatMap(({ name, isFolder }) => {
    if (name.startsWith(".") || name === "node_modules") return [];
    if (isFolder) return [`${folder}${name}/`];
    return /\.([cm]?[jt]s|json)$/.test(name) ? [`${folder}${name}`] : [];
  });
}

function packages(text: string, directory: string): string[] {
  const found: string[] = [];
  const [first = "", second] = text.split("/");
  const scope = first.startsWith("@") ? first : null;
  const whole = scope === null ? first : second === undefined ? null : `${scope}/${second}`;
  const wantsExports = whole !== null && text.startsWith(`${whole}/`);
  for (const folder of upwards(directory)) {
    const modules = join(folder, "node_modules");
    if (wantsExports) found.push(...exportsOf(join(modules, whole), whole, text));
    else if (scope !== null && text.includes("/"))
      found.push(...entries(join(modules, scope)).map(({ name }) => `${scope}/${name}`));
    else found.push(...entries(modules).flatMap(({ name }) => packageNames(modules, name)));
    const own = manifest(folder);
    if (own?.name !== undefined && own.exports !== undefined) found.push(...(wantsExports ? [] : [own.name]));
  }
  return found;
}

function packageNames(modules: string, name: string): string[] {
  if (name.startsWith(".") || name === "@types") return [];
  return name.startsWith("@") ? entries(join(modules, name)).map((inner) => `${name}/${inner.name}`) : [name];
}

/** The names under which a package lets its parts be imported; a pattern stands for the files that are there. */
function exportsOf(folder: string, name: string, text: string): string[] {
  const { exports } = manifest(folder) ?? {};
  if (typeof exports !== "object" || exports === null) return [];
  return Object.entries(exports).flatMap(([path, target]) => {
    if (!path.startsWith("./") || target === null) return [];
    const [before = "", after] = (name + path.slice(1)).split("*");
    if (after === undefined) return [before];
    const typed = text.startsWith(before) ? text.slice(before.length, text.lastIndexOf("/") + 1) : "";
    return matchesOf(folder, targetOf(target), typed).map((part) => before + part + (part.endsWith("/") ? "" : after));
  });
}

/** The file that a condition leads to: all lead to the same names, so the first one will do. */
function targetOf(target: unknown): string {
  if (typeof target === "string") return target;
  return typeof target === "object" && target !== null ? targetOf(Object.values(target)[0]) : "";
}

/** What a star can stand for in a path like `./encoding/*.js`: files and folders of the folder `typed` so far. */
function matchesOf(folder: string, pattern: string, typed: string): string[] {
  const [before = "", after = ""] = pattern.split("*");
  const cut = before.lastIndexOf("/") + 1;
  const begun = before.slice(cut);
  return entries(join(folder, before.slice(0, cut), typed)).flatMap(({ name, isFolder }) => {
    if (name === "node_modules" || !(typed !== "" || name.startsWith(begun))) return [];
    const part = typed + (typed === "" ? name.slice(begun.length) : name);
    if (isFolder) return [`${part}/`];
    return name.endsWith(after) ? [part.slice(0, part.length - after.length)] : [];
  });
}

function manifest(folder: string): { name?: string; exports?: unknown } | null {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: string; exports?: unknown };
  } catch {
    return null;
  }
}

function entries(folder: string): { name: string; isFolder: boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((entry) => ({
      name: entry.name,
      isFolder: entry.isSymbolicLink()
        ? (statSync(join(folder, entry.name), { throwIfNoEntry: false })?.isDirectory() ?? false)
        : entry.isDirectory(),
    }));
  } catch {
    return [];
  }
}

function* upwards(directory: string): Iterable<string> {
  for (let folder = directory; ; folder = dirname(folder)) {
    yield folder;
    if (dirname(folder) === folder) return;
  }
}
