/**
 * `npm run stress:workers -- NAMES... [--parts 10000] [--lives 2400]`: causes faults on purpose, on a real redis-server on loopback, and says what was lost: each
 * rollout must be that of one process. Without names all faults; `bars` plays what a page may claim (10,000 lives, 30 updates,
 * SmolLM2), `speed`, `scaling` and `memory` (of so many parts) measure, `speed` of so many lives. A row a fault; exit code 1 where one is not equal.
 */

import { parseArgs } from "node:util";
import { createSandbox } from "../../../src/sandbox/index.ts";
import { missingRedis, startRedis } from "../redis-server.ts";
import { bars } from "./bars.ts";
import { makeBed, type Outcome } from "./bed.ts";
import { faults } from "./faults.ts";
import { measures } from "./measures.ts";

const all = { ...faults, ...bars, ...measures };
const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { parts: { type: "string", default: "10000" }, lives: { type: "string", default: "2400" } },
});
const unknown = names.find((name) => !(name in all));
const missing = missingRedis();
if (unknown !== undefined || missing !== null) {
  console.error(missing ?? `There is no ${JSON.stringify(unknown)}: there are ${Object.keys(all).join(", ")}`);
  process.exit(1);
}
const sandbox = await createSandbox({ workers: 2 });
let wrong = 0;
for (const fault of names.length > 0 ? names : Object.keys(faults)) {
  const redis = await startRedis({ keeps: true });
  const outcome: Outcome = await all[fault]!(
    makeBed(redis, sandbox, { parts: Number(values.parts), lives: Number(values.lives) }),
  ).then(
    (told) => ({ fault, ...told }),
    (error: Error) => ({ fault, equal: false, told: error.stack ?? error.message }),
  );
  if (!outcome.equal) wrong++;
  console.log(`${outcome.equal ? "equal  " : "DIFFERS"}  ${fault.padEnd(18)} ${outcome.told}`);
  await redis.close();
}
await sandbox.dispose();
process.exit(wrong > 0 ? 1 : 0);
