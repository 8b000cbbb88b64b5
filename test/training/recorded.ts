/**
 * A recorded and logged training run in the real sandbox that another process kills: `recorded.ts FOLDER UPDATES`. Goes on
 * from the folder's checkpoint if there is one. Prints "begun", then a line an update, then the weights.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { rewards, SurvivalEnv } from "../../src/environment/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { logTo, readCheckpoint, train } from "../../src/training/index.ts";

const [folder, updates] = process.argv.slice(2) as [string, string];
const save = join(folder, "run.safetensors");
await using sandbox = await createSandbox({ workers: 1 });
const env = new SurvivalEnv({ maxSteps: 4, rewards: [rewards.survival, rewards.harm], sandbox });
const policy = editMenu();
const resume = existsSync(save) ? await readCheckpoint(save) : undefined;
console.log("begun");
for await (const { update } of train({
  env,
  policy,
  updates: Number(updates),
  episodes: 6,
  seed: 5,
  save,
  record: join(folder, "run.record"),
  onUpdate: logTo({ jsonl: join(folder, "run.jsonl"), tensorboard: join(folder, "events") }),
  ...(resume && { resume }),
}))
  console.log(update);
console.log(JSON.stringify([...policy.variables[0]!.dataSync()]));
