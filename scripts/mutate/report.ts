/** What a run prints: figures by folder, and a diff for each survivor; the same as Markdown for `docs/testing.md`. */

import { wilsonInterval } from "../../src/statistics/index.ts";
import { folderOf } from "./draw.ts";
import { findKept, type Kept } from "./kept.ts";
import type { Result } from "./results.ts";

/** The counts of a folder. `share`: killed ones among those that are not equivalent, 0 to 1. */
export interface Counts {
  killed: number;
  late: number;
  survived: number;
  equivalent: number;
  share: number;
}

/** Counts by folder, in the order of their names, and over all. */
export function countResults(
  results: readonly Result[],
  kept: readonly Kept[],
): { folders: [string, Counts][]; all: Counts } {
  const count = (some: readonly Result[]): Counts => {
    const equivalent = some.filter((one) => isEquivalent(one, kept)).length;
    const killed = some.filter(({ outcome }) => outcome !== "survived").length;
    const late = some.filter(({ outcome }) => outcome === "late").length;
    const survived = some.length - killed - equivalent;
    return { killed, late, survived, equivalent, share: killed + survived === 0 ? 1 : killed / (killed + survived) };
  };
  const groups = [...Map.groupBy(results, ({ file }) => folderOf(file))].sort(([a], [b]) => (a < b ? -1 : 1));
  return { folders: groups.map(([name, some]) => [name, count(some)]), all: count(results) };
}

/** The figures as a table of text. */
export function figures(results: readonly Result[], kept: readonly Kept[]): string {
  const rows = rowsOf(results, kept);
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return rows.map(line).join("\n");
}

/** The share over all with Wilson's interval, as a sentence; it takes the sample as one that is drawn from the whole at random. */
export function overall(results: readonly Result[], kept: readonly Kept[]): string {
  const { killed, survived } = countResults(results, kept).all;
  if (killed + survived === 0) return "None that is not equivalent has been judged.";
  const { estimate, low, high } = wilsonInterval(killed, killed + survived);
  const [share, from, to] = [estimate, low, high].map((value) => (value * 100).toFixed(1));
  return `Killed: ${killed} of ${killed + survived} that are not equivalent, ${share} % (95 % interval ${from} to ${to}).`;
}

/** Each survivor as a diff of one line, those with a kept reason last. */
export function survivors(results: readonly Result[], kept: readonly Kept[]): string {
  const alive = results.filter(({ outcome }) => outcome === "survived");
  const sorted = alive.toSorted((a, b) => Number(!!findKept(kept, a)) - Number(!!findKept(kept, b)));
  return sorted.map((one) => diffOf(one, findKept(kept, one))).join("\n\n");
}

/** The part of `docs/testing.md` between its two marks. */
export function markdown(results: readonly Result[], kept: readonly Kept[], how: string): string {
  const [head, ...rows] = rowsOf(results, kept).map((row) => `| ${row.join(" | ")} |`);
  const table = [head, `|${" - |".repeat(7)}`, ...rows].join("\n");
  const alive = results.filter(({ outcome }) => outcome === "survived");
  const list = alive.map((one) => {
    const entry = findKept(kept, one);
    const told = entry ? `${entry.verdict}: ${entry.reason}` : "open: no test notices it yet";
    return `- \`${one.file}\`, \`${code(one.text)}\`: ${change(one)}. ${told}`;
  });
  return `${how}\n\n${table}\n\n${list.length === 0 ? "No survivors." : list.join("\n")}\n`;
}

/** Puts the Markdown between `<!-- mutate -->` and `<!-- /mutate -->`. */
export function replacePart(page: string, part: string): string {
  const marks = /<!-- mutate -->[\s\S]*<!-- \/mutate -->/;
  if (!marks.test(page)) throw new Error("The page has no `<!-- mutate -->` and `<!-- /mutate -->` to write between");
  return page.replace(marks, () => `<!-- mutate -->\n\n${part}\n<!-- /mutate -->`);
}

function rowsOf(results: readonly Result[], kept: readonly Kept[]): string[][] {
  const { folders, all } = countResults(results, kept);
  const row = ([name, { killed, late, survived, equivalent, share }]: [string, Counts]): string[] => [
    name,
    ...[killed, late, survived, equivalent].map(String),
    String(killed + survived + equivalent),
    `${(share * 100).toFixed(1)} %`,
  ];
  const head = ["folder", "killed", "of them late", "survived", "equivalent", "all", "killed, %"];
  return [head, ...[...folders, ["all", all] as [string, Counts]].map(row)];
}

function isEquivalent(result: Result, kept: readonly Kept[]): boolean {
  return result.outcome === "survived" && findKept(kept, result)?.verdict === "equivalent";
}

function diffOf(result: Result, entry: Kept | undefined): string {
  const { id, file, line, kind, was, becomes, text, tests, left } = result;
  const at = text.split(was).length === 2 ? `\n- ${text}\n+ ${text.replace(was, () => becomes)}` : `\n  ${text}`;
  const changed =
    was.includes("\n") || text.split(was).length !== 2 ? `\n${marked("-", was)}\n${marked("+", becomes)}` : "";
  const ran = `${Object.keys(tests).length} test files ran${left > 0 ? `, ${left} more load it` : ""}`;
  const told = entry ? `\n  ${entry.verdict}: ${entry.reason}` : "";
  return `${file}:${line} ${kind} ${id} (${ran})${at}${changed}${told}`;
}

function marked(sign: string, text: string): string {
  return text
    .split("\n")
    .slice(0, 8)
    .map((line) => `${sign} ${line.trim()}`)
    .join("\n");
}

function change({ was, becomes }: Result): string {
  return `\`${code(was)}\` becomes \`${code(becomes)}\``;
}

function code(text: string): string {
  const line = text.replace(/\s+/g, " ").replaceAll("`", "'");
  return line.length > 90 ? `${line.slice(0, 87)}...` : line;
}
