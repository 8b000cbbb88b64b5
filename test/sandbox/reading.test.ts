/** Texts that crash a parser or keep it busy for minutes: they reach the driver from everywhere, and it reads none of them. */

import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { compareGenomes } from "../../src/agent/genome.ts";
import { makeAnswers } from "../../src/cli/answers.ts";
import { judgeStream } from "../../src/cli/judge.ts";
import { readerPlan } from "../../src/sandbox/bodies/javascript/plan.ts";
import { readReading } from "../../src/sandbox/bodies/javascript/reader.ts";
import { lock } from "../../src/sandbox/host/locks.ts";
import { startWorker } from "../../src/sandbox/host/start.ts";
import { extractProgram, findStatically } from "../../src/sandbox/index.ts";
import { live, useSandbox } from "./shared.ts";

const deep = {
  brackets: "[".repeat(20_000),
  closed: `${"(".repeat(30_000)}1${")".repeat(30_000)}`,
  blocks: "{".repeat(20_000),
  arrows: "a=>".repeat(20_000),
  objects: "({a:".repeat(15_000),
  calls: "f(".repeat(20_000),
  sums: `${"1+".repeat(30_000)}1`,
  choices: `${"a?".repeat(15_000)}1${":1".repeat(15_000)}`,
  templates: "`${".repeat(15_000),
  types: `let x: ${"A<".repeat(20_000)}`,
  keys: `let x: ${"keyof ".repeat(9000)}A`,
  short: "[".repeat(2048),
};
const slow = { casts: `1${" as any".repeat(8000)}`, angles: `${"<a>".repeat(4000)}1`, less: "a<b<".repeat(2000) };
const typed = "const n: number = 1; interface A {} self.n = n as any; return";

describe("a program that no parser should be given", () => {
  const sandbox = useSandbox({ workers: 2 });

  it("ends its own life, and the driver goes on", async () => {
    for (const [name, program] of Object.entries(deep)) {
      const [report] = await live(sandbox(), [program]);
      // A chain of additions or choices is deep for one parser and flat for another.
      assert.match(report!.verdict, /^(syntax_error|runtime_error)$/, `${name}: ${report!.verdict} ${report!.cause}`);
    }
    const [report] = await live(sandbox(), [typed]);
    assert.equal(report?.verdict, "survived", "types are still taken out afterwards");
  });

  it("holds up no one else while it is read: the driver's event loop goes on", async () => {
    for (const [name, program] of Object.entries(slow)) {
      let turns = 0;
      const clock = setInterval(() => turns++, 1);
      const before = process.cpuUsage();
      const other = live(sandbox(), ["self.a = 1", "self.a++"]);
      const [report] = await live(sandbox(), [program]);
      clearInterval(clock);
      const { user, system } = process.cpuUsage(before);
      assert.equal(report?.alive, false, name);
      assert.equal((await other).at(-1)?.verdict, "survived");
      // A text that is refused at once leaves no time for turns: then the driver has not worked either.
      const worked = (user + system) / 1000;
      assert.ok(turns > 3 || worked < 100, `${name}: ${turns} turns of the event loop, ${worked} ms of the driver`);
    }
  });

  it("is told by its chains before the parser of types tries them, and an honest text is not", async () => {
    const reader = await startWorker(lock(readerPlan(), 3));
    const chains = {
      functions: `let x: ${"A<() => ".repeat(201)}1${">".repeat(201)}`,
      ...{ angles: slow.angles, casts: slow.casts, types: deep.types, keys: deep.keys },
      objects: `${"<{}>".repeat(3000)}1`,
      spaced: `${"< a >\n".repeat(3000)}1`,
      bangs: `let x: number = 1${"!".repeat(20_000)}`,
    };
    for (const [name, program] of Object.entries(chains)) {
      const outcome = await reader.request({ program }, { read: readReading, wallMs: 60_000 });
      assert.deepEqual(
        outcome.kind === "answer" && outcome.reply,
        { text: program, compiled: null, last: false },
        name,
      );
    }
    const honest = Array.from(
      { length: 180 },
      (_, i) =>
        `const m${i}: Map<string, Array<number>> = new Map()\nif (m${i}.size < ${i}) self.n = i! as any as number`,
    ).join("\n");
    const compared = Array.from({ length: 300 }, (_, i) => `${i} < n, n >= ${i}`).join();
    const functions = `let x: ${"A<() => ".repeat(20)}1${">".repeat(20)}`;
    for (const program of [honest, `let n: number = 1; self.l = [${compared}]`, functions]) {
      const outcome = await reader.request({ program }, { read: readReading, wallMs: 60_000 });
      assert.ok(outcome.kind === "answer" && outcome.reply.compiled !== null, program.slice(0, 80));
    }
    reader.kill();
    await reader.gone;
  });

  it("may be code by TypeScript's own words: enums, namespaces and a constructor's properties run as what they stand for", async () => {
    for (const [program, printed] of [
      ["enum Colour { red = 3, blue }; console.log(Colour.blue, Colour[3])", "4 red\n"],
      ["const enum Size { small = 1 }\nconsole.log(Size.small)\nreturn", "1\n"],
      ["namespace Shapes { export const sides = 4 } console.log(Shapes.sides); await null", "4\n"],
      [
        "class P { constructor(public n: number, private readonly m = 2) {} get s() { return this.n + this.m } }; console.log(new P(3).s)",
        "5\n",
      ],
      ["enum A { a } self.f = (x: A): number => x + 1;\nconsole.log(self.f(A.a))", "1\n"],
    ] as const) {
      const [report] = await live(sandbox(), [program]);
      assert.deepEqual([report?.verdict, report?.output], ["survived", printed], program);
    }
    for (const program of [
      "enum A { a } } function more() {",
      "enum A { a = }",
      "enum A { a } return import x",
      `enum A { a = ${"(".repeat(30_000)}1${")".repeat(30_000)} }`,
      "enum A { a }\n@decorated class B {}",
    ]) {
      const [report] = await live(sandbox(), [program]);
      assert.equal(report?.verdict, "syntax_error", program.slice(0, 60));
    }
    assert.equal((await live(sandbox(), [typed]))[0]?.verdict, "survived", "and types are still taken out afterwards");
  });

  it("is as harmless as a model's answer to a call, and as a task's setup", async () => {
    for (const program of [deep.brackets, deep.types, slow.casts]) {
      const [report] = await live(sandbox(), ["try { exec(self.call_LLM('?')) } catch (e) { console.log(e.name) }"], {
        callModel: async () => program,
      });
      assert.equal(report?.output, "SyntaxError\n");
      const life = await sandbox().open();
      assert.equal((await life.step("self.n = 1", program)).verdict, "survived");
      await life.close();
    }
    const typedAnswer = await live(sandbox(), ["exec(self.call_LLM('?')); console.log(self.n)"], {
      callModel: async () => typed,
    });
    assert.equal(typedAnswer[0]?.output, "1\n");
  });

  it("gets its line of `autoagent judge` a verdict, and the lines after it theirs", async () => {
    const lines = [
      JSON.stringify({ id: 1, steps: [deep.brackets] }),
      `{"id": ${"[".repeat(50_000)}${"]".repeat(50_000)}, "steps": ["1"]}`,
      `{"id": 3, "steps": ${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
      JSON.stringify({ id: "x".repeat(2000), steps: ["1"] }),
      JSON.stringify({ id: 5, steps: [typed] }),
    ];
    const output = new PassThrough();
    const all = text(output);
    await judgeStream(Readable.from(lines.map((line) => `${line}\n`)), output, {
      sandboxOf: async () => sandbox(),
      answers: await makeAnswers(),
    });
    output.end();
    const answers = (await all)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      answers.map((answer) => answer.verdict ?? answer.error.slice(0, 60)),
      [
        "syntax_error",
        "Expected `id` to be at most 1,000 characters of JSON, got [[",
        "Expected `steps[0]` to be a text, got [[[[[[[[[[[[[[[[[[[[[[",
        'Expected `id` to be at most 1,000 characters of JSON, got "x',
        "survived",
      ],
    );
  });

  it("has no findings, or those of its first part", () => {
    for (const program of Object.values({ ...deep, ...slow })) assert.deepEqual(findStatically(program), []);
    assert.equal(findStatically("process.exit();\n".repeat(900)).length, 256);
    assert.equal(findStatically(`let n: number = 1;\nprocess.exit(n)`)[0]?.line, 2);
  });
});

describe("what an agent leaves behind", () => {
  it("is compared without looking for the shortest of all edits", () => {
    const member = (text: string) => [{ name: "self.a", kind: "attribute" as const, source: text }];
    const lines = (n: number, of: (i: number) => string): string =>
      Array.from({ length: n }, (_, i) => of(i)).join("\n");
    const edit = compareGenomes(member(lines(9000, (i) => `a${i}`)), member(lines(9000, (i) => `b${i}`)));
    assert.match(edit.patch, /the two differ too much to be shown line by line/);
    assert.deepEqual(edit.changed, ["self.a"]);
    assert.match(compareGenomes(member("1\n2\n3"), member("1\n4\n3")).patch, /-2\n\+4/);
  });

  it("is searched for a program once, however many fences there are", () => {
    assert.equal(extractProgram("```".repeat(300_000)), "```".repeat(300_000));
    assert.equal(extractProgram("```python\nno\n```\nthen\n```ts\nyes\n```\n"), "yes");
    assert.equal(extractProgram("```js\nopen"), "open");
  });
});
