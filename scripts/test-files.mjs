/** What `npm test -- ARGUMENT...` runs: files, folders with all below them, and mocha's own patterns and flags. */

import * as fs from "node:fs";
import { join } from "node:path";
import { SetupFailure } from "./setup.mjs";

/**
 * The arguments as mocha takes them.
 * @param {readonly string[]} given as they were typed, from `folder`
 * @param {string} folder
 * @returns {string[]}
 * @throws {SetupFailure} where one names no test: mocha would run the others, and say nothing of it
 */
export function testArguments(given, folder) {
  return given.map((one, i) => {
    // A flag is mocha's own, and so is what it takes.
    if (one.startsWith("-") || (given[i - 1]?.startsWith("-") && !given[i - 1].includes("="))) return one;
    const path = join(folder, one);
    if (fs.existsSync(path) && !fs.statSync(path).isDirectory()) return one;
    const pattern = fs.existsSync(path) ? `${one.replace(/[\\/]+$/, "")}/**/*.test.ts` : one;
    // Older Nodes, which may start this, have no `globSync`: there mocha has the last word.
    if (fs.globSync === undefined || fs.globSync(pattern, { cwd: folder }).length > 0) return pattern;
    throw new SetupFailure(
      `There is no test in ${one}: give a file that ends in .test.ts, or a folder that holds some.`,
    );
  });
}
