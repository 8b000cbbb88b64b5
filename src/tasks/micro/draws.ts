/** Values to try a function on: fixed ones at each boundary of a kind, and drawn ones, some of them near the task's constants. */

import type { Random } from "../../random/index.ts";
import type { Constant, Kind, Person } from "./stages/index.ts";

const longList = [14, -3, 8, 120, 8, 0, 33, -27, 5, 61, 2, 14, 120, 9, -27, 46, 7];
/** Some hold a letter twice, so that letters are told from words that have them; all together hold every letter. */
const words = (
  "moon apple sea lantern a river tea bread star moth fern cat mountain oar sun ice banana letter coffee mirror lull onion " +
  "yarn jazz quick box valley wave dog"
).split(" ");
/** Of these lists are made: for each letter that is asked for there is one that begins with it, another, and one that holds it within. */
const listed = [...words, ..."egg ear orange rope rose mist tent cab lamp".split(" ")];
/** Some begin with, or hold, another one. */
const names = ["Ada", "Bo", "Cleo", "Dan", "Eve", "Adam", "Bob", "Cleopatra", "Danilo", "Jordan", "Hana"];

/** Values at the boundaries: nothing, one, several with repeats and both signs, more than any constant. */
export function boundariesOf(kinds: readonly Kind[], constants: readonly Constant[]): (readonly unknown[])[] {
  const numbers = constants.filter((one) => typeof one === "number");
  if (kinds.length === 2)
    return [
      [0, 0],
      [-4, 7],
      [13, 5],
      [6, 6],
    ];
  switch (kinds[0]!) {
    case "number":
      return [[0], [-7], [12], ...numbers.map((k) => [k]), [101]];
    case "count":
      return [[1], [2], [7], [12]];
    case "text":
      return [[""], ["a"], ["level"], ["Good day"], ["one two three four five"], ["Tea for TWO"]];
    case "numbers":
      return [[[]], [[9]], [longList], [[3, -12, 40, 3, 0, 7]]];
    case "words":
      return [[[]], [["tea"]], [["moon", "apple", "sea", "lantern", "moon", "a", "river"]]];
    case "people":
      return [
        [[]],
        [[{ name: "Ada", age: 36 }]],
        [
          [
            { name: "Bo", age: 7 },
            { name: "Cleo", age: 51 },
            { name: "Dan", age: 18 },
            { name: "Ada", age: 36 },
          ],
        ],
      ];
    case "boolean":
      return [[true], [false]];
  }
}

/** Draws one list of arguments. */
export function drawValues(random: Random, kinds: readonly Kind[], constants: readonly Constant[]): unknown[] {
  const values = kinds.map((kind) => drawValue(random, kind, constants));
  const numbers = constants.filter((one) => typeof one === "number");
  const [a, b] = values;
  if (kinds.length !== 2 || typeof a !== "number" || typeof b !== "number" || random.uniform() < 0.5) return values;
  const k = numbers.length === 0 ? 0 : random.choice(numbers);
  // Two numbers that are equal, nearly so, or but for their sign, that add up to about a constant, or of which one is a multiple of the other.
  return random.choice([
    [a, a],
    [a, -a],
    [a, a + random.choice([-1, -0.5, 0.5, 1])],
    [a, k - a + random.integer(3) - 1],
    [b * (1 + random.integer(6)), b],
  ]);
}

function drawValue(random: Random, kind: Kind, constants: readonly Constant[]): unknown {
  switch (kind) {
    case "number":
      return drawNumber(random, constants) + (random.uniform() < 0.1 ? random.choice([-0.5, 0.5]) : 0);
    case "count":
      return 1 + random.integer(12);
    case "text":
      return drawText(random, constants);
    case "numbers":
      return drawList(random, () => drawNumber(random, constants));
    case "words":
      return drawList(random, () => drawWord(random, constants));
    case "people":
      return drawPeople(random, constants);
    case "boolean":
      return random.uniform() < 0.5;
  }
}

function drawNumber(random: Random, constants: readonly Constant[]): number {
  const numbers = constants.filter((one) => typeof one === "number");
  const at = random.uniform();
  if (numbers.length > 0 && at < 0.4) {
    const k = random.choice(numbers);
    if (at < 0.05) return k + random.choice([-100, 100, 1000]);
    return at < 0.1 ? k * (random.integer(9) - 2) : k + random.integer(5) - 2;
  }
  if (at < 0.7) return random.integer(25) - 12;
  return at < 0.93 ? random.integer(360) - 60 : random.integer(20_000) - 4000;
}

function drawText(random: Random, constants: readonly Constant[]): string {
  const text = drawInner(random, constants);
  // Spaces at its ends, and two in a row, are characters like others.
  return random.uniform() < 0.1
    ? random.choice([` ${text}`, `${text} `, ` ${text} `, text.replace(" ", "  "), text.replace(" ", "  ")])
    : text;
}

function drawInner(random: Random, constants: readonly Constant[]): string {
  const texts = constants.filter((one) => typeof one === "string");
  const at = random.uniform();
  if (texts.length > 0 && at < 0.45) {
    const k = random.choice(texts);
    const [other, more] = [random.choice(words), random.choice(words)];
    return random.choice([
      k,
      `${k}${other}`,
      `${other}${k}`,
      `${other} ${k} ${more}`,
      `${k} ${other}`,
      `${other} ${k}`,
      `${k.slice(0, 1)} ${k.slice(1)}`,
    ]);
  }
  if (at < 0.55) return random.choice(oddTexts);
  const list = Array.from({ length: 1 + random.integer(4) }, () => random.choice(words));
  return withCapitals(random, list);
}

const oddTexts = [
  ...["", "noon", "abba", "radar", "never odd", "ab", "z", "Anna", "x9", "What? No!"],
  ...[" ", "red  sun", "TeaTime", "NO", "a-b c"],
];

/** A text of words with a capital at its beginning, at each word's, within, or all over; mostly with none. */
function withCapitals(random: Random, list: readonly string[]): string {
  const raised = (word: string): string => word[0]!.toUpperCase() + word.slice(1);
  const text = list.join(" ");
  const at = random.uniform();
  if (at < 0.15) return raised(text);
  if (at < 0.22) return list.map(raised).join(" ");
  if (at < 0.26) return text.toUpperCase();
  if (at < 0.3) return `${list.slice(1).join(" ")} ${raised(list[0]!)}`.trim();
  return text;
}

/** One that begins with a letter which is asked for, now and then: else few lists would have two of them. */
function drawWord(random: Random, constants: readonly Constant[]): string {
  const asked = listed.filter((word) => constants.includes(word[0]!));
  return random.choice(asked.length > 0 && random.uniform() < 0.3 ? asked : listed);
}

function drawList<T>(random: Random, draw: () => T): T[] {
  const list: T[] = [];
  const length = random.choice([0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 16]);
  while (list.length < length) list.push(list.length > 0 && random.uniform() < 0.2 ? random.choice(list) : draw());
  return list;
}

function drawPeople(random: Random, constants: readonly Constant[]): Person[] {
  const ages = constants.filter((one) => typeof one === "number");
  const begin = random.integer(names.length);
  return Array.from({ length: 1 + random.integer(6) }, (_, i) => ({
    name: names[(begin + i) % names.length]!,
    age: ages.length > 0 && random.uniform() < 0.4 ? ages[0]! + random.integer(3) - 1 : 3 + random.integer(80),
  }));
}
