/**
 * What is kept of a finished run of `bench:bodies`: `bench/results/bodies.json`, made by `npm run bench:bodies -- --write`, and the table
 * that README shows of it. Not here: the run (`bench/bodies.ts`).
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Evaluation, Result } from "../../src/evaluation/index.ts";
import type { Comparison, PairedDifference } from "../../src/statistics/index.ts";
import type { KeptTraining } from "../comparison/kept.ts";
import { counted, markdownTable } from "../markdown.ts";

/** What is kept of a policy's figures. */
export type KeptFigures = Pick<
  Result,
  "episodes" | "faults" | "survival" | "harmfulSteps" | "successRate" | "beyondReference" | "beyondControl"
>;

/** One part of the tasks: figures by language, then by policy; and each policy in Python beside the same in JavaScript. */
export interface KeptPart {
  tasks: number;
  results: { [body: string]: { [policy: string]: KeptFigures } };
  bodies: Comparison[];
}

/** The kept file. */
export interface KeptBodies {
  /** Lives of each policy in each language on each part; `search`: at each temperature that was tried. */
  episodes: number;
  search: number;
  /** How the adapters of each language were trained; absent where there are none. */
  adapters: { [body: string]: KeptTraining };
  /** The temperatures that were found, by policy and language: an adapter's seeds in turn. */
  temperatures: { [policy: string]: { [body: string]: number[] } };
  parts: { [split: string]: KeptPart };
  /** What the adapters of a language do of held-out tasks beyond its sharpened model, both parts together. */
  heldOut: { [body: string]: PairedDifference };
}

/** A run's figures of one part, without what is not kept. */
export function partOf({ results, bodies }: Pick<Evaluation, "results" | "bodies">, tasks: number): KeptPart {
  const kept = (result: Result): KeptFigures => {
    const { episodes, faults, survival, harmfulSteps, successRate, beyondReference, beyondControl } = result;
    return { episodes, faults, survival, harmfulSteps, successRate, beyondReference, beyondControl };
  };
  const each = <A, B>(all: { [name: string]: A }, map: (one: A) => B) =>
    Object.fromEntries(Object.entries(all).map(([name, one]) => [name, map(one)]));
  return { tasks, results: each(results, (policies) => each(policies, kept)), bodies };
}

/** What a finished run left. Throws an Error where there is none. */
export function readRun(folder: string): KeptBodies {
  const file = join(folder, "result.json");
  if (!existsSync(file))
    throw new Error(`There is no finished run in ${folder}: let \`npm run bench:bodies\` end, then keep it`);
  return JSON.parse(readFileSync(file, "utf8")) as KeptBodies;
}

const languages: { [body: string]: string } = { javascript: "JavaScript", python: "Python" };

/** README's table of a kept run, as Markdown: a cell has the lives survived and the tasks done, in percent. */
export function bodiesTable({ parts, adapters }: KeptBodies): string {
  const [first] = Object.values(parts);
  const policies = [...new Set(Object.values(first!.results).flatMap((own) => Object.keys(own)))];
  const rows = policies
    .filter((policy) => policy !== "random")
    .flatMap((policy) =>
      Object.keys(first!.results)
        .filter((body) => policy in first!.results[body]!)
        .map((body) => [
          `${named(policy, adapters[body])}, ${languages[body]}`,
          ...Object.values(parts).map(({ results }) => {
            const { survival, successRate } = results[body]![policy]!;
            return `${percent(survival.estimate, 0)} · ${percent(successRate!.estimate, 1)}`;
          }),
        ]),
    );
  return markdownTable([["SmolLM2", ...Object.keys(parts)], ...rows]);
}

/** A paired difference as README writes it: points, with their interval. */
export function inPoints({ estimate, low, high }: { estimate: number; low: number; high: number }): string {
  const [more, from, to] = [estimate, low, high].map((share) => (100 * share).toFixed(1).replace("-", "−"));
  return `${more} points (${from} to ${to})`;
}

function named(policy: string, training: KeptTraining | undefined): string {
  if (policy !== "adapter" || training === undefined) return policy;
  return `adapter (${counted(training.seeds, "seed")}, ${counted(training.updates, "update")})`;
}

function percent(share: number, digits: number): string {
  return share === 0 ? "0" : (100 * share).toFixed(digits);
}
