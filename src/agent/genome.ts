/** Genomes: attributes and methods, each with its source. What an edit added, changed and deleted, and as a diff. */

import { createHash } from "node:crypto";
import { createTwoFilesPatch } from "diff";
import { displaySymbol, escapeHtml, type MimeBundle, visible } from "../display/index.ts";
import type { GenomeMember } from "../sandbox/index.ts";

/** What a step changed. */
export interface Edit {
  added: string[];
  changed: string[];
  deleted: string[];
  /** A unified diff of the two genomes; empty if nothing changed. */
  patch: string;
  [displaySymbol](): MimeBundle;
}

/** The sha256 of a genome: equal for equal members, whatever their order. */
export function hashGenome(genome: readonly GenomeMember[]): string {
  return createHash("sha256").update(genomeText(genome)).digest("hex");
}

/** Compares two genomes. */
export function compareGenomes(
  before: readonly GenomeMember[],
  after: readonly GenomeMember[],
  names: [string, string] = ["before", "after"],
): Edit {
  const old = new Map(before.map((member) => [member.name, member]));
  const now = new Map(after.map((member) => [member.name, member]));
  const added = [...now.keys()].filter((name) => !old.has(name));
  const deleted = [...old.keys()].filter((name) => !now.has(name));
  const changed = [...now.keys()].filter((name) => old.has(name) && old.get(name)!.source !== now.get(name)!.source);
  const same = added.length + deleted.length + changed.length === 0;
  const patch = same ? "" : patchOf(names, genomeText(before), genomeText(after));
  return { added, changed, deleted, patch, [displaySymbol]: () => showPatch(patch) };
}

/** Most lines that a diff is looked for in, and most that it may add and take away: the time grows with their product. */
const [mostLines, mostEdits] = [20_000, 1000];

function patchOf(names: [string, string], before: string, after: string): string {
  const small = [before, after].every((text) => text.split("\n").length <= mostLines);
  const patch = small
    ? createTwoFilesPatch(...names, before, after, "", "", { context: 2, maxEditLength: mostEdits })
    : undefined;
  return patch ?? `=====\n--- ${names[0]}\n+++ ${names[1]}\n(the two differ too much to be shown line by line)\n`;
}

function genomeText(genome: readonly GenomeMember[]): string {
  return [...genome]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, source }) => `${name} = ${source}\n`)
    .join("");
}

function showPatch(patch: string): MimeBundle {
  if (patch === "") return { "text/plain": "(the genome is the same)" };
  const lines = patch.split("\n").slice(1);
  const style = (line: string): string => {
    if (line.startsWith("+++") || line.startsWith("---") || line.startsWith("@@")) return "opacity:.6";
    if (line.startsWith("+")) return "background:rgba(0,158,115,.18)";
    return line.startsWith("-") ? "background:rgba(213,94,0,.18)" : "";
  };
  const html = lines.map((line) => `<div style="${style(line)}">${escapeHtml(line) || "&nbsp;"}</div>`).join("");
  return { "text/html": `<pre style="line-height:1.5">${html}</pre>`, "text/plain": visible(lines.join("\n")) };
}
