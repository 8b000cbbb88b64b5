/** The end of a user process: whatever it was by, whoever holds its pipes, and before anybody listened. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getHeapStatistics } from "node:v8";
import { startUserProcess } from "../../../kernel/session/user-process.ts";
import { leaveOut } from "../../support.ts";

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

describe("the end of a user process", () => {
  /** Starts code in the place of a user process; resolves with what is told of its end. */
  async function endOf(code: string): Promise<[how: string, wasReady: boolean]> {
    const stdio = ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"] as const;
    const child = spawn(process.execPath, ["-e", code], { stdio: [...stdio], detached: true });
    const events = { onMessage() {}, onNative() {}, onStopping() {} };
    return new Promise((resolve) => {
      const onDeath = (...death: [string, boolean]): void => resolve(death);
      startUserProcess(process.cwd(), { ...events, onDeath }, { child, mark: "", failure: null });
    });
  }
  const ready = 'require("node:fs").writeSync(3, `null\\n5\\n"ready"\\n{"type":1}\\nhalf {\\n{"type":"ready"}\\n`);';

  it("tells whether it was ready, which it says itself; what else stands on its pipe is passed over", async () => {
    assert.deepEqual(await endOf(`${ready} setTimeout(() => process.exit(4), 50);`), ["exit code 4", true]);
  });

  it("of a full heap names the limit, and twice as much as the cure", async () => {
    const said = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";
    const [how] = await endOf(`process.stderr.write(${JSON.stringify(`${said}\n`)}); process.exitCode = 1;`);
    const limit = Math.round(getHeapStatistics().heap_size_limit / 1024 / 1024);
    assert.equal(
      how,
      `out of memory: its heap was full at about ${limit} MiB; NODE_OPTIONS=--max-old-space-size=${2 * limit} gives it more`,
    );
  });

  it("is told although a program holds its pipes", async function () {
    if (process.platform !== "linux") leaveOut(this, "the program is looked for by its folder in /proc");
    const folder = mkdtempSync(join(tmpdir(), "user-process-"));
    const file = join(folder, "pid");
    const holder = `require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { detached: true, stdio: ["ignore", "inherit", "inherit"] })`;
    try {
      const code = `const held = ${holder}; require("node:fs").writeFileSync(${JSON.stringify(file)}, String(held.pid)); process.exit(5);`;
      assert.deepEqual(await endOf(code), ["exit code 5", false]);
      process.kill(Number(readFileSync(file, "utf8")), 0); // it is still there
    } finally {
      process.kill(Number(readFileSync(file, "utf8")), "SIGKILL");
      rmSync(folder, { recursive: true });
    }
  });
});
