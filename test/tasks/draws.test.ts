/** What functions of a task are tried on: each kind of value in the forms that tell programs apart, none of them rare. */

import assert from "node:assert/strict";
import { createRandom } from "../../src/random/index.ts";
import { boundariesOf, drawValues } from "../../src/tasks/micro/draws.ts";
import type { Person } from "../../src/tasks/micro/stages/index.ts";

const many = 4000;

/** Draws of one kind, with a constant of the task's. */
const drawsOf = <T>(
  kind: Parameters<typeof drawValues>[1][number],
  constants: readonly (string | number)[] = [],
): T[] => {
  const random = createRandom(1, "draws");
  return Array.from({ length: many }, () => drawValues(random, [kind], constants)[0] as T);
};

/** Share of the draws for which this holds, in %. */
const percent = <T>(all: readonly T[], holds: (one: T) => boolean): number =>
  (100 * all.filter(holds).length) / all.length;

const within = (share: number, least: number, most: number, what: string): void =>
  assert.ok(share >= least && share <= most, `${what}: ${share.toFixed(1)} %`);

describe("values that a task's functions are tried on", () => {
  it("texts have a capital at their beginning, at each word's, within, or all over; most have none", () => {
    const texts = drawsOf<string>("text").filter((text) => /^[A-Za-z]+( [A-Za-z]+)+$/.test(text)); // of words, as they were put together
    const isRaised = (word: string): boolean => /^[A-Z][a-z]*$/.test(word);
    const areLow = (words: readonly string[]): boolean => words.every((word) => /^[a-z]+$/.test(word));
    const forms: { [form: string]: (words: string[]) => boolean } = {
      beginning: ([first, ...rest]) => isRaised(first!) && areLow(rest),
      each: (words) => words.every(isRaised),
      within: (words) => areLow(words.slice(0, -1)) && isRaised(words.at(-1)!),
      all: (words) => words.join("") === words.join("").toUpperCase(),
    };
    for (const [form, is] of Object.entries(forms))
      within(
        percent(texts, (text) => is(text.split(" "))),
        2,
        20,
        form,
      );
    within(
      percent(texts, (text) => areLow(text.split(" "))),
      55,
      85,
      "none",
    );
  });

  it("texts have spaces at their ends or two in a row now and then, and are empty now and then", () => {
    const texts = drawsOf<string>("text");
    within(
      percent(texts, (text) => text.startsWith(" ")),
      1,
      12,
      "at the beginning",
    );
    within(
      percent(texts, (text) => text.endsWith(" ")),
      1,
      12,
      "at the end",
    );
    within(
      percent(texts, (text) => text.trim().includes("  ")),
      1,
      8,
      "in a row",
    );
    within(
      percent(texts, (text) => text === ""),
      0.5,
      8,
      "empty",
    );
  });

  it("texts and numbers of a task with a constant are often about it, and of one without never so often", () => {
    const holds = (text: string): boolean => text.includes("qux");
    within(percent(drawsOf<string>("text", ["qux"]), holds), 30, 60, "a text's constant");
    within(percent(drawsOf<string>("text"), holds), 0, 0, "no constant");
    const near = (value: number): boolean => Math.abs(value - 5000) <= 3;
    const far = (value: number): boolean => [-100, 100, 1000].some((by) => Math.abs(value - 5000 - by) <= 1);
    within(percent(drawsOf<number>("number", [5000]), near), 25, 45, "near a number's constant");
    within(percent(drawsOf<number>("number", [5000]), far), 2, 9, "far from it");
    within(
      percent(drawsOf<number>("number", [5000]), (value) => Math.abs(value % 5000) <= 0.5 && Math.abs(value) > 9000),
      1,
      9,
      "times it",
    );
    within(percent(drawsOf<number>("number"), near), 0, 1, "no constant");
  });

  it("numbers are small, middling and large, whole and halves, of both signs; counts are positive", () => {
    const numbers = drawsOf<number>("number");
    within(
      percent(numbers, (value) => Math.abs(value) <= 12.5),
      65,
      85,
      "small",
    );
    within(
      percent(numbers, (value) => value > 300.5),
      4,
      12,
      "large",
    );
    within(
      percent(numbers, (value) => value < 0),
      30,
      50,
      "negative",
    );
    within(
      percent(numbers, (value) => !Number.isInteger(value)),
      7,
      13,
      "halves",
    );
    const counts = drawsOf<number>("count");
    assert.deepEqual(
      [...new Set(counts)].sort((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    );
    within(percent(drawsOf<boolean>("boolean"), Boolean), 45, 55, "true");
  });

  it("lists are of many lengths, empty ones too, with values that come again", () => {
    const lists = drawsOf<number[]>("numbers");
    const lengths = new Set(lists.map(({ length }) => length));
    assert.deepEqual(
      [...lengths].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 16],
    );
    within(
      percent(lists, (list) => list.length === 0),
      3,
      10,
      "empty",
    );
    const two = lists.filter((list) => list.length === 2);
    within(
      percent(two, ([a, b]) => a === b),
      15,
      35,
      "one that comes again",
    );
    const begins = (words: string[]): boolean => words.filter((word) => word.startsWith("r")).length > 1;
    const asked = percent(drawsOf<string[]>("words", ["r"]), begins);
    const unasked = percent(drawsOf<string[]>("words"), begins);
    assert.ok(asked > unasked + 10, `two words with the letter that is asked for: ${asked} % for ${unasked} %`);
  });

  it("two numbers are half the time related: equal, of two signs, neighbours, about a constant together, a multiple", () => {
    const random = createRandom(1, "pairs");
    const pairs = Array.from(
      { length: many },
      () => drawValues(random, ["number", "number"], [1111]) as [number, number],
    );
    within(
      percent(pairs, ([a, b]) => a === b),
      6,
      16,
      "equal",
    );
    within(
      percent(pairs, ([a, b]) => a === -b && a !== 0),
      5,
      15,
      "of two signs",
    );
    within(
      percent(pairs, ([a, b]) => a !== b && Math.abs(a - b) <= 1),
      6,
      20,
      "neighbours",
    );
    for (const by of [0.5, 1])
      for (const side of [by, -by])
        within(
          percent(pairs, ([a, b]) => b - a === side),
          2,
          8,
          `${side} more`,
        );
    within(
      percent(pairs, ([a, b]) => Math.abs(a + b - 1111) <= 1),
      6,
      18,
      "about a constant",
    );
    within(
      percent(pairs, ([a, b]) => Math.abs(a) > Math.abs(b) && b !== 0 && a % b === 0),
      5,
      25,
      "a multiple",
    );
  });
});

describe("the boundaries of a kind", () => {
  const of = (kind: Parameters<typeof boundariesOf>[0][number], ...constants: (string | number)[]): unknown[] =>
    boundariesOf([kind], constants).map(([value]) => value);

  it("are nothing, one, several with repeats and both signs, and each of the ask's numbers", () => {
    assert.deepEqual(of("boolean"), [true, false]);
    assert.deepEqual(of("number", 50, "a", 60), [0, -7, 12, 50, 60, 101]);
    assert.ok(of("text").includes("") && of("text").includes("a"));
    for (const kind of ["numbers", "words", "people"] as const) {
      const lengths = of(kind).map((list) => (list as unknown[]).length);
      assert.deepEqual(lengths.slice(0, 2), [0, 1], kind);
      assert.ok(Math.max(...lengths) >= 4, kind);
    }
    for (const kind of ["numbers", "words"] as const)
      assert.ok(
        of(kind).some((list) => new Set(list as unknown[]).size < (list as unknown[]).length),
        kind,
      );
    const pairs = boundariesOf(["number", "number"], []) as [number, number][];
    assert.ok(pairs.some(([a, b]) => a === b && a !== 0) && pairs.some(([a, b]) => a * b < 0));
  });

  it("of an ask about ages are met by people who are drawn", () => {
    const ages = (...constants: number[]): number[] =>
      drawsOf<Person[]>("people", constants)
        .flat()
        .map(({ age }) => age);
    within(
      percent(ages(200), (age) => Math.abs(age - 200) <= 1),
      30,
      50,
      "about it",
    );
    assert.ok(ages().every((age) => age >= 3 && age <= 82));
  });
});
