/**
 * `npm run draw:architecture`: draws which folder imports which into docs/architecture.md, as a Mermaid chart. An arrow that
 * follows from others is left out (a transitive reduction), and so are the leaves that everything may use; a dotted arrow
 * takes types alone.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { importEdges, sourceFiles } from "./sources.ts";

/** Where the picture stands. */
export const architecturePage = join(resolve(import.meta.dirname, ".."), "docs", "architecture.md");

/** Folders that every other of their half may use: drawn, their arrows would hide all others. */
const leaves = ["src/data", "src/display", "src/random", "kernel/common"];

interface FolderEdge {
  from: string;
  to: string;
  typeOnly: boolean;
}

/** The page with the picture as the imports have it now. */
export function drawn(page: string): string {
  const picture = ["```mermaid", ...chartOf(folderEdges()), "```"].join("\n");
  const place = /(<!-- drawn by npm run draw:architecture -->\n)[\s\S]*?(\n<!-- end -->)/;
  if (!place.test(page)) throw new Error("docs/architecture.md has no place for the picture");
  return page.replace(place, (_, before: string, after: string) => `${before}\n${picture}\n${after}`);
}

/** Which folder imports which, leaves aside. */
function folderEdges(): FolderEdge[] {
  const found = new Map<string, FolderEdge>();
  for (const { from, to, typeOnly } of importEdges(sourceFiles(["kernel", "src"]))) {
    const edge = { from: folderOf(from), to: folderOf(to) };
    if (edge.from === edge.to || [edge.from, edge.to].some((folder) => leaves.includes(folder))) continue;
    const key = `${edge.from} ${edge.to}`;
    found.set(key, { ...edge, typeOnly: typeOnly && (found.get(key)?.typeOnly ?? true) });
  }
  return [...found.values()].sort((a, b) => (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1));
}

/** `src/policy/token/head.ts` to `src/policy`. Files at the top of a half only tie its folders together, and are left out later. */
function folderOf(file: string): string {
  return dirname(file).split("/").slice(0, 2).join("/");
}

/** Mermaid's lines: a box a folder, kernel and library apart. */
function chartOf(edges: readonly FolderEdge[]): string[] {
  const inner = edges.filter(({ from, to }) => from.includes("/") && to.includes("/"));
  const arrows = inner.filter((edge) => !follows(edge, inner));
  const folders = [...new Set(inner.flatMap(({ from, to }) => [from, to]))].sort();
  const boxes = (half: string): string[] => [
    `  subgraph ${half}`,
    ...folders
      .filter((folder) => folder.startsWith(`${half}/`))
      .map((folder) => `    ${idOf(folder)}["${nameOf(folder)}"]`),
    "  end",
  ];
  const lines = arrows.map(({ from, to, typeOnly }) => `  ${idOf(from)} ${typeOnly ? "-.->" : "-->"} ${idOf(to)}`);
  return ["flowchart TD", ...boxes("src"), ...boxes("kernel"), ...lines];
}

/** Whether an arrow is implied by a longer way. */
function follows({ from, to }: FolderEdge, edges: readonly FolderEdge[]): boolean {
  const seen = new Set<string>();
  const open = edges.filter((edge) => edge.from === from && edge.to !== to).map((edge) => edge.to);
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    if (folder === to) return true;
    if (seen.has(folder)) continue;
    seen.add(folder);
    open.push(...edges.filter((edge) => edge.from === folder).map((edge) => edge.to));
  }
  return false;
}

function idOf(folder: string): string {
  return folder.replaceAll("/", "_");
}

function nameOf(folder: string): string {
  return folder.split("/").slice(1).join("/");
}

if (import.meta.main) writeFileSync(architecturePage, drawn(readFileSync(architecturePage, "utf8")));
