/** Work at answers that is stopped ends with the reason that it was stopped for, whichever part of it was at work. */

import assert from "node:assert/strict";
import { extractPrograms } from "../../src/coding/extract.ts";
import { lintPrograms } from "../../src/coding/lint.ts";
import { qualityOf } from "../../src/coding/quality.ts";
import { readProgram } from "../../src/coding/read.ts";
import { readPrograms } from "../../src/coding/reading.ts";
import { scoreAnswers } from "../../src/coding/score.ts";
import type { CodeScore } from "../../src/coding/types.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { answerOf, double } from "./fixtures.ts";

const text = "const double = (n) => n * 2;\n";
const score: CodeScore = {
  ...{ outcome: "passed", passed: true, parses: true, tests: 4, right: 4, failed: null, cause: "", effects: [] },
};
const linted = { read: readProgram(text), name: "double", parameters: double.parameters, returns: double.returns };

/** All that takes a signal, on one right answer. */
const work: { [name: string]: (signal: AbortSignal) => Promise<unknown> } = {
  readPrograms: (signal) => readPrograms([text], { signal }),
  extractPrograms: (signal) =>
    extractPrograms([{ problem: double, language: "javascript", text, begun: "" }], { signal }),
  lintPrograms: (signal) => lintPrograms([linted], { signal }),
  qualityOf: (signal) => qualityOf([answerOf(text)], [score], { signal }),
  "qualityOf, of what no tool reads,": (signal) => qualityOf([answerOf(null)], [score], { signal }),
  scoreAnswers: (signal) =>
    scoreAnswers([answerOf(text)], { sandboxes: { javascript: fakeSandbox().sandbox }, signal }),
};

describe("work at answers", () => {
  for (const [name, begin] of Object.entries(work))
    it(`by ${name} ends with the reason of its stop`, async () => {
      const reason = new Error("that will do");
      await assert.rejects(begin(AbortSignal.abort(reason)), (error) => error === reason);
    });

  it("that is stopped once programs are read, before the tools begin, ends so, too", async () => {
    const reason = new Error("that will do");
    const stop = new AbortController();
    const running = qualityOf([answerOf(text)], [score], { signal: stop.signal });
    stop.abort(reason);
    await assert.rejects(running, (error) => error === reason);
  });

  it("that is stopped while a tool reads it ends so, too", async () => {
    const reason = new Error("that will do");
    const stop = new AbortController();
    const running = lintPrograms([linted], { signal: stop.signal });
    setTimeout(() => stop.abort(reason), 50);
    await assert.rejects(running, (error) => error === reason);
  });
});
