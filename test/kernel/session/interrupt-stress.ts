/**
 * `npm run stress:interrupt`: 108 interrupts over 18 kinds of work on one kernel; prints what was lost. Exit code 1 if
 * anything was. Two minutes.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startClient } from "../../../kernel/notebook/client.ts";
import { kinds, stress } from "./interrupt-kinds.ts";
import { runOn } from "./run-cell.ts";

const folder = mkdtempSync(join(tmpdir(), "stress-"));
const client = await startClient(folder);
try {
  const run = runOn(client);
  const pid = (await run("process.pid")).shown[0];
  const { interrupts, notStopped, lostState, slowestMs } = await stress(run, { rounds: 6 });
  const same = (await run("process.pid")).shown[0] === pid;
  console.log(`${interrupts} interrupts over ${Object.keys(kinds).length} kinds of work, on one kernel`);
  console.log(`lost kernels: 0, user processes lost: ${same ? 0 : "at least 1"}, lost states: ${lostState.length}`);
  console.log(`not stopped: ${notStopped.length}, slowest ${slowestMs.toFixed(0)} ms`);
  for (const line of [...notStopped, ...lostState.map((name) => `state lost: ${name}`)]) console.log(`  ${line}`);
  if (!same || notStopped.length + lostState.length > 0) process.exitCode = 1;
} finally {
  await client.close();
  rmSync(folder, { recursive: true, force: true });
}
