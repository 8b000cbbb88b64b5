/** Programs in Python, read many in one life of a sandbox without a process: what is told of one is told of no other. */

import assert from "node:assert/strict";
import { readPythonPrograms } from "../../src/coding/read-python.ts";
import { scoreAnswers } from "../../src/coding/score.ts";
import type { Answer, CallResult, Life } from "../../src/sandbox/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { double } from "./fixtures.ts";

/** A sandbox whose reader finds `double` in every program, but for what `answer` says of those in one life. */
function reading(answer: (sources: readonly string[]) => CallResult | null) {
  const { sandbox, opened, closed } = fakeSandbox();
  const open = async (options: Parameters<typeof sandbox.open>[0]): Promise<Life> => {
    const life = await sandbox.open(options);
    return {
      ...life,
      call: async (_name, inputs) => {
        const sources = inputs!.map(([source]) => String(source));
        return (
          answer(sources) ?? { answers: sources.map((): Answer => ({ value: { names: ["double"] } })), effects: [] }
        );
      },
    };
  };
  return { sandbox: { ...sandbox, open }, opened, closed };
}

const fatal = "fatal";
const some = [...Array.from({ length: 60 }, (_, i) => `p${i}`), fatal, "last"];

describe("reading programs in Python", () => {
  for (const [how, answer] of [
    [
      "ends the life that reads it",
      (sources: readonly string[]): CallResult | null =>
        sources.includes(fatal) ? { failed: "it used more than 32 MiB", effects: [] } : null,
    ],
    [
      "hangs, so that nothing after it is read",
      (sources: readonly string[]): CallResult | null => {
        const at = sources.indexOf(fatal);
        if (at < 0) return null;
        const failed = "it did not return within 10000 ms";
        return {
          answers: sources.map((_, i): Answer => (i < at ? { value: { names: ["double"] } } : { failed })),
          effects: [],
        };
      },
    ],
  ] as const)
    it(`tells an error of one alone that ${how}`, async () => {
      const { sandbox, opened, closed } = reading(answer);
      const read = await readPythonPrograms(sandbox, some, undefined);
      assert.deepEqual(
        read.flatMap(({ errors, text, defines }) => (errors.length > 0 ? [text] : defines.has("double") ? [] : ["?"])),
        [fatal],
      );
      assert.deepEqual(
        read.map(({ text }) => text),
        some,
      );
      assert.equal(closed(), opened.length);
    });

  it("takes a fault of the sandbox for none of the program's", async () => {
    const { sandbox } = reading(() => ({ failed: "its children died", effects: [], fault: true }));
    const [read] = await readPythonPrograms(sandbox, ["p"], undefined);
    assert.equal(read!.fault, true);
    const source = "def double(n): return n * 2";
    const [score] = await scoreAnswers([{ problem: double, language: "python", source }], {
      sandboxes: { python: sandbox },
    });
    assert.deepEqual([score!.outcome, score!.cause, score!.passed], ["sandbox_fault", "its children died", false]);
  });
});
