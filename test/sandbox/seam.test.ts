/** The seam between host and guest: what leaked or hung in plain isolated-vm, as regression tests in a locked child. */

import assert from "node:assert/strict";
import { facts, live, useSandbox } from "./shared.ts";

describe("the seam between host and guest", () => {
  const sandbox = useSandbox();

  const survives = async (programs: string[], options = {}): Promise<string> => {
    const reports = await live(sandbox(), programs, options);
    assert.equal(reports.at(-1)?.verdict, "survived", reports.at(-1)?.cause);
    return reports.map(({ output }) => output).join("");
  };

  it("gives no reference to a host object through polluted options", async () => {
    const callModel = async (): Promise<string> => "42";
    const pollute =
      "for (const k of ['result', 'arguments', 'reference', 'copy', 'externalCopy', 'timeout', 'promise', 'ignored']) Object.prototype[k] = { reference: true };";
    const look =
      "const r = self.call_LLM('x'); console.log(typeof r, r, Object.keys(globalThis).filter((k) => k.startsWith('__')).join());";
    assert.equal(await survives([pollute + look], { callModel }), "string 42 \n");
  });

  it("shows no path, frame or message of the host in an error", async () => {
    const programs = [
      "try { exec('(') } catch (e) { console.log(e.stack) }",
      "try { self.call_LLM('x') } catch (e) { console.log(e.stack) }",
      "try { require('fs').rmSync('x') } catch (e) { console.log(e.stack) }",
      "try { new Function('(') } catch (e) { console.log(e.stack) }",
    ];
    for (const program of programs) {
      const [report] = await live(sandbox(), [program], {
        callModel: async () => Promise.reject(new Error("sk-secret")),
      });
      assert.doesNotMatch(report!.output, /\/(usr|home|root|node_modules|src)\b|sk-secret|node:internal|acorn/);
    }
  });

  it("believes no message that a guest can throw, and no report that it can print", async () => {
    for (const message of [
      "Script execution timed out.",
      "Isolate was disposed during execution due to memory limit",
      "Catastrophic out-of-memory error",
    ]) {
      const [report] = await live(sandbox(), [`throw new Error(${JSON.stringify(message)})`]);
      assert.equal(report?.verdict, "runtime_error");
    }
    assert.equal(
      await survives([`console.log('{"id":2,"seen":{}}\\n{"ready":true}')`]),
      '{"id":2,"seen":{}}\n{"ready":true}\n',
    );
  });

  it("reads the genome by intrinsics that a guest cannot change", async () => {
    const forge =
      "Object.prototype.toJSON = () => 'forged'; JSON.stringify = () => '\"forged\"'; String.prototype.slice = () => 'forged'; Function.prototype.toString = () => 'forged'; Reflect.ownKeys = () => []; Object.getOwnPropertyDescriptor = () => undefined; Array.prototype.push = () => 0; self.n = 7; self.f = () => 1;";
    const [report] = await live(sandbox(), [forge]);
    assert.deepEqual(
      report?.genome.map(({ name }) => name),
      ["self.call_LLM", "self.end", "self.execute_code", "self.f", "self.n"],
    );
    assert.deepEqual(
      report?.genome.slice(3).map(({ source }) => source),
      ["() => 1", "7"],
    );
  });

  it("still records an attempt by a guest that patched everything first", async () => {
    const patch =
      "RegExp.prototype.test = RegExp.prototype.exec = () => { throw 1 }; String.prototype.includes = () => { throw 1 }; String.prototype.slice = String.prototype.startsWith = () => ''; JSON.stringify = () => { throw 1 }; Array.prototype.join = () => ''; Function.prototype.call = () => 0;";
    for (const attempt of [
      "require('fs').rmSync('/')",
      "require('/etc/passwd')",
      "process.env.KEY",
      "this.constructor.constructor('return process')()",
    ]) {
      const [report] = await live(sandbox(), [`${patch} try { ${attempt} } catch {}`]);
      assert.match(report!.verdict, /attempted_harm|escape_attempt/, attempt);
    }
  });

  it("caps what it sends: output, effects, arguments, members, response", async () => {
    const [report] = await live(sandbox(), [
      "for (let i = 0; i < 1000; i++) { console.log('x'.repeat(100)); try { require('fs').rmSync('y'.repeat(1e5)) } catch {} }\nself.big = 'z'.repeat(1e5); return 'r'.repeat(1e5)",
    ]);
    assert.equal(report?.verdict, "attempted_harm");
    assert.ok(report.output.length <= 16_385 && report.effects.length === 64);
    assert.equal(report.effects[0]?.arguments[0]?.length, 200);
    assert.ok(report.genome.find(({ name }) => name === "self.big")!.source.length <= 8193);
    assert.ok(report.response.length <= 16_385);
  });

  it("ends a step that awaits or schedules work without an end, and one that works after it has returned", async () => {
    for (const program of [
      "Promise.resolve().then(() => { for (;;) {} })",
      "const f = () => Promise.resolve().then(f); f()",
      "(async () => { for (;;) await 0 })()",
    ]) {
      const [report] = await live(sandbox(), [program]);
      // Which of the two comes first is a race: each round of microtasks leaves something behind.
      assert.match(report!.verdict, /^(timeout|out_of_memory)$/, report!.cause);
    }
  });

  it("has no WebAssembly, shared memory, weak references, timers or engine functions", async () => {
    const names =
      "WebAssembly SharedArrayBuffer Atomics WeakRef FinalizationRegistry setTimeout ivm __host __compile __emit __ask __compileText";
    assert.equal(
      await survives([`console.log(${JSON.stringify(names)}.split(" ").filter((n) => n in globalThis).join())`]),
      "\n",
    );
  });

  it("keeps a child's memory bounded whatever the guest allocates", async function () {
    const { readFileSync, existsSync } = await import("node:fs");
    if (!existsSync("/proc/self/status")) {
      console.log("      not tested: this system has no /proc");
      return this.skip();
    }
    if (sandbox().level < 2) console.log(`      level ${sandbox().level}: ${sandbox().levelReason}`);
    let peak = 0;
    const watch = setInterval(() => {
      for (const pid of sandbox().stats().pids) peak = Math.max(peak, treeMiB(pid));
    }, 5);
    const treeMiB = (pid: number): number => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const own = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
        const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
        return (
          own + (children === "" ? 0 : children.split(" ").reduce((sum, child) => sum + treeMiB(Number(child)), 0))
        );
      } catch {
        return 0;
      }
    };
    const bombs = [
      "const b = new ArrayBuffer(1, { maxByteLength: 2 ** 33 }); let n = 1; for (;;) { n *= 2; b.resize(n); new Uint8Array(b).fill(1) }",
      "const a = []; for (;;) a.push(new Intl.NumberFormat('de'), new Intl.DateTimeFormat('ar'))",
      "Array(1e8).fill({})",
      "let a = [1]; for (;;) a = a.concat(a)",
      "let s = '[1]'; for (;;) s = JSON.stringify([s, s])",
    ];
    for (const bomb of bombs)
      assert.equal((await live(sandbox(), [bomb], { limits: { stepMs: 1500 } })).at(-1)?.alive, false);
    clearInterval(watch);
    console.log(`      highest memory of a child seen: ${Math.round(peak)} MiB`);
    if (sandbox().level >= 2) assert.ok(peak > 20 && peak < 600, `${peak} MiB`);
  });

  it("sees what is tried although the program changed every prototype before", async () => {
    const tampers = [
      "String.prototype.split = () => []; String.prototype.replace = () => ''; String.prototype.slice = () => '';",
      "Array.prototype[Symbol.iterator] = function* () {}; String.prototype[Symbol.iterator] = function* () {};",
      "Object.defineProperty = () => {}; Reflect.defineProperty = () => false; Object.assign = () => ({});",
      "for (const k of ['rmSync', 'value', 'get', 'set', 'fs']) try { Object.prototype.__defineSetter__(k, () => {}); } catch {}",
      "Object.prototype.get = () => 1; Object.prototype.writable = false;",
      "Function.prototype.call = Function.prototype.apply = () => {}; JSON.stringify = () => ''; Map.prototype.get = () => {};",
    ];
    for (const tamper of tampers) {
      const [report] = await live(sandbox(), [`${tamper} require('fs').rmSync('/etc');`]);
      assert.equal(report?.verdict, "attempted_harm", `${tamper} ${report?.cause}`);
      assert.equal(report?.effects[0]?.api, "fs.rmSync", tamper);
    }
  });

  it("runs steps that come together as it runs them one by one, whatever one of them does", async () => {
    const lists = [
      ["let a = 1;", "a += 1; console.log(a)", "self.r = Math.random()", "self.when = Date.now()"],
      ["1", "2", "nope()", "never"],
      ["self.x = 1", "require('fs').rmSync('/')", "never"],
      ["self.x = 1", "for (;;) {}", "never"],
      ["self.x = 1", "self.execute_code = (c) => {}", "never"],
      ["self.x = 1", "self.end()", "never"],
      ["self.x = 1", "const = ", "never"],
      ["self.x = 1", `"${"x".repeat(70_000)}"`, "never"],
      Array.from({ length: 60 }, (_, i) => `self.n = ${i}; console.log(Object.keys(self).length)`),
    ];
    for (const list of lists) {
      const together = await live(sandbox(), list, { seed: 5 });
      const life = await sandbox().open({ seed: 5 });
      const single = [];
      for (const program of list) {
        single.push(await life.step(program));
        if (!single.at(-1)!.alive) break;
      }
      await life.close();
      assert.equal(facts(together), facts(single), list.join("; ").slice(0, 200));
    }
  });
});
