/**
 * A child that ends before it has greeted, or does not greet; and how an end is learnt where somebody else holds the
 * child's pipes. Children of the real launcher, and stand-ins that do what those do only once in a while.
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { javascript } from "../../src/sandbox/bodies/javascript/index.ts";
import type { StartChild } from "../../src/sandbox/host/body.ts";
import { findLauncher, type Launcher } from "../../src/sandbox/host/locks.ts";
import { Pool } from "../../src/sandbox/host/pool.ts";
import { startWorker } from "../../src/sandbox/host/start.ts";
import { outliving, processesBelow } from "../processes.ts";
import { until } from "../waiting.ts";

type Started = Pick<Launcher, "start" | "greeting" | "watchBytes"> & { started: number };

/** A launcher whose first `count` children are put through `spoil`; `started` counts all. */
const spoiled = (count: number, spoil: (child: ChildProcess) => void): Launcher & Started => {
  const { start, ...rest } = findLauncher(javascript);
  const launcher: Launcher & Started = {
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

/** A launcher of stand-ins: the first runs the first program, and so on; the last one's again and again. */
const standIns = (...programs: string[]): Started => {
  const launcher: Started = {
    greeting: "hello",
    watchBytes: null,
    started: 0,
    start: () => spawn(process.execPath, ["-e", programs[launcher.started++] ?? programs.at(-1)!], { detached: true }),
  };
  return launcher;
};
const greets = "console.log(JSON.stringify({ ready: true })); process.stdin.resume();";
const stops = "process.kill(process.pid, 'SIGSTOP')";
/** Leaves one behind that holds its pipes, in a group of its own or in the stand-in's, and tells its id. */
const leaves = (own: boolean): string => `const left = require("node:child_process").spawn(process.execPath,
  ["-e", "setInterval(() => {}, 1e6)"], { stdio: "inherit", detached: ${own} }); console.error("left", left.pid);`;
const leftBy = (text: string): number => Number(/left (\d+)/.exec(text)?.[1]);

describe("the start of a child", () => {
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
    await assert.rejects(startWorker(always), {
      message:
        "A sandbox process did not start: it was killed by SIGKILL from outside, the last of 3 in a row (it printed nothing). Look what kills processes here, such as want of memory",
    });
    assert.equal(always.started, 3);
    const closed = spoiled(9, (child) => child.stdin!.destroy());
    await assert.rejects(startWorker(closed), /^SandboxFailure: A sandbox process did not start: exit code \d+: /);
    assert.equal(closed.started, 1);
  });

  const ends: [program: string, told: string, starts: number][] = [
    ["console.error('one'); process.exit(3)", "exit code 3: one", 1],
    ["process.exit(0)", "exit code 0: it printed nothing", 1],
    ["process.kill(process.pid, 'SIGSEGV')", "ended by SIGSEGV, of its own doing: it printed nothing", 1],
    ["process.exit(128 + 11)", "ended by SIGSEGV, of its own doing: it printed nothing", 1],
    ["console.log('hello')", "it said something else than its greeting: it printed nothing", 1],
    [
      "console.error('so far'); process.exit(128 + 15)",
      "it was killed by SIGTERM from outside, the last of 3 in a row (so far). Look what kills processes here, such as want of memory",
      3,
    ],
  ];
  for (const [program, told, starts] of ends)
    it(`that fails is told by how: ${told}`, async () => {
      const launcher = standIns(program);
      await assert.rejects(startWorker(launcher), { message: `A sandbox process did not start: ${told}` });
      assert.equal(launcher.started, starts);
    });

  it("that the system refuses is told with its word, at once", async () => {
    let started = 0;
    const refuse = (start: () => ChildProcess) => ({
      ...standIns(""),
      start: () => {
        started++;
        return start();
      },
    });
    const said = "A sandbox process did not start: the system refused to run it: Error: spawn";
    const missing = refuse(() => spawn("/there/is/no/such/program"));
    await assert.rejects(startWorker(missing), { message: `${said} /there/is/no/such/program ENOENT` });
    const thrown = refuse(() => {
      throw new Error("spawn ENOMEM");
    });
    await assert.rejects(startWorker(thrown), { message: `${said} ENOMEM` });
    assert.equal(started, 2);
  });

  describe("that stops before it has greeted", () => {
    beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
    afterEach(() => mock.timers.reset());
    /** As many seconds pass for the one that waits when `count` children were started. */
    const pass = async (launcher: Started, count: number, seconds: number): Promise<void> => {
      assert.ok(await until(() => launcher.started === count), `${launcher.started} of ${count} started`);
      mock.timers.tick(1000 * seconds);
    };

    it("is waited for 30 s, and then tried once more", async () => {
      const launcher = standIns(stops, greets);
      const starting = startWorker(launcher);
      await pass(launcher, 1, 29);
      assert.equal(await Promise.race([starting, sleep(100, "waits")]), "waits");
      mock.timers.tick(1000);
      const worker = await starting;
      assert.deepEqual([worker.alive, launcher.started], [true, 2]);
      worker.kill();
      await worker.gone;
    });

    it("is given up after the second, and is said to be slow, not killed", async () => {
      const launcher = standIns(stops);
      const refused = assert.rejects(startWorker(launcher), {
        message:
          "A sandbox process did not start: it did not greet within 30 s, the last of 2 in a row (it printed nothing). This machine is very busy: run it again with less beside it",
      });
      await pass(launcher, 1, 30);
      await pass(launcher, 2, 30);
      await refused;
      assert.equal(launcher.started, 2);
    });

    it("is not waited for when the sandbox is disposed", async () => {
      const launcher = standIns(stops);
      const common = { body: javascript, workers: 1, livesPerChild: 1 };
      const start: StartChild = (_, how) => startWorker(launcher, how);
      const pool = new Pool({
        ...common,
        launcher: { ...findLauncher(javascript), ...launcher, start: () => launcher.start() },
        start,
      });
      const message = "The sandbox was disposed: make a new one with createSandbox()";
      const refused = assert.rejects(pool.warm(), { message });
      await pool.dispose();
      await refused;
      const reader = new Pool({ ...common, launcher: findLauncher(javascript), start }).reader;
      const unread = assert.rejects(reader.read("let a: number = 1;"), { message });
      await reader.dispose();
      await unread;
      assert.equal(launcher.started, 2, "one for the pool, one for its reader");
    });
  });
});

describe("a child whose pipes another holds", () => {
  it("has ended all the same, before its greeting: what it said is told, and the other is left alone", async () => {
    const launcher = standIns(`${leaves(true)} process.exit(5)`);
    const error = (await startWorker(launcher).catch((one: unknown) => one)) as Error;
    assert.match(error.message, /^A sandbox process did not start: exit code 5: left \d+$/);
    const left = leftBy(error.message);
    assert.deepEqual(await outliving([left], 0), [left]);
    process.kill(left, "SIGKILL");
  });

  it("has ended all the same when it was killed, and is tried again", async () => {
    const launcher = standIns(`${leaves(false)} process.kill(process.pid, "SIGKILL")`, greets);
    const worker = await startWorker(launcher);
    assert.deepEqual([worker.alive, launcher.started], [true, 2]);
    worker.kill();
    await worker.gone;
  });

  for (const own of [false, true])
    it(`has ended all the same, in the middle of a request${own ? "" : ", and what is left of its group with it"}`, async () => {
      const dies = `process.stdin.on("data", (text) => { if (!String(text).includes('"op"')) return; ${leaves(own)} process.exit(7) });`;
      const worker = await startWorker(standIns(`${greets} ${dies}`));
      const outcome = await worker.request({ op: "a" }, { read: () => null, wallMs: 600_000 });
      assert.equal(outcome.kind, "death");
      const { death } = outcome as typeof outcome & { kind: "death" };
      assert.deepEqual([death.killed, death.code, worker.alive], [null, 7, false]);
      await worker.gone;
      const left = leftBy(death.stderr);
      if (own) process.kill(left, "SIGKILL");
      assert.deepEqual(await outliving([left]), []);
    });

  it("where bubblewrap is killed in its set-up is started again and leaves nothing behind", async function () {
    if (findLauncher(javascript).level < 3) {
      console.log(`      not tested: ${findLauncher(javascript).reason}`);
      return this.skip();
    }
    for (let wait = 0; wait < 12; wait++) {
      const below: number[] = [];
      const launcher = spoiled(1, async (child) => {
        await sleep(wait);
        child.kill("SIGSTOP");
        await sleep(10); // what it has started goes on, as far as it comes alone
        below.push(child.pid!, ...processesBelow(child.pid!));
        child.kill("SIGKILL");
      });
      const worker = await startWorker(launcher);
      assert.deepEqual([worker.alive, launcher.started], [true, 2], `after ${wait} ms`);
      assert.deepEqual(await outliving(below), [], `after ${wait} ms`);
      worker.kill();
      await worker.gone;
    }
  });
});
