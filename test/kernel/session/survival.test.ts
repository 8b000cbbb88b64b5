/** What ends a user process or a kernel, for real: the session goes on, and nothing is left behind. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CellSeen } from "../../../bench/kernel/peer.ts";
import { type Client, startClient } from "../../../kernel/notebook/client.ts";
import { outliving, processesBelow } from "../../processes.ts";
import { leaveOut } from "../../support.ts";
import { runOn } from "./run-cell.ts";
import { usePeer } from "./use-peer.ts";

/** Little memory, so that a heap is full in a second; the TypeScript compiler has its own. */
const environment = { NODE_OPTIONS: "--max-old-space-size=96", AUTOAGENT_TYPES: "off" };

describe("a session whose user process ends", () => {
  const kernel = usePeer({ environment });

  const deaths: [what: string, code: string, how: RegExp][] = [
    ["process.exit", "process.exit(3);", /exit code 3/],
    ["process.exit in a timer", "setTimeout(() => process.exit(4), 20); await new Promise(() => {});", /exit code 4/],
    ["kill -9", "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});", /signal SIGKILL/],
    ["an abort in native code", "process.abort();", /signal SIGABRT/],
    ["a segmentation fault", "process.kill(process.pid, 'SIGSEGV'); await new Promise(() => {});", /signal SIGSEGV/],
    [
      "a heap that is full",
      "const all: number[][] = []; for (;;) all.push(Array.from({ length: 1000 }, Math.random));",
      /out of memory: its heap was full at about \d+ MiB; NODE_OPTIONS=--max-old-space-size=\d+ gives it more/,
    ],
  ];
  for (const [what, code, how] of deaths)
    it(`goes on after ${what}: an error in that cell, a new process, the same history and count`, async () => {
      const before = await kernel.peer.run("let here = process.pid; here");
      const dead = await kernel.peer.run(code);
      assert.equal(dead.status, "error");
      assert.match(String(dead.error), /^UserProcessEnded: The user process ended/);
      assert.match(String(dead.error), how);
      assert.match(String(dead.error), /its variables are gone. A new one is ready\.$/);
      assert.deepEqual(shown(await kernel.peer.run("typeof here")), ["'undefined'"]);
      assert.notDeepEqual(shown(await kernel.peer.run("process.pid")), shown(before));
      const { content } = await kernel.peer.ask("history_request", {
        hist_access_type: "tail",
        n: 4,
        output: false,
        raw: true,
      });
      const history = content.history as [number, number, string][];
      assert.deepEqual(
        history.map(([, , source]) => source),
        ["let here = process.pid; here", code, "typeof here", "process.pid"],
      );
      const [first] = history[0]!.slice(1) as [number];
      assert.deepEqual(
        history.map(([, line]) => line),
        [first, first + 1, first + 2, first + 3],
      );
    });

  it("says under the last cell that the process was killed from outside between two cells, and goes on", async () => {
    const client = await startClient(kernel.folder, { environment });
    try {
      const last = await runOn(client)("process.pid");
      process.kill(Number(last.shown[0]), "SIGKILL");
      while (last.stderr === "") await sleep(20);
      const said = "The user process ended (signal SIGKILL): its variables are gone. A new one is ready.\n";
      assert.equal(last.stderr, said);
      assert.deepEqual((await runOn(client)("1 + 1")).shown, ["2"]);
    } finally {
      await client.close();
    }
  });

  it("takes no harm from a worker that runs out of memory: the cell hears of it", async () => {
    const code = `import { Worker } from "node:worker_threads";
const worker = new Worker("const all = []; for (;;) all.push(Array.from({ length: 1000 }, Math.random));", { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } });
await new Promise((resolve) => worker.on("error", (error) => resolve(error.code)))`;
    const [pid] = shown(await kernel.peer.run("process.pid"));
    assert.deepEqual(shown(await kernel.peer.run(code)), ["'ERR_WORKER_OUT_OF_MEMORY'"]);
    assert.deepEqual(shown(await kernel.peer.run("process.pid")), [pid]);
  });
});

describe("a kernel that ends", () => {
  for (const signal of ["SIGKILL", "SIGTERM", "SIGSEGV"] as const)
    it(`leaves no process behind by ${signal}, whatever its cell does`, async function () {
      if (!existsSync("/proc")) leaveOut(this, "there is no /proc on this system to look for processes in");
      const folder = mkdtempSync(join(tmpdir(), "survival-"));
      const client: Client = await startClient(folder);
      await runOn(client)("const n: number = 1;"); // the compiler runs by now
      const family = processesBelow(client.pid);
      assert.ok(family.length >= 2, `the user process and the compiler, got ${family.length}`);
      void client.execute("while (true) {}", () => {}).catch(() => {});
      await sleep(200);
      process.kill(client.pid, signal);
      assert.deepEqual(await outliving(family), [], "processes that outlived their kernel");
      await client.close();
      rmSync(folder, { recursive: true, force: true });
    });
});

function shown(seen: CellSeen): unknown[] {
  return seen.shown.map((data) => data["text/plain"]);
}
