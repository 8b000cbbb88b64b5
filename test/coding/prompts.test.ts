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
        const { text } = promptOf(prompts, form, double, { kind });
        assert.doesNotMatch(text, /\{[a-zA-Z]+\}/, `${form} ${name}`);
        if (kind.answer === "javascript") assert.ok(!text.includes("return n * 2;"), `${form} ${name}`);
        if (name === "completion") assert.ok(!text.includes(double.ask));
        if (kind.nameless) assert.doesNotMatch(text, /double/);
      }
  });

  it("show the examples that a design names, in its order, before what is asked", () => {
    const { text, shared } = promptOf(prompts, "plain", double, { kind: exercises["summary-rewritten"] });
    const names = prompts.plain.rewriting.examples as readonly string[];
    const asks = names.map((name) => prompts.examples.find((one) => one.name === name)!.ask);
    const places = asks.map((ask) => text.indexOf(`// ${ask}\n`));
    assert.deepEqual(
      [...places].sort((a, b) => a - b),
      places,
    );
    assert.ok(asks.length === 16 && places[0] === 0, String(places));
    assert.equal(text.slice(shared), "// Returns n times two.\nconst f = (n) => {");
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
