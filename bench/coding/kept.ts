/**
 * What is kept of a finished run of `bench:coding`: `bench/results/coding.json` and `coding-adapters.json`, made by
 * `npm run bench:coding -- --write`, and the two tables that README shows of it. Not here: the run (`bench/coding.ts`).
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CodeClaim,
  type CodeQuality,
  type CodeTask,
  type ContestantFigures,
  codeTasks,
} from "../../src/coding/index.ts";
import { type KeptTraining, trainingOf } from "../comparison/kept.ts";
import { counted, markdownTable } from "../markdown.ts";

/** The kept file: what `evaluateCode` says of each contestant, without its answers. */
export interface KeptCoding {
  /** At which the model was sharpened; the trained ones are asked at the same. */
  temperature: number;
  /** How the heads were trained; absent where there are none. */
  trained?: KeptTraining;
  /** And the adapters. */
  adapted?: KeptTraining;
  results: { [contestant: string]: ContestantFigures };
  quality: { [contestant: string]: CodeQuality["parts"] };
  claims: CodeClaim[];
  sentences: string[];
}

/** What a finished run left in its folder. Throws an Error where there is none. */
export async function keptOf(folder: string): Promise<KeptCoding> {
  const file = join(folder, "result.json");
  if (!existsSync(file))
    throw new Error(`There is no finished run in ${folder}: let \`npm run bench:coding\` end, then keep it`);
  const { temperature, results, quality, claims, sentences } = JSON.parse(readFileSync(file, "utf8")) as KeptCoding;
  const trained = "trained" in results && (await trainingOf(folder, "head"));
  const adapted = "adapter" in results && (await trainingOf(folder, "adapter"));
  const how = { temperature, ...(trained && { trained }), ...(adapted && { adapted }) };
  return { ...how, results, quality, claims, sentences };
}

/** Random weights first, as a floor; who was trained last. */
const order = ["random", "pretrained", "sharpened", "trained", "adapter"];

function contestantsOf({ results }: KeptCoding): string[] {
  return order.filter((name) => name in results);
}

/** README's table of what passes, as Markdown: a contestant a row, a task a column; percent, with the 95 % interval over families. */
export function tasksTable(kept: KeptCoding): string {
  const shareOf = (name: string, task: CodeTask): string => {
    const share = kept.results[name]!.tasks[task]?.share;
    if (share === null || share === undefined) return "not asked";
    return `${percent(share.estimate)} (${percent(share.low)} to ${percent(share.high)})`;
  };
  const rows = contestantsOf(kept).map((name) => [named(name, kept), ...codeTasks.map((task) => shareOf(name, task))]);
  return markdownTable([["SmolLM2", ...codeTasks], ...rows]);
}

const qualityParts = ["syntactic", "coherent", "logical", "ethical"] as const;

/** README's table of code quality, as Markdown: percent of all programs, and in brackets of those that parse. */
export function qualityTable(kept: KeptCoding): string {
  const rows = contestantsOf(kept).map((name) => [
    named(name, kept),
    String(kept.quality[name]!.syntactic.programs),
    ...qualityParts.map((part) => {
      const { good, programs, goodParsing, parsing } = kept.quality[name]![part];
      const all = percent(good / programs);
      return part === "syntactic" || parsing === 0 ? all : `${all} (${percent(goodParsing / parsing)})`;
    }),
  ]);
  return markdownTable([["SmolLM2", "programs", ...qualityParts], ...rows]);
}

function named(name: string, { trained, adapted }: KeptCoding): string {
  const training = name === "trained" ? trained : name === "adapter" ? adapted : undefined;
  if (training === undefined) return name;
  const kind = name === "trained" ? "head" : "adapter";
  return `${kind} (${counted(training.seeds, "seed")}, ${counted(training.updates, "update")})`;
}

/** 0, or with one digit; a bound of an interval may lie a rounding below 0. */
function percent(share: number): string {
  const text = (100 * share).toFixed(1).replace("-0.0", "0.0").replace("-", "−");
  return text === "0.0" ? "0" : text === "100.0" ? "100" : text;
}
