/** The process that reads programs, ended while it reads one: what somebody else does to it is never the program's fault. */

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { javascript } from "../../src/sandbox/bodies/javascript/index.ts";
import { createReader } from "../../src/sandbox/bodies/javascript/reader.ts";
import type { StartChild } from "../../src/sandbox/host/body.ts";
import { createLife } from "../../src/sandbox/host/life/index.ts";
import { defaultLimits } from "../../src/sandbox/host/limits.ts";
import { findLauncher, lock } from "../../src/sandbox/host/locks.ts";
import { Pool } from "../../src/sandbox/host/pool.ts";
import { startWorker } from "../../src/sandbox/host/start.ts";
import { isRunning, outliving } from "../processes.ts";

const typed = "const f = (x: number): number => x * 2; self.n = f(21);";
const javaScript = "const f = (x        )         => x * 2; self.n = f(21);";
/** Of these the process dies by itself, as of a text that its parser cannot bear. */
const deadly = "let n: number = 1; // deadly";

/** How the processes that read fare: `ends` says by which signal one ends that is about to be given a program. */
function struck(
  ends: (program: string, process: number) => NodeJS.Signals | null,
  spoil?: (child: ChildProcess) => void,
) {
  const pids: number[] = [];
  const spoiled = (startOne: () => ChildProcess): ChildProcess => {
    const child = startOne();
    const number = pids.push(child.pid!) - 1;
    const { stdin } = child;
    const write = stdin!.write.bind(stdin) as (text: string) => boolean;
    stdin!.write = ((text: string): boolean => {
      const { program } = JSON.parse(text) as { program?: string };
      const signal = program === undefined ? null : ends(program, number);
      return signal === null ? write(text) : child.kill(signal);
    }) as never;
    if (number === 0) spoil?.(child);
    return child;
  };
  const start: StartChild = (plan, how) => {
    const launcher = lock(plan, 3);
    return startWorker({ ...launcher, start: () => spoiled(launcher.start) }, how);
  };
  return { start, pids };
}

/** Ended by a signal as it begins to read, for the first `count` times. */
const first = (count: number, signal: NodeJS.Signals) => {
  let left = count;
  return struck(() => (left-- > 0 ? signal : null));
};

/** A pool of one child, whose programs are read so. */
const poolOf = (start: StartChild): Pool =>
  new Pool({ body: javascript, launcher: findLauncher(javascript), start, workers: 1, livesPerChild: 500 });

async function within<T extends { dispose(): Promise<void> }>(
  made: T,
  work: (made: T) => Promise<void>,
): Promise<void> {
  try {
    await work(made);
  } finally {
    await made.dispose();
  }
}

const killed =
  "A program could not be read: the process that reads it was killed 3 times in a row (SIGKILL). Run the step again; if it is so again, look what kills processes here, such as want of memory";

describe("a program whose reader ends", () => {
  it("since somebody killed it is read by the next, and remembered as that reads it", async () => {
    for (const signal of ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"] as const)
      await within(createReader(first(1, signal).start, 1e6), async (reader) => {
        for (let again = 0; again < 2; again++) assert.equal((await reader.read(typed)).text, javaScript, signal);
      });
  });

  it("again and again by others' hands is said to be unread, and is read when that is over", async () => {
    const { start, pids } = first(4, "SIGKILL");
    await within(createReader(start, 1e6), async (reader) => {
      const both = [reader.read(typed), reader.read(typed)];
      for (const read of both) await assert.rejects(read, { name: "SandboxFailure", message: killed });
      assert.equal((await reader.read(typed)).text, javaScript);
    });
    assert.deepEqual(await outliving(pids), []);
  });

  it("of that text is as it was, once and for all, when it ends alone of it, too", async () => {
    const { start, pids } = struck((program) => (program === deadly ? "SIGSEGV" : null));
    await within(createReader(start, 1e6), async (reader) => {
      for (let again = 0; again < 2; again++)
        assert.deepEqual(await reader.read(deadly), { text: deadly, compiled: null, foreseen: null });
      assert.equal(pids.length, 2);
      assert.equal((await reader.read(typed)).text, javaScript);
    });
  });

  it("of what it had read before is read by another", async () => {
    const { start } = struck((program, process) => (process === 0 && program === typed ? "SIGSEGV" : null));
    await within(createReader(start, 1e6), async (reader) => {
      await reader.read("let a: number = 1;");
      assert.equal((await reader.read(typed)).text, javaScript);
    });
  });

  it("of those before it in the line is read, however many they are, and no process is started twice for that", async () => {
    const { start, pids } = struck((program) => (program.endsWith("deadly") ? "SIGSEGV" : null));
    await within(createReader(start, 1e6), async (reader) => {
      const numbers = [0, 1, 2, 3, 4, 5];
      const dying = numbers.map((i) => reader.read(`let n: number = ${i}; // deadly`));
      const others = numbers.map((i) => reader.read(`let n: number = ${i};`));
      for (const [i, { text }] of (await Promise.all(others)).entries()) assert.equal(text, `let n         = ${i};`);
      for (const { compiled } of await Promise.all(dying)) assert.equal(compiled, null);
    });
    assert.ok(
      pids.length <= 6 + 6 + 1,
      `${pids.length} processes: each of the six ends one that all share, and its own`,
    );
    assert.deepEqual(await outliving(pids), []);
  });

  it("before it has begun is told so, and the next is not", async () => {
    const { start } = struck(
      () => null,
      (child) => child.stdin!.destroy(),
    );
    await within(createReader(start, 1e6), async (reader) => {
      await assert.rejects(reader.read(typed), /^SandboxFailure: A sandbox process did not start: exit code \d+: /);
      assert.equal((await reader.read(typed)).text, javaScript);
    });
  });

  it("with the sandbox is unread, and nothing is started for it", async () => {
    const { start, pids } = struck(() => null);
    const reader = createReader(start, 1e6);
    await reader.read(typed);
    await reader.dispose();
    assert.deepEqual(pids.filter(isRunning), [], "it has waited for them to end");
    const message = "The sandbox was disposed: make a new one with createSandbox()";
    await assert.rejects(reader.read("let a: number = 1;"), { message });
    assert.equal(pids.length, 1);
  });
});

describe("a life whose programs are read by one that ends", () => {
  const born = { query: "?", seed: 1 };
  const programs = ["self.m = 1; self.m++", typed, "self.m += self.n"];
  const members = { "self.m": "44", "self.n": "42" };
  const found = (genome: readonly { name: string; source: string }[] = []) =>
    Object.fromEntries(genome.filter(({ name }) => name in members).map(({ name, source }) => [name, source]));

  it("survives what is done to it, by single steps and by many", async () => {
    await within(poolOf(first(2, "SIGKILL").start), async (pool) => {
      const life = await createLife(pool, born, defaultLimits);
      for (const program of programs) assert.equal((await life.step(program)).verdict, "survived", program);
      assert.deepEqual(found((await life.step("1")).genome), members);
    });
    await within(poolOf(first(2, "SIGKILL").start), async (pool) => {
      const life = await createLife(pool, born, defaultLimits);
      const reports = await life.steps(programs);
      assert.deepEqual([reports.length, found(reports.at(-1)!.genome)], [3, members]);
    });
  });

  it("is where it was when a step rejects since nobody could read it", async () => {
    await within(poolOf(first(4, "SIGKILL").start), async (pool) => {
      const life = await createLife(pool, born, defaultLimits);
      await assert.rejects(life.steps(programs), { message: killed });
      assert.deepEqual(life.past().steps, []);
      assert.deepEqual(found((await life.steps(programs)).at(-1)!.genome), members);
    });
  });

  it("is given the model's answer when that could be read, and a step is rejected where it could not", async () => {
    const ask = "exec(self.call_LLM('?')); self.m = 2";
    for (const [kills, rejects] of [
      [1, false],
      [4, true],
    ] as const)
      await within(poolOf(first(kills, "SIGKILL").start), async (pool) => {
        const life = await createLife(pool, { ...born, callModel: async () => typed }, defaultLimits);
        if (rejects) await assert.rejects(life.step(ask), { message: killed });
        const { verdict, genome } = await life.step(ask);
        assert.deepEqual([verdict, found(genome)], ["survived", { "self.m": "2", "self.n": "42" }]);
        assert.deepEqual(
          life.past().steps.map(({ answers }) => answers),
          [[javaScript]],
        );
      });
  });
});
