/** Problems from a file: what is wrong with one is named, and sealed ones are counted each time that they are asked. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeProblems } from "../../src/coding/problems.ts";
import { programOf, twinOf, typedHead } from "../../src/coding/program.ts";
import { type ProblemRecord, problemOf, pythonName } from "../../src/coding/record.ts";
import { noteSealedReading } from "../../src/coding/sealed.ts";

const record: ProblemRecord = {
  ...{ id: "composed/sumOfTwo", level: 1, family: "sums", kind: "composed", split: "sealed", ask: "Returns a plus b." },
  ...{ name: "sumOfTwo", returns: "number", javascript: "  return a + b;\n", python: "    return a + b\n" },
  parameters: [
    { name: "a", type: "number" },
    { name: "b", type: "number" },
  ],
  ...{ inputs: [[1, 2]], expected: [3], mutants: [{ rule: "+ to -", body: "  return a - b;\n" }], equal: [] },
};

describe("problems from a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "problems-"));
  const path = join(folder, "sealed.json");
  after(() => rmSync(folder, { recursive: true }));
  const write = (value: unknown): void => writeFileSync(path, JSON.stringify(value));
  const read = () => codeProblems({ split: "sealed", file: path });

  it("are whole programs in both languages, and have types for TypeScript", () => {
    const problem = problemOf(record);
    assert.equal(programOf(problem, "javascript"), "const sumOfTwo = (a, b) => {\n  return a + b;\n};\n");
    assert.equal(programOf(problem, "python", "    return 0"), "def sum_of_two(a, b):\n    return 0\n");
    assert.equal(typedHead(problem), "const sumOfTwo = (a: number, b: number): number => {\n");
    assert.equal(pythonName("sumOfNumbersAbove10UpToN"), "sum_of_numbers_above_10_up_to_n");
    const { python: _, ...code } = problem.code;
    assert.throws(() => twinOf({ ...problem, code }, "python"), {
      message: "The problem composed/sumOfTwo is written in javascript, not in python: leave it out there",
    });
  });

  it("say which field of which problem is wrong", async () => {
    const faults: [unknown, string][] = [
      [{}, `Expected a list of problems in ${path}`],
      [
        [{ ...record, level: 5 }],
        `Problem "composed/sumOfTwo" of ${path}: Expected \`level\` to be an integer from 1 to 4, got 5`,
      ],
      [[{ ...record, id: "" }], `Problem "" of ${path}: Expected \`id\` to be a text that is not empty, got ""`],
      [
        [{ ...record, name: "sum_of" }],
        `Problem "composed/sumOfTwo" of ${path}: Expected \`name\` to be a name in camel case, got "sum_of"`,
      ],
      [
        [{ ...record, javascript: "return 1" }],
        `Problem "composed/sumOfTwo" of ${path}: Expected \`javascript\` to be the lines of a body, with their last line end, got "return 1"`,
      ],
      [
        [{ ...record, levels: 1 }],
        `Problem "composed/sumOfTwo" of ${path}: There is no \`levels\` in a problem: did you mean \`level\`?`,
      ],
      [
        [{ ...record, expected: [3, 4] }],
        `Problem "composed/sumOfTwo" of ${path}: Expected \`expected\` to have a value for each of the 1 inputs, got 2`,
      ],
      [
        [{ ...record, inputs: [[1]] }],
        `Problem "composed/sumOfTwo" of ${path}: Expected each of \`inputs\` to have 2 arguments, got [1]`,
      ],
      [[record, record], `Problem "composed/sumOfTwo" of ${path}: the id is there twice`],
    ];
    for (const [value, message] of faults) {
      write(value);
      await assert.rejects(read(), { name: "TypeError", message });
    }
    writeFileSync(path, "[");
    await assert.rejects(read(), /^TypeError: The problems in .* cannot be read: /);
    await assert.rejects(codeProblems({ split: "sealed" }), /draw some with `npm run draw:problems -- --split sealed/);
    await assert.rejects(codeProblems({ level: [1] } as object), {
      message: "There is no `level` in the options of codeProblems: did you mean `levels`?",
    });
  });

  it("are those to look at, and always the same few, where nothing else is said", async () => {
    const ids = async (options: Parameters<typeof codeProblems>[0]) =>
      (await codeProblems(options)).map(({ id }) => id);
    const usual = await ids({ count: 8 });
    assert.deepEqual(usual, await ids({ split: "dev", count: 8, seed: 0 }));
    assert.notDeepEqual(usual, await ids({ count: 8, seed: 1 }));
    assert.deepEqual(await ids({}), await ids({ levels: [1, 2, 3, 4] }));
  });

  it("are counted where they are sealed: a line before the first question, anew for a file that was drawn anew", async () => {
    write([record]);
    const sealed = await read();
    const at = new Date("2026-11-27T12:00:00Z");
    assert.equal(noteSealedReading(sealed, { pretrained: "a1" }, at), 1);
    assert.equal(noteSealedReading(await read(), { pretrained: "a1", trained: "b2" }, at), 2);
    const lines = readFileSync(`${path}.readings.jsonl`, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    assert.deepEqual(
      lines.map((one) => ({ ...one, file: "" })),
      [
        { at: "2026-11-27T12:00:00.000Z", contestants: { pretrained: "a1" }, file: "", problems: 1 },
        { at: "2026-11-27T12:00:00.000Z", contestants: { pretrained: "a1", trained: "b2" }, file: "", problems: 1 },
      ],
    );
    write([{ ...record, ask: "Returns b plus a." }]);
    assert.equal(noteSealedReading(await read(), { pretrained: "a1" }, at), 1);
    assert.equal(noteSealedReading([{ ...sealed[0]!, split: "dev" }], {}), null);
    assert.throws(() => noteSealedReading([{ ...sealed[0]! }], {}), {
      message: "Sealed problems must come of one file, as `codeProblems({ split, file })` gives them",
    });
  });
});
