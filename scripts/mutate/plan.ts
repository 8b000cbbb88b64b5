/**
 * Which test files judge a mutant, and in which order: by seconds over how likely each is to notice it, as far as distance says, until
 * their measured seconds reach the budget; those of the folder itself may take three times as much, for a slow one of them notices more
 * than many quick ones elsewhere. What is known not to run the changed place is left out. The file's namesake always runs, however slow.
 * A file of which nobody knows how long it takes is taken for an average one; when it has run, it is known.
 */

import { basename, dirname } from "node:path";
import { folderOf } from "./draw.ts";
import { distancesFrom, type Loads } from "./loads.ts";

/** Chooses the tests of a file. */
export interface Planner {
  /** Test files in order; `left`: those that may notice a change, too, but are beyond the budget. */
  planFor(file: string, known?: Known): { tests: string[]; left: number };
}

/** What is known of one change of the file. */
export interface Known {
  /** Whether a test file runs the changed place; undefined where nobody knows. */
  runs?: (test: string) => boolean | undefined;
  /** How often each test file noticed a change of the file: these come first. */
  noticed?: ReadonlyMap<string, number>;
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

/** Seconds that a process takes to start, whatever it tests. */
const startSeconds = 0.5;

/** How likely a test file notices a change, guessed: the file's namesake; another of its folder or of others that imports it by itself. */
const likely = { namesake: 0.8, own: 0.6, near: 0.3 };

/** How much of the budget test files of other folders may take that never noticed a change of the file; and those of its own folder. */
const share = { far: 0.4, own: 3 };

/** How much likelier one is that runs the place for certain. */
const certain = 2;

/** Makes a planner; the map of each test file is read once. */
export function makePlanner({ tests, loads, secondsOf, budget }: PlanOptions): Planner {
  const distances = new Map(tests.map((test) => [test, distancesFrom(test, loads)]));
  return {
    planFor(file, { runs = () => undefined, noticed = new Map() } = {}) {
      const near = tests
        .flatMap((test) => {
          const distance = distances.get(test)!.get(file);
          const isRun = runs(test);
          if (distance === undefined || isRun === false) return [];
          const seconds = secondsOf(test) ?? averageSeconds;
          const chance = chanceOf(test, file, distance) * (isRun === true ? certain : 1);
          return [{ test, seconds, price: (seconds + startSeconds) / chance, noticed: noticed.get(test) ?? 0 }];
        })
        .sort((a, b) => b.noticed - a.noticed || a.price - b.price || (a.test < b.test ? -1 : 1));
      const chosen: string[] = [];
      const spent = { all: 0, far: 0 };
      for (const { test, seconds } of near) {
        const isFar = !isOwn(test, file) && !noticed.has(test);
        const most = isFar ? budget : budget * share.own;
        const isBeyond = spent.all + seconds > most || (isFar && spent.far + seconds > budget * share.far);
        if (chosen.length > 0 && !isNamesakeOf(test, file) && isBeyond) continue; // a quicker one may still fit
        chosen.push(test);
        spent.all += seconds;
        if (isFar) spent.far += seconds;
      }
      return { tests: chosen, left: near.length - chosen.length };
    },
  };
}

function chanceOf(test: string, file: string, distance: number): number {
  if (isNamesakeOf(test, file)) return likely.namesake;
  return (isOwn(test, file) ? likely.own : likely.near) / Math.max(1, distance);
}

/** Whether it is in the folder that mirrors the file's. Deeper folders have their noun's; the corpus has one for all. */
export function isOwn(test: string, file: string): boolean {
  const folder = folderOf(file)
    .replace(/^src\//, "")
    .replace(/^corpus\/.*/, "corpus");
  return test.startsWith(`test/${folder}/`) || (folder === "kernel/language" && test.includes("language-service/"));
}

/** The folder's own test of the same name; where a folder begins, the one that is called as the folder. */
function isNamesakeOf(test: string, file: string): boolean {
  const name = basename(test).split(".")[0];
  const begins = /\/(index|main)\.ts$/.test(file) && name === basename(dirname(file));
  return isOwn(test, file) && (begins || name === basename(file, ".ts"));
}
