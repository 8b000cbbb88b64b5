/** What memory a process of Python's lives has: a life's own limit decides what becomes of it, not what others took or left. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import type { MakeClock } from "../../src/sandbox/bodies/python/child/clock.ts";
import type { MakeImports } from "../../src/sandbox/bodies/python/child/imports.ts";
import { type Life, python } from "../../src/sandbox/index.ts";
import { leaveOut } from "../support.ts";
import { live, useSandbox } from "./shared.ts";

import "../../src/sandbox/bodies/python/child/files.ts";
import "../../src/sandbox/bodies/python/child/imports.ts";
import "../../src/sandbox/bodies/python/child/clock.ts";

describe("memory that the process does not have", () => {
  const said = "WebAssembly.Memory.grow(): Unable to grow instance memory";

  it("is no answer to the guest, who may have it: it is thrown; beyond the limit there is an answer", () => {
    const { makeImports } = globalThis as unknown as { makeImports: MakeImports };
    const grow = (): never => {
      throw new RangeError(said);
    };
    let refused = 0;
    const machine = { bytes: () => new Uint8Array(65_536), memory: { grow } };
    const hooks = { heapMax: () => 2 ** 20, refusedMemory: () => refused++ };
    const given = { archive: new Uint8Array(), environment: [] };
    const { emscripten_resize_heap: resize } = makeImports(machine as never, hooks as never, given).functions;
    assert.throws(() => resize!(...([131_072] as never[])), { message: said });
    assert.equal(resize!(...([2 ** 20 + 1] as never[])), 0);
    assert.equal(refused, 1);
  });

  it("is no verdict: the call's clock throws it on, and takes the end of the stack and a wrong address for the guest's", () => {
    const { makeClock } = globalThis as unknown as { makeClock: MakeClock };
    const clock = makeClock(performance, process);
    const throwing = (error: Error) => () =>
      clock.timed("step", { ms: 200, turns: 100 }, () => {
        throw error;
      });
    for (const text of [said, "Array buffer allocation failed", "WebAssembly.Memory(): could not allocate memory"])
      assert.throws(throwing(new RangeError(text)), { message: text });
    for (const text of ["Maximum call stack size exceeded", "Offset is outside the bounds of the DataView"])
      assert.equal(throwing(new RangeError(text))().broke?.message, text);
  });
});

describe("the memory of Python's lives", () => {
  const sandbox = useSandbox({ body: python, workers: 1, maximumLevel: 2 });
  const limits = { memoryMiB: 128, stepMs: 10_000 };
  /** Data is counted whether it was touched or not: what a life before has left is in it. */
  const dataMiB = (): number => {
    const [pid] = sandbox().stats().pids;
    return Number(/VmData:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
  };

  it("is given back when an instance is made anew, before the next is there", async function () {
    if (!existsSync("/proc/self/status")) leaveOut(this, "this system has no /proc");
    await live(sandbox(), ["print(1)"]);
    const { replaced } = sandbox().stats();
    const before = dataMiB();
    for (const broken of ["import os; os.dup2(1, 5)", "x = []\nwhile True: x.append('x' * 65536 + str(len(x)))"])
      for (let i = 0; i < 3; i++) {
        const last = (await live(sandbox(), [broken], { limits: { stepMs: 10_000 } })).at(-1)!;
        assert.match(last.verdict, /escape_attempt|out_of_memory/, last.cause);
        const [next] = await live(sandbox(), ["print(1)"]);
        assert.equal(next!.output, "1\n");
        const more = dataMiB() - before;
        assert.ok(more < 24, `${more.toFixed(0)} MiB more after ${broken}: a newborn is 33`);
      }
    assert.equal(sandbox().stats().replaced, replaced, "the same child");
  });

  it("is as much as the largest limit says, whoever rests beside it", async () => {
    const fill = (mib: number): string => `self.held = bytearray(${mib} * 2**20)\nprint(len(self.held))`;
    const lives: Life[] = await Promise.all([0, 1, 2, 3].map((seed) => sandbox().open({ seed, limits })));
    for (const life of lives) {
      const report = await life.step(fill(100));
      assert.deepEqual([report.verdict, report.output], ["survived", `${100 * 2 ** 20}\n`], report.cause);
    }
    for (const life of lives) {
      const over = await life.step("more = bytearray(60 * 2**20)");
      assert.equal(over.verdict, "out_of_memory", over.cause);
      await life.close();
    }
  });

  it("holds up to 128 MiB of those that rest: when they are more, some leave the child", async function () {
    if (!existsSync("/proc/self/status")) leaveOut(this, "this system has no /proc");
    await live(sandbox(), ["print(1)"]);
    const before = dataMiB();
    const lives: Life[] = await Promise.all(Array.from({ length: 12 }, (_, seed) => sandbox().open({ seed, limits })));
    const step = async (i: number, program: string): Promise<void> => {
      const { verdict, cause } = await lives[i]!.step(program);
      assert.equal(verdict, "survived", `life ${i}: ${cause}`);
    };
    for (const i of lives.keys()) await step(i, "self.held = b'x' * (29 * 2**20)\nself.n = 1");
    const more = dataMiB() - before;
    assert.ok(more < 240, `${more.toFixed(0)} MiB more, of 12 lives that hold 348`);
    for (const i of [0, 6, 11]) await step(i, "self.n += len(self.held)");
    await Promise.all(lives.map((life) => life.close()));
  });
});
