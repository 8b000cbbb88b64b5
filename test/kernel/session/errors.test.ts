/** Where errors say they are, over the real protocol: prompts, lines, no frames of ours, whatever was run before. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CellSeen } from "../../../bench/kernel/peer.ts";
import { usePeer } from "./use-peer.ts";

describe("errors of cells", () => {
  const kernel = usePeer();
  let prompt = 0;

  /** Runs a cell as a notebook does; `prompt` is then its number. */
  const run = async (code: string, options = {}): Promise<CellSeen> => {
    const seen = await kernel.peer.run(code, options);
    const input = seen.log.find(({ type }) => type === "execute_input");
    prompt = Number(input?.content.execution_count);
    return seen;
  };
  const noneOfOurs = (text: string): void => assert.doesNotMatch(text, /kernel\/|node:|cell-\d|evalmachine/);

  const earlier: [what: string, () => Promise<unknown>][] = [
    ["a refused cell", () => run("// types: error\nundefinedName")],
    ["a cell that does not parse", () => run("let = ;")],
    ["silent code", () => kernel.peer.run("2", { content: { silent: true, store_history: false } })],
    ["code that is kept in no history", () => kernel.peer.run("3\n4", { content: { store_history: false } })],
    ["expressions beside a cell", () => run("1", { content: { user_expressions: { a: "1 +", b: "nope" } } })],
    [
      "three comm messages",
      async () => {
        for (let i = 0; i < 3; i++) kernel.peer.send("shell", "comm_msg", { comm_id: "none", data: {} });
        await run("1");
      },
    ],
    [
      "an interrupted cell",
      () => {
        setTimeout(() => kernel.peer.send("control", "interrupt_request", {}), 100);
        return run("await new Promise(() => {});");
      },
    ],
  ];
  for (const [what, first] of earlier)
    it(`name their own cell after ${what}`, async () => {
      await first();
      const syntax = await run("1;\nlet y = ;");
      assert.match(syntax.traceback, new RegExp(`at cell ${prompt}, line 2, column 9\\n.*\\n +> 2 \\| let y = ;\\n`));
      const thrown = await run('2;\n3;\nthrow new Error("here");');
      assert.match(thrown.traceback, new RegExp(`at cell ${prompt}, line 3, column 7\\n.*\\n +> 3 \\| throw new`));
    });

  it("say the source's lines when they are caught, by console, as text and as a value", async () => {
    const code = `interface Options {
  strict: boolean;
}
/* a comment
   of two lines */
function parse(text: string, { strict }: Options): number { if (strict) throw new TypeError(\`bad \${text}\`); return 1; }
try {
  await null;
  parse("x", { strict: true });
} catch (e) {
  console.error(e);
  console.log((e as Error).stack);
}
console.trace("passed");
new RangeError("a value")`;
    const { stdout, stderr, shown, error } = await run(code);
    assert.equal(error, null);
    for (const text of [stderr, stdout])
      assert.match(
        text,
        new RegExp(
          `TypeError: bad x\\n    at parse \\(cell ${prompt}, line 6, column 79\\)\\n    at cell ${prompt}, line 9, column 3\\n`,
        ),
      );
    assert.match(stderr, new RegExp(`Trace: passed\\n    at cell ${prompt}, line 14, column 9\\n`));
    const value = String(shown[0]!["text/plain"]);
    assert.match(value, new RegExp(`^RangeError: a value\\n    at cell ${prompt}, line 15, column 1$`));
    for (const text of [stdout, stderr, value]) noneOfOurs(text);
  });

  it("name the line of a timer, a callback, a promise that is a value and one of an earlier cell's function", async () => {
    await run('type A = 1;\nfunction later(): never {\n  throw new Error("from before");\n}');
    const first = prompt;
    const timer = await run(
      "type B = 1;\nsetTimeout(() => {\n  later();\n}, 1);\nawait new Promise((r) => setTimeout(r, 30));",
    );
    assert.match(
      timer.stderr,
      new RegExp(
        `^Uncaught Error: from before\\n    at later \\(cell ${first}, line 3, column 9\\)\\n[^]*at .*\\(?cell ${prompt}, line 3, column 3\\)?\\n?$`,
      ),
    );
    noneOfOurs(timer.stderr);
    const emitter = await run(
      'type C = 1;\nimport { EventEmitter } from "node:events";\nconst e = new EventEmitter();\ne.on("x", () => later());\ntry { e.emit("x"); } catch (error) { console.log(error.stack); }',
    );
    assert.match(emitter.stdout, new RegExp(`cell ${prompt}, line 4, column 17\\)?\\n`));
    const rejected = await run("type D = 1;\nconst p = Promise.reject(new Error('held'));\np.catch(() => {});\n[p]");
    assert.match(String(rejected.shown[0]!["text/plain"]), new RegExp(`held\\n +at cell ${prompt}, line 2, column 26`));
    noneOfOurs(String(rejected.shown[0]!["text/plain"]));
  });

  it("name the reader's own file and its line, and the cell that called it", async () => {
    writeFileSync(
      join(kernel.folder, "lib.ts"),
      "interface A { a: 1 }\nexport const fail = (): never => {\n  throw new Error('in a file');\n};\n",
    );
    writeFileSync(
      join(kernel.folder, "kinds.ts"),
      "enum Kind { A }\nexport function fail(): never {\n  throw new Error(`kind ${Kind.A}`);\n}\n",
    );
    for (const [name, message] of [
      ["lib", "in a file"],
      ["kinds", "kind 0"],
    ]) {
      const { stdout } = await run(
        `import { fail as ${name} } from "./${name}.ts";\ntry { ${name}(); } catch (e) { console.log(e.stack); }`,
      );
      assert.match(
        stdout,
        new RegExp(
          `^Error: ${message}\\n    at fail \\(.*${name}\\.ts:3:9\\)\\n    at cell ${prompt}, line 2, column 7\\n$`,
        ),
      );
    }
  });

  it("of promises that nobody awaits come before idle, under their own cell", async () => {
    const forms = [
      'Promise.reject(new Error("unseen")); 1',
      'const work = async () => { await null; await null; throw new Error("unseen"); };\nwork(); 1',
      'queueMicrotask(() => { throw new Error("unseen"); }); 1',
      'process.nextTick(() => { throw new Error("unseen"); }); 1',
    ];
    for (let round = 0; round < 5; round++)
      for (const form of forms) {
        const seen = await run(form);
        assert.match(seen.stderr, new RegExp(`Uncaught Error: unseen\\n    at .*cell ${prompt}, line 1`), form);
        noneOfOurs(seen.stderr);
        assert.deepEqual([seen.status, seen.shown.at(-1)], ["ok", { "text/plain": "1" }]);
      }
  });

  it("that are no errors are told by what they are", async () => {
    const thrown: [string, string][] = [
      ["throw null", "null"],
      ["throw undefined", "undefined"],
      ["throw 5n", "5n"],
      ["throw -0", "-0"],
      ["throw NaN", "NaN"],
      ["throw -Infinity", "-Infinity"],
      ["throw ''", "''"],
      ["throw Symbol('s')", "Symbol(s)"],
      ["throw { a: 1 }", "{ a: 1 }"],
      ["throw new Proxy({ a: 1 }, { get() { throw new Error('no'); } })", "{ a: 1 }"],
    ];
    for (const [code, value] of thrown) {
      const seen = await run(code);
      assert.deepEqual([seen.error, seen.traceback], [`Thrown: ${value}`, `Thrown: ${value}`], code);
    }
    assert.equal((await run("const e = new Error('x'); e.name = { toString: 1 } as never; throw e")).status, "error");
    assert.deepEqual((await run("1 + 1")).shown, [{ "text/plain": "2" }]);
  });

  it("of the inspection of a value do not fail its cell", async () => {
    const values: [string, string][] = [
      ['new Proxy({ a: 1 }, { get() { throw new Error("t"); } })', "{ a: 1 }"],
      [
        'new Proxy({ a: 1 }, { get() { throw new Error("t"); }, has() { throw 1; }, ownKeys() { throw 2; } })',
        "{ a: 1 }",
      ],
      [
        '({ b: 2, [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("t"); } })',
        "{\n  b: 2,\n  Symbol(nodejs.util.inspect.custom): [Function: [nodejs.util.inspect.custom]]\n}",
      ],
      ["({ get then() { throw new Error('t'); } })", "{ then: [Getter] }"],
    ];
    for (const [code, text] of values) {
      const seen = await run(`// types: off\n${code}`);
      assert.deepEqual([seen.error, seen.shown], [null, [{ "text/plain": text }]], code);
      const shown = await run(`// types: off\nawait display(${code}); 1`);
      assert.deepEqual([shown.error, shown.shown[0]], [null, { "text/plain": text }], code);
    }
  });

  it("that V8 finds where the parser does not name the line too", async () => {
    for (const [code, line, column] of [
      ["type T = 1;\nclass A { m() { return this.#gone; } }", 2, 29],
      ["type T = 1;\n1;\nfor (;;) { continue nowhere; }", 3, 21],
    ] as const) {
      const seen = await run(`// types: off\n${code}`);
      assert.match(
        seen.traceback,
        new RegExp(`^SyntaxError: .*\\n    at cell ${prompt}, line ${line + 1}, column ${column}\\n`),
      );
    }
  });
});
