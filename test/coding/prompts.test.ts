/** The prompts as a model sees them, and that what they show gives no problem of the ladder away. */

import assert from "node:assert/strict";
import { exercises } from "../../src/coding/exercises.ts";
import { codeProblems, codePrompts } from "../../src/coding/index.ts";
import { promptOf } from "../../src/coding/prompts.ts";
import { double } from "./fixtures.ts";

const prompts = codePrompts();
const plain = (exercise: keyof typeof exercises) =>
  promptOf(prompts, "plain", double, { kind: exercises[exercise] }).text.split("\n\n").at(-1);

describe("the prompts of the code tasks", () => {
  it("end where the answer begins, and hide the name where it would give the task away", () => {
    assert.equal(plain("text-to-code"), "// Returns n times two.\nconst f = (n) => {");
    assert.equal(plain("completion"), "const double = (n) => {");
    assert.equal(plain("completion-half"), "const double = (n) => {\n  return n");
    assert.equal(
      plain("translation"),
      "# Python\ndef double(n):\n    return n * 2\n\n// JavaScript\nconst double = (n) => {".split("\n\n").at(-1),
    );
    assert.equal(
      plain("repair"),
      "// Returns n times two.\n// wrong\nconst double = (n) => {\n  return n + 2;\n};\n// right\nconst double = (n) => {",
    );
    assert.equal(plain("summary"), "const f = (n) => {\n  return n * 2;\n};\n// The function f:");
  });

  it("leave no place unfilled, and hold nothing of the reference where that is the answer", () => {
    for (const form of ["plain", "chat"] as const)
      for (const [name, kind] of Object.entries(exercises)) {
        const { text, ...rest } = promptOf(prompts, form, double, { kind });
        if (form === "chat")
          assert.deepEqual([rest.shared, rest.begun], [0, ""], "a chat has one text, nothing of it shared");
        assert.doesNotMatch(text, /\{[a-zA-Z]+\}/, `${form} ${name}`);
        if (kind.answer === "javascript") assert.ok(!text.includes("return n * 2;"), `${form} ${name}`);
        if (name === "completion") assert.ok(!text.includes(double.ask));
        if (kind.nameless) assert.doesNotMatch(text, /double/);
      }
  });

  it("show the examples that are likest to what is asked, the likest last, and share nothing then", () => {
    const kind = exercises["summary-rewritten"];
    const ask = 'Returns true if every word in list ends with "s", else false.';
    const { text, shared } = promptOf(prompts, "plain", { ...double, parameters: [] }, { kind, ask });
    const shown = text.match(/^\/\/ .*/gm)!.map((line) => line.slice(3));
    assert.deepEqual(shown.slice(-2), ['Returns true if every word in list ends with "ing", else false.', ask]);
    assert.ok(prompts.examples.length > 40 && shown.length === 5, String(shown.length));
    assert.equal(shared, 0);
    // Programs are likened where programs are asked about.
    const body = "  let sum = 0;\n  for (const x of list) {\n    if (x > 9) sum += x;\n  }\n  return sum;\n";
    const twin = { ...double.code.javascript!, head: "const double = (list) => {\n", body };
    const summed = promptOf(prompts, "plain", { ...double, code: { javascript: twin } }, { kind: exercises.summary });
    assert.match(summed.text.split("\n\n").at(-2)!, /The function f: Returns the sum of the numbers in list above 75/);
  });

  it("share the examples that all questions of a kind show", () => {
    const { text, shared } = promptOf(prompts, "plain", double, { kind: exercises["text-to-code"] });
    assert.equal(text.slice(shared), "// Returns n times two.\nconst f = (n) => {");
    assert.ok(text.startsWith(`// ${prompts.examples.at(-2)!.ask}\n`), text);
  });

  it("show examples that are no problems of the ladder", async () => {
    const problems = await codeProblems();
    const [asks, names] = [problems.map(({ ask }) => ask), problems.map(({ code }) => code.javascript!.name)];
    for (const { ask, name } of prompts.examples) {
      assert.ok(!asks.includes(ask), ask);
      assert.ok(!names.includes(name), name);
    }
    // Where one has the same body all the same, another example stands in its place.
    const kind = exercises["text-to-code"];
    const given = problems.filter((problem) =>
      promptOf(prompts, "plain", problem, { kind }).text.includes(problem.code.javascript!.body),
    );
    assert.deepEqual(given, []);
    const bodies = prompts.examples.map(({ javascript }) => javascript);
    assert.ok(
      problems.some(({ code }) => bodies.includes(code.javascript!.body)),
      "one has: how far a and b are apart",
    );
  });
});
