/** Wrong programs that a person wrote, not a rule: a check's fixed inputs tell each from what is asked, whatever is drawn. */

import assert from "node:assert/strict";
import { compiled, mistakesOf } from "../../scripts/tasks/mistakes.ts";
import { fixedInputs } from "../../scripts/tasks/rivals.ts";
import { createRandom } from "../../src/random/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { checksOf } from "../../src/tasks/micro/checks.ts";
import { type Does, referenceOf } from "../../src/tasks/micro/reference.ts";
import { isSame } from "../../src/tasks/micro/same.ts";

/** Whether our own function gives what stages say on all of some inputs. */
function isTaken(does: Does, source: string, inputs: readonly (readonly unknown[])[]): boolean {
  const own = compiled(source)!;
  return inputs.every((values) => {
    try {
      return isSame(own(...structuredClone(values)), referenceOf(does).run(values));
    } catch {
      return false;
    }
  });
}

describe("the inputs of a check", () => {
  it("tell what is asked from what a stranger wrote in its place, and take what is right in other words", () => {
    const cases: [does: Does, right: string, ...wrong: string[]][] = [
      [[["number.absolute"]], "(n) => (n < 0 ? -n : n)", "(n) => -n", "(n) => n"],
      [[["keep.above", 11]], "(l) => l.flatMap((x) => (x > 11 ? [x] : []))", "(l) => l.filter((x) => x >= 11)"],
      [[["text.squeeze"]], '(t) => t.split(" ").join("")', '(t) => t.replace(" ", "")', "(t) => t.trim()"],
      [
        [["text.dashes"]],
        '(t) => t.split(" ").join("-")',
        '(t) => t.replace(/ +/g, "-")',
        '(t) => t.replace(" ", "-")',
      ],
      [
        [["end.largest"]],
        "(l) => l.toSorted((a, b) => b - a)[0]",
        "(l) => l[0]",
        "(l) => l.at(-1)",
        "(l) => Math.max(0, ...l)",
      ],
      [[["end.count"]], "(l) => l.reduce((n) => n + 1, 0)", "() => 3", "() => 2", "(l) => new Set(l).size"],
      [[["text.wordCount"]], "(t) => t.match(/\\w+/g).length", "() => 3", '(t) => t.split(" ").length - 1'],
      [
        [["word.holding", "a"]],
        "(l) => l.filter((w) => /a/.test(w)).length",
        '(l) => l.join("").split("a").length - 1',
      ],
      [
        [["word.holding", "e"]],
        "(l) => l.filter((w) => /e/.test(w)).length",
        '(l) => l.join("").split("e").length - 1',
      ],
      [[["clock.hourOf"]], "(n) => (n - (n % 60)) / 60", "(n) => Math.floor(n / 60) % 24", "(n) => Math.round(n / 60)"],
      [
        [["clock.sameHalf"]],
        "(a, b) => (a >= 12) === (b >= 12)",
        "(a, b) => a <= 12 === b <= 12",
        "(a, b) => a < 12 && b < 12",
        "(a, b) => a === b",
      ],
      [
        [["text.lower"]],
        '(t) => [...t].map((c) => c.toLowerCase()).join("")',
        "(t) => t.charAt(0).toLowerCase() + t.slice(1)",
      ],
      [
        [["text.lower"], ["text.twice"]],
        "(t) => t.toLowerCase().repeat(2)",
        "(t) => (t.charAt(0).toLowerCase() + t.slice(1)).repeat(2)",
      ],
      [
        [["text.ending", "-"], ["text.lower"]],
        '(t) => t.toLowerCase() + "-"',
        '(t) => t.charAt(0).toLowerCase() + t.slice(1) + "-"',
      ],
      [
        [["word.startingWith", "t"]],
        '(l) => l.filter((w) => w.indexOf("t") === 0)',
        '(l) => [...new Set(l.filter((w) => w[0] === "t"))]',
        '(l) => l.filter((w) => w.includes("t"))',
      ],
      [
        [["letter.occurs", "o"]],
        '(t) => t.replace(/[^o]/g, "").length',
        '(t) => t.split(" ").filter((w) => w.includes("o")).length',
        '(t) => (t.includes("o") ? 1 : 0)',
      ],
      [
        [["pair?.equal"]],
        "(a, b) => a - b === 0",
        "(a, b) => Math.abs(a) === Math.abs(b)",
        "(a, b) => Math.round(a) === Math.round(b)",
      ],
      [
        [["list.anyAbove", 5]],
        "(l) => Math.max(...l) > 5",
        "(l) => l.reduce((a, b) => a + b, 0) > 5",
        "(l) => l[0] > 5",
      ],
      [[["list.allBelow", 6]], "(l) => Math.max(...l) < 6", "(l) => l.at(-1) < 6", "(l) => l[0] < 6"],
      [
        [["text?.ends", "apple"]],
        '(t) => t.slice(-5) === "apple"',
        '(t) => t.at(-1) === "e"',
        '(t) => t.includes("apple")',
      ],
      [
        [["text?.contains", "red"]],
        '(t) => t.indexOf("red") >= 0',
        '(t) => t.indexOf("red") > 0',
        '(t) => t.split(" ").includes("red")',
      ],
      [
        [["letter.vowels"]],
        "(t) => t.replace(/[^aeiou]/g, '').length",
        "(t) => (t.match(/[aeiouy]/g) ?? []).length",
        "() => 3",
      ],
      [
        [["text?.palindrome"]],
        '(t) => t === t.split("").reverse().join("")',
        '(t) => t === t.split(" ").reverse().join(" ")',
      ],
    ];
    for (const [does, right, ...wrong] of cases) {
      const inputs = fixedInputs(does);
      assert.ok(isTaken(does, right, inputs), `${JSON.stringify(does)}: ${right}`);
      for (const one of wrong) assert.ok(!isTaken(does, one, inputs), `${JSON.stringify(does)}: ${one}`);
    }
  });

  it("that ship tell every mistake that a rule makes, for methods and changes alike", async () => {
    const random = createRandom("mistakes in CI");
    const all = (await microTasks()).flatMap((task) => checksOf(task)).filter((check) => "does" in check);
    assert.ok(all.every((check) => check.inputs !== undefined && check.inputs.length >= 4));
    let tried = 0;
    for (let i = 0; i < 24; i++) {
      const { does, inputs } = random.choice(all);
      for (const { source } of mistakesOf(does)) {
        tried++;
        assert.ok(!isTaken(does, source, inputs!), `${JSON.stringify(does)}: ${source}`);
      }
    }
    assert.ok(tried > 600, `${tried} mistakes`);
  });
});
