/** A pool that is warmed: its first child runs then, and a machine that cannot run one says so at once. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { javascript } from "../../src/sandbox/bodies/javascript/index.ts";
import { findLauncher, type Launcher } from "../../src/sandbox/host/locks.ts";
import { Pool } from "../../src/sandbox/host/pool.ts";
import { outliving } from "../processes.ts";

const poolOf = (launcher: Launcher): Pool =>
  new Pool({ ...{ body: javascript, workers: 2, livesPerChild: 500, launcher }, start: () => assert.fail() });

describe("a pool that is warmed", () => {
  it("has one child that runs, however often", async () => {
    const pool = poolOf(findLauncher(javascript));
    assert.deepEqual(pool.stats().pids, []);
    await pool.warm();
    const { pids, replaced } = pool.stats();
    assert.deepEqual([pids.length, replaced], [1, 0]);
    await pool.warm();
    assert.deepEqual(pool.stats().pids, pids);
    await pool.dispose();
    assert.deepEqual(await outliving(pids), []);
  });

  it("rejects where no child starts, and tries anew when it is asked again", async () => {
    let started = 0;
    const start = () => {
      started++;
      return spawn(process.execPath, ["-e", "process.exit(3)"], { stdio: "pipe" });
    };
    const pool = poolOf({ ...findLauncher(javascript), start });
    for (const times of [1, 2]) {
      await assert.rejects(pool.warm(), /^SandboxFailure: A sandbox process did not start: exit code 3/);
      assert.deepEqual([started, pool.stats().pids], [times, []]);
    }
    await pool.dispose();
  });
});
