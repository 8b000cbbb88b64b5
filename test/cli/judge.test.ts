/** Lines judged as a stream: which of them are lives, what is said of those that are none, and in which order. */

import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { makeAnswers } from "../../src/cli/answers.ts";
import { judgeStream } from "../../src/cli/judge.ts";
import { useSandbox } from "../sandbox/shared.ts";

describe("a stream of lives", () => {
  const sandbox = useSandbox({ workers: 2 });

  const judged = async (input: string, concurrency?: number) => {
    const output = new PassThrough();
    const all = text(output);
    const { refused, failure } = await judgeStream(Readable.from([input]), output, {
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
