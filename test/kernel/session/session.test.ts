/** A session over the real protocol: cells, errors, interrupts, floods. Deaths: `survival.test.ts`. The client is the notebook runner's own. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, startClient } from "../../../kernel/notebook/client.ts";
import { stress } from "./interrupt-kinds.ts";
import { runOn } from "./run-cell.ts";

interface Seen {
  status: string;
  /** execute_result, display_data and update_display_data as text. */
  shown: string[];
  stdout: string;
  stderr: string;
  error: { ename: string; evalue: string; text: string } | null;
  messages: number;
}

describe("a kernel session", () => {
  let folder: string;
  let client: Client;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "session-"));
    client = await startClient(folder);
    // An interrupt that comes before a first cell has begun finds nothing of it: no test is to depend on another's cells.
    await client.execute("0", () => {});
  });
  after(async () => {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(code: string, { interruptAfterMs = 0, on = client } = {}): Promise<Seen> {
    const seen: Seen = { status: "", shown: [], stdout: "", stderr: "", error: null, messages: 0 };
    let timer: NodeJS.Timeout | undefined;
    const reply = await on.execute(code, ({ header, content }) => {
      seen.messages++;
      if (header.msg_type === "execute_input" && interruptAfterMs > 0)
        timer = setTimeout(() => on.interrupt(), interruptAfterMs);
      if (header.msg_type === "stream") seen[content.name as "stdout"] += String(content.text);
      else if (header.msg_type === "error") {
        const { ename, evalue, traceback } = content as { ename: string; evalue: string; traceback: string[] };
        seen.error = { ename, evalue, text: traceback.join("\n") };
      } else if (/^(execute_result|display_data|update_display_data)$/.test(header.msg_type))
        seen.shown.push((content.data as { "text/plain": string })["text/plain"]);
    });
    clearTimeout(timer);
    seen.status = String(reply.content.status);
    return seen;
  }

  const value = async (code: string): Promise<string | undefined> => (await run(code)).shown.at(-1);

  it("shows the last expression, awaited, and nothing for undefined", async () => {
    assert.deepEqual((await run("const a: number = 20; a + 1")).shown, ["21"]);
    assert.deepEqual((await run("Promise.resolve([a])")).shown, ["[ 20 ]"]);
    assert.deepEqual((await run("const b = 1;")).shown, []);
    assert.deepEqual(
      (await run("await null; for await (const x of [1, Promise.resolve(2)]) console.log(x);")).stdout,
      "1\n2\n",
    );
  });

  it("knows a cell as a module by nothing but its for await, or its using", async () => {
    const loop = "for await (const x of [1, Promise.resolve(2)]) console.log(x);";
    assert.equal((await run(loop)).stdout, "1\n2\n");
    assert.equal((await run("using held = { [Symbol.dispose]() {} };")).error, null);
  });

  it("lets any kind of declaration follow any other", async () => {
    const kinds = [
      ["const x = 'const';", "'const'"],
      ["let x = 'let';", "'let'"],
      ["function x() {}", "[Function: x]"],
      ["class x {}", "[class x]"],
      ["enum x { A = 7 }", "{ '7': 'A', A: 7 }"],
      ["var x = 'var';", "'var'"],
      ["import { sep as x } from 'node:path';", `'${join("/")}'`],
      ["namespace x { export const inside = 3; }", "{ inside: 3 }"],
      ["const { x } = { x: 'taken out' };", "'taken out'"],
    ] as const;
    for (const [code, shown] of kinds) {
      assert.equal((await run(`// types: off\n${code}`)).error, null, code);
      assert.equal(await value("// types: off\nx"), shown, code);
    }
  });

  it("keeps what was declared before a throw, and points at the cell's own line", async () => {
    const code =
      "interface Far { a: number }\n/* a comment\n   of two lines */\nenum E { A, B }\nconst kept = 5;\nfunction fail(n: number): never {\n  throw new RangeError(`bad ${n}`);\n}\nfail(E.B);";
    const { error, status } = await run(code);
    assert.equal(status, "error");
    assert.deepEqual([error!.ename, error!.evalue], ["RangeError", "bad 1"]);
    assert.match(error!.text, /at fail \(cell \d+, line 7, column 9\)/);
    assert.match(error!.text, /> 7 \| {3}throw new RangeError/);
    assert.match(error!.text, /at cell \d+, line 9, column 1/);
    assert.doesNotMatch(error!.text, /kernel|node:internal|inspector/, "our own frames are hidden");
    assert.equal(await value("kept"), "5");
  });

  it("tells causes and the members of an aggregate error", async () => {
    const { error } = await run(
      "throw new Error('outer', { cause: new AggregateError([new Error('one'), 2], 'both') });",
    );
    assert.match(
      error!.text,
      /Error: outer[^]*caused by[^]*AggregateError: both[^]*error 1 of 2[^]*Error: one[^]*error 2 of 2[^]*2/,
    );
    assert.equal((await run("throw 7")).error!.evalue, "7");
  });

  it("says where a cell does not parse", async () => {
    const { error } = await run("const fine = 1;\nconst = 2;");
    assert.equal(error!.ename, "SyntaxError");
    assert.match(error!.text, /line 2, column 7/);
  });

  it("imports packages, modules with top-level await, and local TypeScript that changes on disk", async () => {
    writeFileSync(join(folder, "local.ts"), "export const answer: number = await Promise.resolve(1);");
    assert.equal(await value("import { answer } from './local.ts'; answer"), "1");
    await sleep(20);
    writeFileSync(join(folder, "local.ts"), "export const answer: number = 2;");
    assert.equal(await value("import { answer } from './local.ts'; answer"), "2");
    assert.equal(await value("(await import('node:os')).EOL.length"), "1");
    assert.equal((await run("import nothing from 'no-such-package';")).error?.ename, "Error");
  });

  it("delivers 20,000 lines complete, in order and before idle, in few messages", async () => {
    const { stdout, messages } = await run("for (let i = 0; i < 20_000; i++) console.log(`line ${i}`);");
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 20_000);
    assert.ok(lines.every((line, i) => line === `line ${i}`));
    assert.ok(messages < 500, `${messages} messages`);
  });

  it("prints text, bytes, and what a string in base64 or hex stands for, as a stream does", async () => {
    const write = (what: string): string => `process.stdout.write(${what});`;
    const { stdout } = await run(
      `${write('"a\u00e9", "latin1"')}${write('Buffer.from("b\u00e9").subarray(0, 2)')}${write('Buffer.from("b\u00e9").subarray(2)')}
       ${write('"w6k=", "base64"')}${write('"w6k", "base64url"')}${write('"c3a9", "hex"')}${write('"c3a9", "utf8"')}undefined`,
    );
    assert.equal(stdout, "a\u00e9b\u00e9\u00e9\u00e9\u00e9c3a9");
  });

  it("shows and prints what a timer does later under the cell that set it, while another runs", async () => {
    const later = "setTimeout(() => { display('late'); console.log('later'); }, 300); 1";
    const [first, second] = [run(later), run("await new Promise((done) => setTimeout(done, 900)); 2")];
    const [own, other] = [await first, await second];
    assert.deepEqual([own.shown, own.stdout], [["1", "'late'"], "later\n"]);
    assert.deepEqual([other.shown, other.stdout], [["2"], ""]);
  });

  it("tells the value of a name with a question mark, in any script, and runs no cell for it", async () => {
    await run("const gr\u00f6\u00dfe = { \u540d: 5 };");
    for (const [question, text] of [
      ["gr\u00f6\u00dfe?", "gr\u00f6\u00dfe = { '\u540d': 5 }"],
      [" gr\u00f6\u00dfe.\u540d?? ", "gr\u00f6\u00dfe.\u540d = 5"],
    ] as const) {
      const { content } = await client.execute(question, () => {});
      const [page] = content.payload as { source: string; data: { "text/plain": string } }[];
      assert.equal(page?.source, "page", JSON.stringify(content));
      assert.equal(page.data["text/plain"].split("\n").at(-1), text);
    }
  });

  it("catches what child processes print, keeps order, and updates a display in place", async () => {
    const { stdout } = await run(
      "import { execSync } from 'node:child_process';\nexecSync('echo from a child', { stdio: 'inherit' });",
    );
    assert.equal(stdout, "from a child\n");
    const { shown } = await run(
      "const place = await display('one'); console.log('between'); await place.update('two');",
    );
    assert.deepEqual(shown, ["'one'", "'two'"]);
  });

  const stuck: [string, string][] = [
    ["a busy loop", "let n = 41; n++; while (true) {}"],
    ["a promise that never settles", "n = 42; await new Promise(() => {});"],
    ["a loop of microtasks", "n = 42; for (;;) await 0;"],
    ["a busy loop after an await", "n = 42; await new Promise((r) => setTimeout(r, 5)); while (true) {}"],
    ["a busy loop in a timer", "n = 42; setTimeout(() => { while (true) {} }, 5); await new Promise(() => {});"],
    ["a regular expression that backtracks", "n = 42; /^(a+)+$/.test('a'.repeat(40) + 'b');"],
  ];
  for (const [name, code] of stuck)
    it(`stops ${name} and keeps the state`, async () => {
      // A cell that does not stop by itself is killed after five seconds: then `n` would be gone.
      const { status, error } = await run(`// types: off\n${code}`, { interruptAfterMs: 300 });
      assert.deepEqual([status, error?.ename], ["error", "Interrupted"]);
      assert.equal(await value("n"), "42");
      await sleep(400);
      assert.equal(await value("n + 1"), "43", "nothing stops a later cell");
    });

  it("stops a cell wherever an interrupt finds it, in its first milliseconds too", async () => {
    for (const afterMs of [1, 3, 6, 10, 15, 20, 30, 60]) {
      const { status, error } = await run("while (true) {}", { interruptAfterMs: afterMs });
      assert.deepEqual([status, error?.ename], ["error", "Interrupted"], `interrupted after ${afterMs} ms`);
    }
    assert.equal(await value('"still here"'), "'still here'");
  });

  it("loses neither kernel nor state over eighteen kinds of work", async () => {
    const { interrupts, notStopped, lostState } = await stress(runOn(client), { rounds: 1 });
    assert.deepEqual([interrupts, notStopped, lostState], [18, [], []]);
  });

  it("does not let an awaited loop run on after an interrupt", async () => {
    await run("// types: off\nlet turns = 0; for (;;) { await new Promise((r) => setTimeout(r, 5)); turns++; }", {
      interruptAfterMs: 300,
    });
    const turns = await value("turns");
    await sleep(200);
    assert.equal(await value("turns"), turns);
  });
});
