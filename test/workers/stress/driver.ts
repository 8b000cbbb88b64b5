/** A driver in a process of its own, so that it can be killed: `driver.ts URL EPISODES`. Prints how many episodes came, then the hash of all. */

import { createHash } from "node:crypto";
import { SurvivalEnv } from "../../../src/environment/index.ts";
import { editMenu } from "../../../src/policy/index.ts";
import { rollout } from "../../../src/rollout/index.ts";
import { workers } from "../../../src/workers/index.ts";
import { textOf } from "../equal.ts";
import { seed } from "./bed.ts";

const [url, episodes] = process.argv.slice(2);
const { episodes: played } = await rollout(new SurvivalEnv({ maxSteps: 10 }), editMenu(), {
  ...{ episodes: Number(episodes), group: 8, seed, on: workers.redis(url!) },
  onEpisode: (_, done) => void process.stdout.write(`${done}\n`),
});
process.stdout.write(`${createHash("sha256").update(textOf(played)).digest("hex")}\n`);
process.exit(0);
