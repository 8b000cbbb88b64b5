/** What the sandbox's tests share: one pool for a file, a life from first to last step. */

import assert from "node:assert/strict";
import {
  createSandbox,
  type LifeOptions,
  type Sandbox,
  type SandboxOptions,
  type StepReport,
} from "../../src/sandbox/index.ts";
import { until } from "../waiting.ts";

/** Runs programs as one life; reports of all steps that were run. */
export async function live(
  sandbox: Sandbox,
  programs: readonly string[],
  options: LifeOptions = {},
): Promise<StepReport[]> {
  const life = await sandbox.open(options);
  try {
    return await life.steps(programs);
  } finally {
    await life.close();
  }
}

/** A pool for the tests of one `describe`. */
export function useSandbox(options: SandboxOptions = { workers: 2 }): () => Sandbox {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox(options);
  });
  after(() => sandbox.dispose());
  return () => sandbox;
}

/** What must be the same in two runs of a life: all but the wall time. */
export function facts(reports: readonly StepReport[]): string {
  return JSON.stringify(reports.map(({ ms: _, ...rest }) => rest));
}

/** Runs programs as one life that asks a model; while it is asked, all children are killed, as many times as `kills` says. */
export function liveAmongKills(sandbox: Sandbox, programs: readonly string[], kills: number): Promise<StepReport[]> {
  let left = kills;
  const callModel = async (): Promise<string> => {
    if (left-- > 0) {
      for (const pid of sandbox.stats().pids) process.kill(pid, "SIGKILL");
      assert.ok(await until(() => sandbox.stats().pids.length === 0));
    }
    return "yes";
  };
  return live(sandbox, programs, { seed: 4, callModel });
}
