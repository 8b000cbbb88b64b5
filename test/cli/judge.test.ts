/** Lines judged as a stream: which of them are lives, what is said of those that are none, and in which order. */

import assert from "node:assert/strict";
import { PassThrough, Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { makeAnswers } from "../../src/cli/answers.ts";
import { judgeStream } from "../../src/cli/judge.ts";
import { useSandbox } from "../sandbox/shared.ts";

describe("a stream of lives", () => {
  const sandbox = useSandbox({ workers: 2 });

  const judged = async (input: string, concurrency?: number) => {
    const output = new PassThrough();
    const all = text(output);
    const { refused, failure } = await judgeStream(Readable.from([Buffer.from(input)]), output, {
      ...{ sandboxOf: async () => sandbox(), answers: await makeAnswers() },
      ...(concurrency !== undefined && { concurrency }),
    });
    assert.equal(failure, null);
    output.end();
    const answers = (await all).split("\n").slice(0, -1);
    return { refused, answers: answers.map((line) => JSON.parse(line)) };
  };
  const life = (id: unknown, ...steps: unknown[]) => JSON.stringify({ id, steps });

  it("that breaks off is judged as far as it came, and says why it broke off", async () => {
    const broken = new Error("EIO: i/o error, read");
    const input = new Readable({ read() {} });
    input.push(`${life("a", "self.n = 1")}\n${life("b", "1")}\n`);
    const output = new PassThrough();
    output.once("data", () => input.destroy(broken));
    const all = text(output);
    const options = { sandboxOf: async () => sandbox(), answers: await makeAnswers() };
    assert.deepEqual(await judgeStream(input, output, options), { refused: 0, failure: broken });
    output.end();
    const ids = (await all)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).id);
    assert.deepEqual(ids, ["a", "b"]);
  });

  it("may hold any letter: line ends of Unicode are none of the lines', and a mark of the encoding is no part of the first", async () => {
    const text = "\u2028 and \u2029 and \u0085";
    const check = `if (${JSON.stringify(text)}.length !== 13) throw 1`;
    const { answers, refused } = await judged(`\ufeff${life(text, check)}\n${life("b", "1")}`);
    assert.deepEqual(
      answers.map(({ id, verdict }) => [id, verdict]),
      [
        [text, "survived"],
        ["b", "survived"],
      ],
    );
    assert.equal(refused, 0);
  });

  it("leaves out lines with nothing but spaces, and counts them all the same", async () => {
    const lines = ["", "  ", life("a", "self.n = 1"), "\t", "nonsense", "\u00a0", life("b", 3)];
    for (const end of ["\n", "\r\n"]) {
      const { refused, answers } = await judged(lines.join(end));
      assert.deepEqual(
        answers.map(({ id, verdict, line }) => [id, verdict ?? null, line ?? null]),
        [
          ["a", "survived", null],
          [null, null, 5],
          ["b", null, 7],
        ],
      );
      assert.equal(refused, 2);
    }
    assert.deepEqual(await judged("\n \n"), { refused: 0, answers: [] });
  });

  it("is judged no further once the reader of its answers has gone", async () => {
    const input = Readable.from([Array.from({ length: 400 }, (_, i) => life(i, "1")).join("\n")]);
    const output = new PassThrough();
    output.once("data", () => output.destroy());
    let judged = 0;
    const sandboxOf = async () => {
      judged++;
      return sandbox();
    };
    const { failure } = await judgeStream(input, output, { sandboxOf, answers: await makeAnswers() });
    assert.deepEqual([failure, input.destroyed], [null, true]);
    assert.ok(judged < 200, `${judged} of 400`);
  });

  it("is judged no faster than its answers are taken", async () => {
    let [judged, taken, ahead] = [0, 0, 0];
    const sandboxOf = async () => {
      judged++;
      return sandbox();
    };
    const output = new Writable({
      highWaterMark: 1,
      write(_, __, done) {
        ahead = Math.max(ahead, judged - taken);
        setTimeout(() => {
          taken++;
          done();
        }, 5);
      },
    });
    const input = Readable.from([Array.from({ length: 40 }, (_, i) => life(i, "1")).join("\n")]);
    await judgeStream(input, output, { sandboxOf, answers: await makeAnswers(), concurrency: 2 });
    // One that is being written, and those that run meanwhile.
    assert.ok(ahead <= 3, `${ahead} ahead`);
    assert.equal(judged, 40);
  });

  it("is told of a long value by its beginning, and of an id that it is too long to be said again", async () => {
    const long = "x".repeat(5000);
    const shown = `"${"x".repeat(79)}…`;
    const lines = [
      { steps: long },
      { steps: ["1"], seed: long },
      { steps: ["1"], language: long },
      { steps: ["1"], body: long },
      long,
      { steps: ["1"], id: long },
      { steps: ["1"], id: "x".repeat(999) },
    ];
    const { answers } = await judged(
      [...lines, { steps: ["1"], id: "x".repeat(998) }].map((one) => JSON.stringify(one)).join("\n"),
    );
    assert.deepEqual(
      answers.slice(0, -1).map(({ error }) => error),
      [
        `Expected \`steps\` to be a list of at least one program, each a text, got ${shown}`,
        `Expected \`seed\` to be an integer, got ${shown}`,
        `Unknown language ${shown}: it is one of typescript, javascript, python`,
        `Expected \`body\` to be javascript or python, got ${shown}`,
        `Expected \`line\` to be an object, got ${shown}`,
        `Expected \`id\` to be at most 1,000 characters of JSON, got ${shown}`,
        `Expected \`id\` to be at most 1,000 characters of JSON, got ${shown}`,
      ],
    );
    assert.deepEqual([answers.at(-1).id, answers.at(-1).verdict], ["x".repeat(998), "survived"]);
  });

  it("is answered in the order of its lines, however many are judged at once, each by its own steps", async () => {
    const slow = "for (let i = 0; i < 3e5; i++) {}";
    const ends: [steps: string[], verdicts: string[]][] = [
      [
        [slow, "self.n = 1", "self.n++"],
        ["survived", "survived", "survived"],
      ],
      [
        ["self.n = 1", "throw new Error('no')", "self.n = 2"],
        ["survived", "runtime_error"],
      ],
      [["self.execute_code = 3"], ["fatal_self_edit"]],
      [["}"], ["syntax_error"]],
    ];
    const lines = ends.map(([steps], i) => life(i, ...steps)).join("\n");
    for (const concurrency of [1, 2, 8, undefined]) {
      const { refused, answers } = await judged(lines, concurrency);
      assert.equal(refused, 0);
      assert.deepEqual(
        answers.map(({ id, verdict, steps }) => [id, verdict, steps.map((one: { verdict: string }) => one.verdict)]),
        ends.map(([, verdicts], i) => [i, verdicts.at(-1), verdicts]),
      );
    }
  });
});
