/** Questions of cells over the real protocol: Node's `readline` goes to the front end, errors name the line that asked, none is left open. */

import assert from "node:assert/strict";
import type { CellSeen } from "../../../bench/kernel/peer.ts";
import { usePeer } from "./use-peer.ts";

const onStdin = "createInterface({ input: process.stdin, output: process.stdout })";

describe("what a cell asks", () => {
  const kernel = usePeer({ environment: { AUTOAGENT_TYPES: "off" } });
  let prompt = 0;
  before(async () => {
    await run('import { createInterface } from "node:readline"; import * as promised from "node:readline/promises";');
  });
  const run = (code: string, answers?: unknown[]): Promise<CellSeen> => {
    prompt++;
    return kernel.peer.run(code, { ...(answers && { answers }) });
  };

  const asked: [what: string, code: string, answers: string[], questions: string[], shown: string][] = [
    [
      "readline/promises",
      `const rl = promised.${onStdin}; const all = [await rl.question("Name? "), await rl.question("Age? ")]; rl.close(); all`,
      ["Ada", "36"],
      ["Name? ", "Age? "],
      "[ 'Ada', '36' ]",
    ],
    [
      "a callback that asks the next",
      `const said = []; const rl2 = require("readline").createInterface(process.stdin, process.stdout); rl2.question("Who? ", (who) => { said.push(who); rl2.question("And? ", { }, (and) => { said.push(and); console.log(said); rl2.close(); }); });`,
      ["Bo", "Cy"],
      ["Who? ", "And? "],
      "[ 'Bo', 'Cy' ]",
    ],
    [
      "a question made a promise",
      `const rl3 = ${onStdin}; const given = await require("util").promisify(rl3.question).call(rl3, "P? "); rl3.close(); given`,
      ["yes"],
      ["P? "],
      "'yes'",
    ],
    [
      "a loop over lines",
      `const lines = []; for await (const line of ${onStdin}) { lines.push(line); if (line === "end") break; } lines`,
      ["x", "end"],
      ["", ""],
      "[ 'x', 'end' ]",
    ],
    [
      "a listener with a prompt",
      `const rl5 = createInterface({ input: process.stdin, prompt: "$ " }); rl5.on("line", (line) => { console.log("got", line); if (line === "q") rl5.close(); else rl5.prompt(); }).prompt();`,
      ["a", "q"],
      ["$ ", "$ "],
      "got q",
    ],
  ];
  for (const [what, code, answers, questions, shown] of asked)
    it(`by ${what} is asked of the reader, and the cell waits for the answer`, async () => {
      const seen = await run(code, answers);
      assert.deepEqual([seen.status, seen.error, seen.stderr, seen.questions], ["ok", null, "", questions]);
      const told = `${seen.stdout}${seen.shown.map((data) => data["text/plain"]).join("\n")}`.trimEnd();
      assert.ok(told.endsWith(shown), told);
    });

  it("in two ways at once is answered as it was asked: what holds the cell, and what the cell awaits", async () => {
    // The first is asked a few turns later, and the second holds the cell before an answer can come.
    const open = 'input("1?"); for (let turn = 0; turn < 3; turn++) await null;';
    for (const [code, questions] of [
      [`const first = ${open} const second = prompt("2?"); [await first, second]`, ["1?", "2?"]],
      [`const third = ${open} const more = [prompt("2?"), prompt("3?")]; [await third, ...more]`, ["1?", "2?", "3?"]],
    ] as const) {
      const answers = questions.map((question) => `to ${question}`);
      const seen = await run(code, answers);
      assert.deepEqual([seen.status, seen.questions], ["ok", questions]);
      const shown = answers.map((text) => `'${text}'`).join(", ");
      assert.deepEqual(seen.shown, [{ "text/plain": `[ ${shown} ]` }]);
    }
  });

  it("is answered whole, or not at all: what holds the cell has room for so much", async () => {
    const most = "é".repeat(32_768);
    const seen = await run('const given = prompt("Much?"); [given.length, new Set(given).size, prompt("None?")]', [
      most,
      "",
    ]);
    assert.deepEqual(seen.shown, [{ "text/plain": "[ 32768, 1, '' ]" }]);
    const { error } = await run('prompt("More?")', [`${most}!`]);
    assert.equal(
      error,
      "InputFailure: The question was not answered: the answer has 65537 bytes, and there is room for 65536: ask by `await input(...)`",
    );
    const { shown } = await run('(await input("More?")).length', [`${most}!`]);
    assert.deepEqual(shown, [{ "text/plain": "32769" }]);
  });

  it("fails at the line that asked where nobody can answer, with none of our frames", async () => {
    const cases: [code: string, line: number, column: number][] = [
      ['1;\n\nawait input("Q?")', 3, 7],
      ['const ask = async () => {\n  return await input("Q?");\n};\nawait ask()', 2, 16],
      ['type T = 1;\nprompt("Q?")', 2, 1],
      ['type T = 2;\n\nconfirm("Q?")', 3, 1],
      [`const rl6 = promised.${onStdin};\nawait rl6.question("Q?")`, 2, 11],
    ];
    for (const [code, line, column] of cases) {
      const { traceback } = await run(code);
      assert.match(traceback, /^InputFailure: The question was not answered: this front end takes no input: give the/);
      const place = `cell ${prompt}, line ${line}, column ${column}`;
      assert.match(traceback, new RegExp(`AUTOAGENT_ANSWERS\\n    at (?:ask \\()?${place}\\)?\\n`), code);
      assert.doesNotMatch(traceback, /kernel\/|node:|readline\./, code);
    }
    const { stderr } = await run(`const rl7 = ${onStdin};\nrl7.question("Q?", () => {}); 1`);
    assert.match(stderr, new RegExp(`^Uncaught InputFailure: [^\\n]*\\n    at cell ${prompt}, line 2, column 5\\n`));
  });

  it("is never left open: by a stop, an error, a time-out or a timer, the next question is answered", async () => {
    const ways: [code: string, answers: string[], stop: boolean][] = [
      [`const rl8 = ${onStdin}; rl8.on("line", () => {}); 1`, [], true],
      ['await Promise.all([input("first?"), input("second?")])', [], true],
      ['await Promise.all([input("first?"), Promise.reject(new Error("no"))])', [], false],
      [
        `await promised.${onStdin}.question("slow?", { signal: AbortSignal.timeout(50) }).catch((error) => error.name)`,
        [],
        false,
      ],
      ['setTimeout(() => void input("late?"), 20); 1', [], false],
    ];
    for (const [code, answers, stop] of ways) {
      if (stop) setTimeout(() => kernel.peer.send("control", "interrupt_request", {}), 300);
      const seen = await run(code, answers);
      if (stop) assert.match(String(seen.error), /^Interrupted/, code);
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.deepEqual((await run('await input("Next?")', ["yes"])).shown, [{ "text/plain": "'yes'" }], code);
    }
  });

  it("by an interface without a terminal is asked like any other, and by one that draws its own is Node's alone", async () => {
    const ask = (terminal: boolean): string =>
      `await promised.createInterface({ input: process.stdin, terminal: ${terminal} }).question("T? ", { signal: AbortSignal.timeout(200) }).catch(({ name }) => name)`;
    const [ours, nodes] = [await run(ask(false), ["yes"]), await run(ask(true), ["yes"])];
    assert.deepEqual([ours.questions, ours.shown], [["T? "], [{ "text/plain": "'yes'" }]]);
    assert.deepEqual(nodes.questions, []);
  });

  it("of another stream is Node's alone", async () => {
    const { shown } = await run(
      'const own = []; for await (const line of createInterface({ input: require("stream").Readable.from(["a\\nb\\n"]) })) own.push(line); own',
    );
    assert.deepEqual(shown, [{ "text/plain": "[ 'a', 'b' ]" }]);
  });
});
