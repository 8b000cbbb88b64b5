/** Where cells stand for a compiler: files of the notebook's folder that are only in memory. */

import { join } from "node:path";

/** The cell that is being looked at. */
export function currentCell(directory: string): string {
  return join(directory, "__cell.mts");
}

/** The cell that was committed as number so and so. */
export function committedCell(directory: string, number: number): string {
  return join(directory, `__cell${number}.mts`);
}

/** Whether a path is one of these. */
export function isCellPath(path: string): boolean {
  return /[\\/]__cell\d*\.mts$/.test(path);
}
