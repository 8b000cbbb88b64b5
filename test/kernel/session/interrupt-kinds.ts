/** Kinds of work that an interrupt must stop, each as a cell that would run on for ever. */
export const kinds: { [name: string]: string } = {
  "a busy loop": "while (true) {}",
  "a promise that never settles": "await new Promise(() => {});",
  microtasks: "for (;;) await 0;",
  "timers, one after another": "for (;;) await new Promise((r) => setTimeout(r, 1));",
  "a busy timer": "setTimeout(() => { while (true) {} }, 5); await new Promise(() => {});",
  nextTick: "const tick = () => process.nextTick(tick); tick(); await new Promise(() => {});",
  "AsyncLocalStorage and a timer":
    "const { AsyncLocalStorage } = await import('node:async_hooks'); const store = new AsyncLocalStorage(); await store.run(1, async () => { for (;;) await new Promise((r) => setTimeout(r, 1)); });",
  "busy inside AsyncLocalStorage":
    "const { AsyncLocalStorage: Als } = await import('node:async_hooks'); await new Als().run(1, async () => { await 0; while (true) {} });",
  "reading files": "const fs = await import('node:fs/promises'); for (;;) await fs.readFile(process.execPath);",
  compression:
    "const zlib = await import('node:zlib'); const { promisify } = await import('node:util'); for (;;) await promisify(zlib.gzip)(Buffer.alloc(1e6, 'ab'));",
  "a regular expression": "/^(a+)+$/.test('a'.repeat(40) + 'b');",
  "a generator": "function* all() { for (;;) yield 1; } for (const x of all()) {}",
  "a recursion that catches its own end":
    "const down = () => { try { down(); } catch {} down(); }; for (;;) { try { down(); } catch {} }",
  "a library that heeds the signal":
    "const library = async (signal) => { for (;;) { signal.throwIfAborted(); await new Promise((r) => setTimeout(r, 1)); ticks++; } }; await library(kernel.signal);",
  "a program that is waited for": "require('node:child_process').execSync('sleep 47');",
  "one program after another":
    "for (;;) { try { require('node:child_process').spawnSync('sleep', ['47']); } catch {} }",
  "a program that asks to be left alone":
    "require('node:child_process').execFileSync('sh', ['-c', 'trap \"\" INT; sleep 47; sleep 47'], { stdio: 'inherit' });",
  "a program that is awaited": "await require('node:util').promisify(require('node:child_process').exec)('sleep 47');",
};

/** What came of interrupts over all kinds. */
export interface Stressed {
  interrupts: number;
  /** Interrupted cells that did not end in an Interrupted error. */
  notStopped: string[];
  /** Kinds after which a variable was gone. */
  lostState: string[];
  slowestMs: number;
}

/** Interrupts each kind `rounds` times; `run` runs a cell, with an interrupt after some time when told. */
export async function stress(
  run: (
    code: string,
    options?: { interruptAfterMs?: number },
  ) => Promise<{ error: { ename: string } | null; shown: string[] }>,
  { rounds, onInterrupt = () => {} }: { rounds: number; onInterrupt?: (line: string) => void },
): Promise<Stressed> {
  const result: Stressed = { interrupts: 0, notStopped: [], lostState: [], slowestMs: 0 };
  await run("// types: off\nlet count = 0, ticks = 0;");
  for (let round = 0; round < rounds; round++)
    for (const [name, code] of Object.entries(kinds)) {
      const afterMs = 40 + 30 * ((round * 7 + result.interrupts) % 5);
      const began = performance.now();
      const { error } = await run(`// types: off\ncount++;\n{ ${code} }`, { interruptAfterMs: afterMs });
      const tookMs = performance.now() - began - afterMs;
      result.interrupts++;
      result.slowestMs = Math.max(result.slowestMs, tookMs);
      if (error?.ename !== "Interrupted") result.notStopped.push(`${name}: ${error?.ename ?? "no error"}`);
      const { shown } = await run("// types: off\ncount");
      if (shown.at(-1) !== String(result.interrupts)) {
        result.lostState.push(name);
        await run(`// types: off\nlet count = ${result.interrupts}, ticks = 0;`);
      }
      onInterrupt(`${name}: stopped ${tookMs.toFixed(0)} ms after the interrupt`);
    }
  return result;
}
