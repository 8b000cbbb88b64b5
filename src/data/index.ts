/** Where the package's own data is, in a clone and in an installed package alike. */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The path of a file or folder below `data/`: `dataPath("prompts", "base.json")`. */
export function dataPath(...parts: string[]): string {
  return join(dirname(fileURLToPath(import.meta.resolve("autoagent-lab/package.json"))), "data", ...parts);
}
