/** A user process that was started before anybody listened, and has ended by then. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { startUserProcess } from "../../../kernel/session/user-process.ts";

describe("a user process that ended before anybody listened", () => {
  for (const [code, how] of [
    ["process.exitCode = 3", "exit code 3"],
    ["process.kill(process.pid, 'SIGKILL')", "signal SIGKILL"],
  ] as const)
    it(`is told once, by ${how}, and takes no cell`, async () => {
      const stdio = ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"] as const;
      const child = spawn(process.execPath, ["-e", code], { stdio: [...stdio], detached: true });
      await once(child, "exit");
      await new Promise((resolve) => setTimeout(resolve, 50));
      const told: unknown[] = [];
      const user = startUserProcess(
        process.cwd(),
        {
          ...{ onMessage() {}, onNative() {}, onStopping() {} },
          onDeath: (...death) => told.push(death),
        },
        { child, mark: "", failure: null },
      );
      assert.equal(await user.ready, false);
      await user.kill();
      assert.deepEqual(told, [[how, false]]);
    });

  it("is told why where it could not be started at all", async () => {
    const child = spawn("/no/such/program", { stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"] });
    const [failure] = (await once(child, "error")) as [Error];
    const told: unknown[] = [];
    const events = { onMessage() {}, onNative() {}, onStopping() {} };
    const user = startUserProcess(
      process.cwd(),
      { ...events, onDeath: (...death) => told.push(death) },
      { child, mark: "", failure },
    );
    assert.deepEqual([await user.ready, user.leader], [false, undefined]);
    assert.deepEqual(told, [["spawn /no/such/program ENOENT", false]]);
  });
});
