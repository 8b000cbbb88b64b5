/**
 * `npm run stress:record [EPISODES] [KILLS]`: records lives and replays all of them byte for byte (10,000), compares 1, 2
 * and 4 children (a tenth as many), and kills a writer or its child at random instants (50). Prints what it counted; exit
 * code 1 if anything differs or is lost. `npm test` runs the same functions on smaller numbers.
 */

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../../src/random/index.ts";
import { openRecord } from "../../src/record/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { digests, killWriter, recordLives, replayAll } from "./stress-parts.ts";

const [episodes = 10_000, kills = 50] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "autoagent-stress-"));
const faults: string[] = [];

function check(ok: boolean, text: string): void {
  console.log(`${ok ? "ok  " : "BAD "} ${text}`);
  if (!ok) faults.push(text);
}

async function timed<T>(work: () => Promise<T>): Promise<[T, string]> {
  const started = performance.now();
  const result = await work();
  return [result, `${((performance.now() - started) / 1000).toFixed(1)} s`];
}

async function replayMany(): Promise<void> {
  const path = join(folder, "many.db");
  await using sandbox = await createSandbox({ workers: Math.min(4, availableParallelism()) });
  using record = openRecord(path, { create: true });
  const [, recording] = await timed(() => recordLives(record, sandbox, episodes));
  const [found, replaying] = await timed(() => replayAll(record, sandbox));
  const [chain, verifying] = await timed(async () => record.verify());
  const size = (statSync(path).size / 2 ** 20).toFixed(1);
  console.log(
    `level ${sandbox.level}; recorded in ${recording}, replayed in ${replaying}, verified in ${verifying}, ${size} MiB`,
  );
  const faulty = record.episodes().filter(({ verdict }) => verdict === "infrastructure_error");
  for (const { id, cause } of faulty.slice(0, 5)) console.log(`     episode ${id}: ${cause}`);
  for (const difference of found.differences.slice(0, 5)) console.log(`     ${difference}`);
  check(
    found.differences.length === 0,
    `${episodes} episodes, ${found.steps} steps replayed; ${found.differences.length} differ`,
  );
  check(found.faults === 0, `${found.faults} faults of the sandbox`);
  check(chain.ok, `${chain.entries} entries verified`);
}

async function compareWorkers(): Promise<void> {
  const count = Math.ceil(episodes / 10);
  const found: string[] = [];
  for (const workers of [1, 2, 4]) {
    await using sandbox = await createSandbox({ workers });
    using record = openRecord(join(folder, `workers-${workers}.db`), { create: true });
    await recordLives(record, sandbox, count);
    found.push(JSON.stringify([...digests(record)]));
  }
  check(
    found.every((one) => one === found[0]),
    `${count} episodes are equal with 1, 2 and 4 children`,
  );
}

async function killMany(): Promise<void> {
  const random = createRandom(5, "stress", "kills");
  const path = join(folder, "killed.db");
  let promised = 0;
  let lost = 0;
  for (let i = 0; i < kills; i++) {
    const victim = i % 3 === 2 ? "child" : "driver";
    try {
      promised += await killWriter(path, { seed: i * 1000, delayMs: random.integer(500), victim });
    } catch (error) {
      lost++;
      console.log(`     kill ${i} (${victim}): ${(error as Error).message}`);
    }
  }
  check(lost === 0, `${kills} kills, ${promised} steps promised; something was lost after ${lost} of them`);
  await using sandbox = await createSandbox({ workers: 2 });
  using record = openRecord(path, { readOnly: true });
  const { steps, differences } = await replayAll(record, sandbox);
  check(differences.length === 0, `${steps} steps of the killed writers replayed; ${differences.length} differ`);
}

try {
  await replayMany();
  await compareWorkers();
  if (kills > 0) await killMany();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = faults.length > 0 ? 1 : 0;
