/** A training run that another process kills: `killed.ts CHECKPOINT UPDATES`. Prints a line an update. */

import { existsSync } from "node:fs";
import { editMenu } from "../../src/policy/index.ts";
import { readCheckpoint, train } from "../../src/training/index.ts";
import { menu, nameEnv } from "./fixtures.ts";

const [save, updates] = process.argv.slice(2) as [string, string];
const policy = editMenu(menu);
const resume = existsSync(save) ? await readCheckpoint(save) : undefined;
for await (const { update } of train({
  env: nameEnv(),
  policy,
  updates: Number(updates),
  episodes: 8,
  seed: 13,
  save,
  ...(resume && { resume }),
})) {
  console.log(update);
  await new Promise((resolve) => setTimeout(resolve, 15));
}
console.log(JSON.stringify([...policy.variables[0]!.dataSync()]));
