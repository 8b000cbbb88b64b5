/** pass@k against counting, the distance of two programs against distances worked out by hand, and which failed answers are shown first. */

import assert from "node:assert/strict";
import { worstOf } from "../../src/coding/answers-shown.ts";
import { contestantFigures } from "../../src/coding/figures.ts";
import { codePrompts, codeTasks, type Graded, passAtK } from "../../src/coding/index.ts";
import { editDistance, wordsOf } from "../../src/coding/words.ts";
import { double } from "./fixtures.ts";

/** An answer to the first task. */
const graded = (name: string, id: string, level: number, passed: boolean) =>
  ({
    question: {
      ...{ key: `${name} ${id}`, of: { name, run: 0 }, problem: { ...double, id, level, family: id }, sample: 0 },
      ...{ exercise: "text-to-code", mutant: 0, prompt: { text: "" } },
    },
    answer: { key: `${name} ${id}`, text: "", promptTokens: 0, tokens: 0, finish: null, steered: null },
    source: "",
    score: { outcome: passed ? "passed" : "wrong", passed, failed: null, cause: "" },
  }) as unknown as Graded;

/** The share of all choices of k among n, of which the first c are right, that hold a right one: counted one by one. */
function counted(n: number, c: number, k: number): number {
  let [all, right] = [0, 0];
  for (let choice = 0; choice < 2 ** n; choice++) {
    const taken = Array.from({ length: n }, (_, i) => i).filter((i) => (choice >> i) & 1);
    if (taken.length !== k) continue;
    all++;
    if (taken.some((i) => i < c)) right++;
  }
  return right / all;
}

describe("pass@k", () => {
  it("is the share of choices of k samples that hold one that passes", () => {
    for (let n = 1; n <= 7; n++)
      for (let c = 0; c <= n; c++)
        for (let k = 1; k <= n; k++) {
          const [is, expected] = [passAtK(n, c, k), counted(n, c, k)];
          assert.ok(Math.abs(is - expected) < 1e-12, `n ${n}, c ${c}, k ${k}: ${is}, not ${expected}`);
        }
    assert.throws(() => passAtK(2, 1, 3), { message: "Expected k from 1 to n and c from 0 to n, got n 2, c 1, k 3" });
  });
});

describe("the distance of two programs", () => {
  it("is the fewest words of code put in, taken out or changed, whatever the spaces", () => {
    const apart = (one: string, other: string) => editDistance(wordsOf(one), wordsOf(other));
    assert.equal(apart("return n * 2;", "return  n*2 ;"), 0);
    assert.equal(apart("return n * 2;", "return n + 2;"), 1);
    assert.equal(apart("return n * 2;", "return total;"), 3);
    assert.equal(apart("", "return n;"), 3);
    assert.equal(editDistance([..."kitten"], [..."sitting"]), 3); // the textbook's own example
  });
});

describe("the failed answers of a contestant", () => {
  it("begin with those that most others got right, then with the easier ones", () => {
    const rights: [id: string, level: number, others: boolean[]][] = [
      ["nobody's", 1, [false, false]],
      ["one's, hard", 3, [true, false]],
      ["all's, hard", 4, [true, true]],
      ["one's, easy", 2, [false, true]],
    ];
    const all = rights.flatMap(([id, level, others]) => [
      graded("own", id, level, false),
      ...others.map((passed, i) => graded(`other ${i}`, id, level, passed)),
    ]);
    const shown = (count: number) =>
      worstOf([...all, graded("own", "right", 1, true)], { task: "text-to-code", name: "own", count }).answers.map(
        ({ problem }) => problem,
      );
    assert.deepEqual(shown(9), ["all's, hard", "one's, easy", "one's, hard", "nobody's"]);
    assert.deepEqual(shown(2), ["all's, hard", "one's, easy"]);
  });
});

describe("the figures of a contestant", () => {
  it("are of the tasks that it was asked, and of no others", () => {
    const { tasks } = contestantFigures([graded("own", "a", 1, true), graded("own", "b", 1, true)], {
      ...{ prompts: codePrompts(), tasks: codeTasks, seconds: [], price: null },
    });
    assert.deepEqual(Object.keys(tasks), ["text-to-code"]);
    assert.equal(tasks["text-to-code"]!.share!.estimate, 1);
  });

  it("tell what the answers took: no share is made of nothing", () => {
    const of = (answers: readonly object[]) =>
      contestantFigures(
        answers.map((more, i) => {
          const one = graded("own", `${i}`, 1, true);
          return { ...one, answer: { ...one.answer, ...more } };
        }),
        { ...{ prompts: codePrompts(), tasks: codeTasks, seconds: [] }, price: { prompt: 2, completion: 10 } },
      ).cost;
    const empty = { answers: 0, promptTokens: 0, tokens: 0, seconds: 0, dollars: 0, cut: 0, steered: null };
    assert.deepEqual(of([]), empty);
    assert.deepEqual(of([{ steered: 0, finish: "stop" }]), { ...empty, answers: 1 }, "it wrote nothing");
    const long = { promptTokens: 250_000, tokens: 60_000, finish: "length" };
    assert.deepEqual(
      of([long, { ...long, steered: 15_000, finish: "stop" }, { ...long, steered: 3_000, finish: null }]),
      {
        ...{ answers: 3, promptTokens: 750_000, tokens: 180_000, seconds: 0, dollars: 3.3, cut: 1 / 3, steered: 0.15 },
      },
    );
  });
});
