/** A child that ends before it has greeted: killed by somebody, or one that does not run here. */

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { findLauncher, type Launcher } from "../../src/sandbox/launch.ts";
import { startWorker } from "../../src/sandbox/worker.ts";

describe("the start of a child", () => {
  /** A launcher whose first `count` children are put through `spoil`; `started` counts all. */
  const spoiled = (count: number, spoil: (child: ChildProcess) => void) => {
    const { start, ...rest } = findLauncher();
    const launcher: Launcher & { started: number } = {
      ...rest,
      started: 0,
      start() {
        const child = start();
        if (launcher.started++ < count) spoil(child);
        return child;
      },
    };
    return launcher;
  };
  const killed = (child: ChildProcess): void => void child.kill("SIGKILL");

  it("is tried again when it was killed, since that tells nothing of the next", async () => {
    for (const count of [0, 1, 2]) {
      const launcher = spoiled(count, killed);
      const worker = await startWorker(launcher);
      assert.deepEqual([worker.alive, launcher.started], [true, count + 1]);
      worker.kill();
      await worker.gone;
    }
  });

  it("is given up when three in a row were killed, and at once when a child ended by itself", async () => {
    const always = spoiled(9, killed);
    await assert.rejects(
      startWorker(always),
      /^SandboxFailure: A sandbox process did not start: exit SIGKILL: it printed nothing/,
    );
    assert.equal(always.started, 3);
    const closed = spoiled(9, (child) => child.stdin!.destroy());
    await assert.rejects(startWorker(closed), /^SandboxFailure: A sandbox process did not start: exit \d+: /);
    assert.equal(closed.started, 1);
  });
});
