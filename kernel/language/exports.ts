/**
 * What a TypeScript file exports, values and types apart, read off its text and those of the files that it passes on. Node
 * links modules by their text, and TypeScript lets a type be named without the word `type`.
 */

import { parse } from "./parse.ts";

/** Finds the reader's own TypeScript file behind a module's name; null for everything else. */
export type FindFile = (specifier: string, from: string) => { file: string; source: string } | null;

interface Node {
  type: string;
  [key: string]: unknown;
}

/** Whether an export of a file is a type alone. False for a value, and for what cannot be told. */
export function isTypeExport(
  name: string,
  file: string,
  source: string,
  find: FindFile,
  seen = new Set<string>(),
): boolean {
  const key = `${file}\n${name}`;
  if (seen.has(key)) return false;
  seen.add(key);
  const body = parse(source, { file }).program.body as unknown as Node[];
  const among = (specifier: unknown, wanted: string): boolean => {
    const found = find((specifier as { value: string }).value, file);
    return found !== null && isTypeExport(wanted, found.file, found.source, find, seen);
  };
  let isType = false;
  for (const node of body) {
    if (node.type === "ExportAllDeclaration" && node.exported == null && name !== "default") {
      if (node.exportKind === "type" || among(node.source, name)) isType = true;
    } else if (node.type === "ExportDefaultDeclaration" && name === "default") {
      const inner = node.declaration as Node;
      isType =
        inner.type === "TSInterfaceDeclaration" ||
        (inner.type === "Identifier" && isLocalType(inner.name, body, among));
    } else if (node.type === "ExportNamedDeclaration") {
      const declared = node.declaration as Node | null;
      if (declared != null && declaredName(declared) === name) {
        if (!isTypeDeclaration(declared)) return false;
        isType = true;
      }
      for (const { exported, local, exportKind } of (node.specifiers ?? []) as { [key: string]: unknown }[]) {
        if (nameOf(exported) !== name) continue;
        if (node.exportKind === "type" || exportKind === "type") return true;
        return node.source == null ? isLocalType(nameOf(local), body, among) : among(node.source, nameOf(local));
      }
    }
  }
  return isType;
}

/** Whether a name of a file's top level is a type alone: declared as one, or imported from where it is one. */
export function isLocalType(
  name: unknown,
  body: readonly Node[],
  among: (specifier: unknown, name: string) => boolean,
): boolean {
  let isType = false;
  for (const node of body) {
    const inner = (node.type.startsWith("Export") && (node.declaration as Node | null)) || node;
    if (declaredName(inner) === name) {
      if (!isTypeDeclaration(inner)) return false;
      isType = true;
    }
    if (node.type !== "ImportDeclaration") continue;
    for (const one of (node.specifiers ?? []) as Node[]) {
      if (nameOf(one.local) !== name || one.type === "ImportNamespaceSpecifier") continue;
      if (node.importKind === "type" || one.importKind === "type") return true;
      return among(node.source, one.type === "ImportDefaultSpecifier" ? "default" : nameOf(one.imported));
    }
  }
  return isType;
}

/** The name of an import's or an export's side: an identifier, or a string. */
export function nameOf(node: unknown): string {
  const { name, value } = node as { name?: string; value?: string };
  return name ?? value ?? "";
}

function declaredName({ id }: Node): string | undefined {
  return (id as { name?: string } | null | undefined)?.name;
}

function isTypeDeclaration({ type, declare }: Node): boolean {
  return type === "TSInterfaceDeclaration" || type === "TSTypeAliasDeclaration" || declare === true;
}
