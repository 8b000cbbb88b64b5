/** The pool: levels, deaths of children that are nobody's fault, cancelling, disposing, and what the driver may load. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createSandbox, javascript, type Level, type SandboxOptions, sandboxLevel } from "../../src/sandbox/index.ts";
import { isRunning } from "../processes.ts";
import { hangMs, until } from "../waiting.ts";
import { benign } from "./corpus/index.ts";
import { facts, live, liveAmongKills, useSandbox } from "./shared.ts";

const root = resolve(import.meta.dirname, "../..");

describe("children", () => {
  const sandbox = useSandbox({ workers: 1, livesPerChild: 20 });

  it("are replaced unnoticed when killed between and in the middle of steps", async () => {
    const programs = Array.from(
      { length: 12 },
      (_, i) => `self.n = (self.n ?? 0) + ${i}; self.r = Math.random(); for (let i = 0; i < 1e6; i++);`,
    );
    const undisturbed = await live(sandbox(), programs, { seed: 3 });
    assert.equal(undisturbed.length, 12);
    const { replaced } = sandbox().stats();
    const life = await sandbox().open({ seed: 3 });
    const disturbed = life.steps(programs);
    for (let kills = 0; kills < 2; kills++) {
      await new Promise((done) => setTimeout(done, 40));
      for (const pid of sandbox().stats().pids) process.kill(pid, "SIGKILL");
    }
    assert.equal(facts(await disturbed), facts(undisturbed));
    await life.close();
    assert.ok(sandbox().stats().replaced > replaced, "a child was replaced");
  });

  it("are replaced unnoticed in the step that ends a life, too: harm is told with what it printed and left", async () => {
    const program =
      "console.log('before'); try { require('fs').rmSync('/') } catch {} self.told = self.call_LLM('go on?'); nope()";
    const lived = (kills: number) => liveAmongKills(sandbox(), ["self.n = 1", program], kills);
    const calm = await lived(0);
    assert.deepEqual(
      [calm[1]!.verdict, calm[1]!.output, calm[1]!.error?.name],
      ["attempted_harm", "before\n", "ReferenceError"],
    );
    const { replaced } = sandbox().stats();
    assert.equal(facts(await lived(1)), facts(calm));
    assert.ok(sandbox().stats().replaced > replaced, "its child was killed");
  });

  it("that keep being killed make an infrastructure error, with the program, and never a verdict on the agent", async () => {
    const programs = [
      "for (let i = 0; i < 1e8; i++);",
      "self.n = 1; while (self.n < 1e8) self.n++;",
      "for (const i of Array(1e7).keys()) self.n = i;",
    ];
    for (const program of programs) {
      // Long beside the time that a busy machine takes to end a process that was killed.
      const life = await sandbox().open({ limits: { stepMs: 20_000 } });
      const killer = setInterval(() => {
        for (const pid of sandbox().stats().pids) process.kill(pid, "SIGKILL");
      }, 10);
      const report = await life.step(`${program} self.mark = 'here'`).finally(() => clearInterval(killer));
      assert.equal(report.verdict, "infrastructure_error", program);
      assert.match(report.cause, /^a fault of the sandbox, not of the agent: .*Program: .*'here'$/);
    }
  });

  it("shared by lives blame none for what another did", async () => {
    const hostile = ["for (;;) {}", "'a'.repeat(2e8).split('')", "[].includes.call({ length: 2 ** 53 - 1 }, 1)"];
    const calm = Array.from({ length: 8 }, (_, i) => `self.n = ${i}`);
    const reports = await Promise.all(
      Array.from({ length: 12 }, (_, i) => (i % 2 ? live(sandbox(), [hostile[(i >> 1) % 3]!]) : live(sandbox(), calm))),
    );
    for (const [i, life] of reports.entries()) assert.equal(life.at(-1)?.alive, i % 2 === 0, life.at(-1)?.cause);
  });

  it("serve more lives at once than they have room for", async () => {
    const lives = await Promise.all(Array.from({ length: 30 }, (_, i) => sandbox().open({ seed: i })));
    for (let step = 0; step < 2; step++)
      for (const report of await Promise.all(lives.map((life) => life.step("self.n = (self.n ?? 0) + 1"))))
        assert.equal(report.genome.find(({ name }) => name === "self.n")?.source, String(step + 1));
    await Promise.all(lives.map((life) => life.close()));
  });
});

describe("a model that thinks", () => {
  // No test waits so long: who gives up does so by its life's own limit.
  const sandbox = useSandbox({ workers: 2, limits: { modelMs: 3_600_000 } });

  it("holds up no other life, however long it takes", async () => {
    const question = Promise.withResolvers<void>();
    const thought = Promise.withResolvers<string>();
    const callModel = (): Promise<string> => {
      question.resolve();
      return thought.promise;
    };
    const asking = await sandbox().open({ callModel });
    const others = await Promise.all(Array.from({ length: 12 }, (_, seed) => sandbox().open({ seed })));
    for (const other of others) await other.step("self.n = 1"); // some of them live in the child that will wait
    const step = asking.step("self.said = self.call_LLM('?')");
    const along = others.map((other) => other.steps(Array.from({ length: 5 }, () => "self.n += 1")));
    const reports = (await Promise.all(along)).map((list) => list.at(-1)!);
    for (const { alive, genome } of reports) {
      assert.equal(alive, true);
      assert.equal(genome.find(({ name }) => name === "self.n")?.source, "6");
    }
    await question.promise;
    for (const other of others)
      assert.equal((await other.step("self.n += 1")).alive, true, "nor a life that comes later");
    thought.resolve("at last");
    const { genome, verdict } = await step;
    assert.equal(verdict, "survived");
    assert.equal(genome.find(({ name }) => name === "self.said")?.source, '"at last"');
    await Promise.all([asking, ...others].map((life) => life.close()));
  });

  it("while a child dies is asked once, and the life goes on with what it then says", async () => {
    await using own = await createSandbox({ workers: 1 });
    let asked = 0;
    const callModel = async (): Promise<string> => {
      const mine = ++asked;
      for (const pid of own.stats().pids) process.kill(pid, "SIGKILL");
      // In time for a second question, if there is one.
      await until(() => asked > mine, 1000);
      return `answer ${mine}`;
    };
    const life = await own.open({ callModel });
    const { genome } = await life.step("self.said = self.call_LLM('?')");
    assert.equal(genome.find(({ name }) => name === "self.said")?.source, '"answer 1"');
    assert.deepEqual([life.past().steps[0]!.answers, asked], [["answer 1"], 1]);
    await life.close();
  });

  it("is given up after a time, is told so by its signal, and the guest hears that there is no answer", async () => {
    const aborted: boolean[] = [];
    const callModel = (_: string, how?: { signal: AbortSignal }): Promise<string> =>
      new Promise(() => how?.signal.addEventListener("abort", () => aborted.push(true)));
    const program =
      "try { self.call_LLM('?') } catch (e) { console.log(e.message) } console.log(self.call_LLM === undefined)";
    const [report] = await live(sandbox(), [program], { callModel, limits: { modelMs: 150 } });
    assert.equal(report?.output, "call_LLM: the language model gave no answer\nfalse\n");
    assert.deepEqual(aborted, [true]);
  });
});

describe("a child that no kernel caps", () => {
  it("is watched by the parent: one that holds too much is a guest out of memory", async () => {
    if (process.platform !== "linux") return console.log("      left out: the bound is looked for in /proc");
    await using sandbox = await createSandbox({ workers: 1, maximumLevel: 1 });
    // Buffers are not counted by the isolate's own limit.
    const hoard =
      "self.all = []; for (let i = 0; i < 60; i++) { const b = new ArrayBuffer(1 << 20, { maxByteLength: 64 << 20 }); b.resize(64 << 20); new Uint8Array(b).fill(1); self.all.push(b); }";
    const [report] = await live(sandbox, [hoard], { limits: { stepMs: 4000 } });
    assert.equal(report?.verdict, "out_of_memory", report?.cause);
    assert.equal(report?.cause, "the step's process held more memory than any child may");
    assert.equal((await live(sandbox, ["1"]))[0]?.verdict, "survived");
  });
});

describe("a sandbox", () => {
  it("runs at each level that this machine reaches, and says why it is not higher", async () => {
    const { level: highest, reason } = sandboxLevel();
    if (highest < 3) console.log(`      level ${highest} only, so level 3 is not tested here: ${reason}`);
    for (const maximumLevel of [0, 1, 2, 3] as Level[]) {
      await using sandbox = await createSandbox({ workers: 1, maximumLevel });
      assert.equal(sandbox.level, Math.min(maximumLevel, highest));
      assert.notEqual(sandbox.levelReason, "");
      for (const programs of benign.slice(0, 6)) assert.ok((await live(sandbox, programs)).at(-1)!.alive);
      assert.equal((await live(sandbox, ["for (;;) {}"]))[0]?.verdict, "timeout");
      assert.equal(
        (await live(sandbox, ["'a'.repeat(2e8).split('')"], { limits: { stepMs: 3000 } }))[0]?.verdict,
        "out_of_memory",
      );
    }
  });

  it("has one child when it is given out, and the others when they are needed", async () => {
    await using sandbox = await createSandbox({ workers: 2 });
    const { pids, ...done } = sandbox.stats();
    assert.deepEqual([pids.map(isRunning), done], [[true], { episodes: 0, replaced: 0, replayed: 0 }]);
    const [one, two] = [await sandbox.open(), await sandbox.open()];
    await Promise.all([one.step("self.n = 1"), two.step("self.n = 1")]);
    assert.equal(sandbox.stats().pids.length, 2);
    await Promise.all([one.close(), two.close()]);
  });

  it("refuses to run below a wanted level", async () => {
    await assert.rejects(createSandbox({ maximumLevel: 1, minimumLevel: 2 }), {
      message: "The sandbox reaches level 1 here, below the wanted 2: a lower level was asked for (maximumLevel: 1)",
    });
  });

  it("names the option that has no meaning", async () => {
    const refuses = (options: SandboxOptions, expected: string): Promise<void> =>
      assert.rejects(createSandbox(options), { name: "SandboxFailure", message: `Expected ${expected}` });
    const limits = ["stepMs", "memoryMiB", "sourceBytes", "outputBytes", "callDepth", "modelMs"];
    for (const value of [0, -1, 1.5, Number.NaN, Infinity, "2" as never]) {
      const got = `to be a positive integer, got ${typeof value === "string" ? '"2"' : value}`;
      for (const name of ["workers", "livesPerChild"]) await refuses({ [name]: value }, `\`${name}\` ${got}`);
      for (const name of limits) await refuses({ limits: { [name]: value } }, `\`limits.${name}\` ${got}`);
    }
    for (const level of [4, -1, 0.5])
      for (const name of ["minimumLevel", "maximumLevel"])
        await refuses({ [name]: level }, `\`${name}\` to be 0, 1, 2 or 3, got ${level}`);
    for (const memoryMiB of [7, 129])
      await refuses({ limits: { memoryMiB } }, `\`limits.memoryMiB\` to be from 8 to 128, got ${memoryMiB}`);
    await refuses({ limits: { sourceBytes: 255 } }, "`limits.sourceBytes` to be at least 256, got 255");
  });

  it("holds a life to its own limits, checked like the pool's, and to the pool's where it has none", async () => {
    await using sandbox = await createSandbox({ workers: 1, limits: { outputBytes: 5 } });
    for (const memoryMiB of [8, 128])
      assert.equal((await live(sandbox, ["1"], { limits: { memoryMiB } }))[0]?.verdict, "survived", `${memoryMiB}`);
    const message = "Expected `limits.stepMs` to be a positive integer, got 0";
    await assert.rejects(sandbox.open({ limits: { stepMs: 0 } }), { message });
    const print = ["console.log('123456789')"];
    assert.equal((await live(sandbox, print))[0]?.output.slice(0, 5), "12345");
    assert.ok((await live(sandbox, print))[0]!.output.length < 9);
    assert.equal((await live(sandbox, print, { limits: { outputBytes: 10 } }))[0]?.output, "123456789\n");
  });

  it("leaves no process behind when disposed in the middle of steps, and rejects them", async () => {
    const sandbox = await createSandbox({ workers: 2, limits: { stepMs: 10_000 } });
    const lives = await Promise.all([1, 2, 3].map((seed) => sandbox.open({ seed })));
    const pending = lives.map((life) => life.step("for (;;) {}"));
    const rejected = pending.map((step) =>
      assert.rejects(step, { message: "The sandbox was disposed: make a new one with createSandbox()" }),
    );
    await until(() => sandbox.stats().pids.length === 2);
    const { pids } = sandbox.stats();
    assert.equal(pids.length, 2);
    await sandbox.dispose();
    await Promise.all(rejected);
    assert.ok(await until(() => !pids.some(isRunning)));
    await sandbox.dispose();
  });

  it("cancels a step by its signal, and a life that waits for a place", async () => {
    await using sandbox = await createSandbox({ workers: 1 });
    const control = new AbortController();
    const life = await sandbox.open({ signal: control.signal });
    const step = life.step("for (;;) {}");
    setTimeout(() => control.abort("enough"), 50);
    await assert.rejects(step, { message: "The life was cancelled: enough" });
    await assert.rejects(life.step("1"), { message: "The life was cancelled: enough" });
    assert.equal((await live(sandbox, ["1"]))[0]?.verdict, "survived");
  });

  it("takes its children with it when the driver is killed", async () => {
    const script = `import { createSandbox } from ${JSON.stringify(join(root, "src/sandbox/index.ts"))};
      const s = await createSandbox({ workers: 1 }); const l = await s.open();
      await l.step("1"); console.log(s.stats().pids[0]); setInterval(() => {}, 1000);`;
    const driver = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const pid = await new Promise<number>((done) => driver.stdout.once("data", (text) => done(Number(String(text)))));
    assert.ok(isRunning(pid));
    driver.kill("SIGKILL");
    assert.ok(await until(() => !isRunning(pid)), "the child is gone");
  });

  it("lets a driver that forgot to dispose it end", () => {
    const script = `import { createSandbox } from ${JSON.stringify(join(root, "src/sandbox/index.ts"))};
      const s = await createSandbox({ workers: 1 }); const l = await s.open(); console.log((await l.step("1")).verdict);`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: hangMs,
    });
    assert.deepEqual({ stdout, stderr, status }, { stdout: "survived\n", stderr: "", status: 0 });
  });
});

describe("the locked child", () => {
  it("has an empty environment, no inherited file but its pipes, and no right to read, write or spawn", async function () {
    if (!existsSync("/proc/self/fd")) {
      console.log("      not tested: this system has no /proc");
      return this.skip();
    }
    const { findLauncher } = await import("../../src/sandbox/host/locks.ts");
    const child = findLauncher(javascript, 2).start();
    const gone = new Promise((done) => child.once("close", done));
    const environment = await untilText(`/proc/${child.pid}/environ`);
    const names = environment
      .split("\0")
      .filter(Boolean)
      .map((pair) => pair.split("=")[0]);
    assert.deepEqual(names.sort(), ["MALLOC_ARENA_MAX", "TZ", "UV_THREADPOOL_SIZE"]);
    const command = readFileSync(`/proc/${child.pid}/cmdline`, "utf8");
    for (const flag of ["--permission", "--jitless", "--disable-sigusr1"]) assert.ok(command.includes(flag), flag);
    for (const flag of ["--allow-child-process", "--allow-worker", "--allow-fs-write"])
      assert.ok(!command.includes(flag), flag);
    child.kill("SIGKILL");
    await gone;
  });
});

describe("the driver", () => {
  it("never loads isolated-vm: no module of it, and no addon in its memory", () => {
    const script = `import { createSandbox } from ${JSON.stringify(join(root, "src/sandbox/index.ts"))};
      import { createRequire } from "node:module"; import { readFileSync, existsSync } from "node:fs";
      const s = await createSandbox({ workers: 1 }); const l = await s.open(); await l.step("1");
      const cached = Object.keys(createRequire(import.meta.url).cache);
      const mapped = existsSync("/proc/self/maps") ? readFileSync("/proc/self/maps", "utf8") : "";
      const { sharedObjects } = process.report.getReport();
      console.log([...cached, mapped, ...sharedObjects].some((text) => text.includes("isolated_vm") || text.includes("isolated-vm")));
      await s.dispose();`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: hangMs,
    });
    assert.equal(stdout, "false\n");
  });

  it("imports it nowhere in kernel and src, types aside", async () => {
    const { parseSync } = await import("oxc-parser");
    const { globSync } = await import("node:fs");
    const files = globSync("{kernel,src}/**/*.ts", { cwd: root });
    assert.ok(files.length > 20);
    const importing = files.filter((file) => {
      const { module } = parseSync(file, readFileSync(join(root, file), "utf8"));
      return module.staticImports.some(
        (i) => i.moduleRequest.value === "isolated-vm" && !i.entries.every((entry) => entry.isType),
      );
    });
    assert.deepEqual(importing, []);
  });
});

/** The environment of a child, once it is the locked Node and no longer what starts it. */
async function untilText(path: string): Promise<string> {
  const command = path.replace("environ", "cmdline");
  await until(() => readFileSync(command, "utf8").split("\0")[0]!.includes("node"));
  return readFileSync(path, "utf8");
}
