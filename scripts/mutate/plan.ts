/**
 * Which test files judge a mutant, and in which order: the folder's own and then the nearest, quick before slow, until their
 * measured seconds reach the budget. The file's namesake always runs, however slow. A file of which nobody knows how long it takes
 * is taken for an average one; when it has run, it is known.
 */

import { basename } from "node:path";
import { folderOf } from "./draw.ts";
import { distancesFrom, type Loads } from "./loads.ts";

/** Chooses the tests of a file. */
export interface Planner {
  /** Test files in order; `left`: those that load the file too, but are beyond the budget. */
  planFor(file: string): { tests: string[]; left: number };
}

/** Options of `makePlanner`. */
export interface PlanOptions {
  tests: readonly string[];
  loads: Loads;
  /** The last known seconds of a test file. */
  secondsOf: (test: string) => number | undefined;
  budget: number;
}

/** Seconds of a test file that has never run. */
const averageSeconds = 5;

/** Makes a planner; the map of each test file is read once. */
export function makePlanner({ tests, loads, secondsOf, budget }: PlanOptions): Planner {
  const distances = new Map(tests.map((test) => [test, distancesFrom(test, loads)]));
  return {
    planFor(file) {
      const near = tests
        .flatMap((test) => {
          const distance = distances.get(test)!.get(file);
          if (distance === undefined) return [];
          return [
            {
              test,
              rank: rankOf(test, file, distance),
              isNamesake: isNamesakeOf(test, file),
              seconds: secondsOf(test) ?? averageSeconds,
            },
          ];
        })
        .sort((a, b) => a.rank - b.rank || (a.seconds < b.seconds ? -1 : a.seconds > b.seconds ? 1 : byName(a, b)));
      const chosen: string[] = [];
      let spent = 0;
      for (const { test, seconds, isNamesake } of near) {
        if (chosen.length > 0 && !isNamesake && spent + seconds > budget) continue; // a quicker one farther away may still fit
        chosen.push(test);
        spent += seconds;
      }
      return { tests: chosen, left: near.length - chosen.length };
    },
  };
}

function byName(a: { test: string }, b: { test: string }): number {
  return a.test < b.test ? -1 : 1;
}

/** 0: the folder that mirrors the file's; then by distance. Deeper folders have their noun's. */
function rankOf(test: string, file: string, distance: number): number {
  return isOwn(test, file) ? 0 : 1 + distance;
}

function isOwn(test: string, file: string): boolean {
  const folder = folderOf(file).replace(/^src\//, "");
  return test.startsWith(`test/${folder}/`) || (folder === "kernel/language" && test.includes("language-service/"));
}

/** The folder's own test of the same name. */
function isNamesakeOf(test: string, file: string): boolean {
  return isOwn(test, file) && basename(test).split(".")[0] === basename(file, ".ts");
}
