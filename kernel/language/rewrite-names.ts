/**
 * Names that CommonJS gives a file and a cell has not: `__dirname`, `__filename`, `module`, `exports`. They are replaced where
 * they are read; as globals they would be seen by every module, and some take themselves for CommonJS when they see one.
 */

import type MagicString from "magic-string";
import { namesOf, type PatternNode } from "./pattern.ts";

const names = new Set(["__dirname", "__filename", "module", "exports"]);

/** Replaces the names in a parsed program; those that the program declares anywhere are its own. */
export function replaceCommonJsNames(text: MagicString, code: string, program: unknown): void {
  if (!/\b(?:__dirname|__filename|module|exports)\b/.test(code)) return;
  const own = new Set<string>();
  const reads: { start: number; end: number; name: string; isShort: boolean }[] = [];
  walk(program, null, "", own, reads);
  for (const { start, end, name, isShort } of reads) {
    if (own.has(name)) continue;
    // A cell before this one may have declared it.
    const value = `(typeof ${name} === "undefined" ? __node.${name} : ${name})`;
    text.update(start, end, isShort ? `${name}: ${value}` : value);
  }
}

type Node = PatternNode & { start: number; end: number };

function walk(
  node: unknown,
  parent: Node | null,
  key: string,
  own: Set<string>,
  reads: { start: number; end: number; name: string; isShort: boolean }[],
): void {
  if (Array.isArray(node)) for (const one of node) walk(one, parent, key, own, reads);
  if (Array.isArray(node) || typeof node !== "object" || node === null) return;
  const { type, start, end } = node as Node;
  for (const name of declaredBy(node as Node)) own.add(name);
  if (type === "Identifier") {
    const name = (node as Node).name as string;
    if (names.has(name) && !isLabel(parent, key))
      reads.push({ start, end, name, isShort: parent?.type === "Property" && parent.shorthand === true });
    return;
  }
  for (const [inner, value] of Object.entries(node)) walk(value, node as Node, inner, own, reads);
}

/** Names that a node declares, or assigns as a whole. */
function declaredBy({ type, id, params, param, local, left }: Node): string[] {
  const patterns = [id, ...((params as unknown[] | undefined) ?? []), param, local];
  if (type === "AssignmentExpression") patterns.push(left);
  return patterns.flatMap((one) => (one ? namesOf(one as PatternNode) : []));
}

/** Whether an identifier is no reference: a member, a key, a label. */
function isLabel(parent: Node | null, key: string): boolean {
  if (parent === null) return false;
  if (key === "label" || key === "imported" || key === "exported" || key === "meta") return true;
  return (key === "property" || key === "key") && parent.computed !== true;
}
