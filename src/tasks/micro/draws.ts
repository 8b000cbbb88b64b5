/** Values to try a function on: fixed ones at each boundary of a kind, and drawn ones, some of them near the task's constants. */

import type { Random } from "../../random/index.ts";
import type { Constant, Kind, Person } from "./stages/index.ts";

const longList = [14, -3, 8, 120, 8, 0, 33, -27, 5, 61, 2, 14, 120, 9, -27, 46, 7];
const words = "moon apple sea lantern a river tea bread star moth fern cat mountain oar sun ice".split(" ");
const names = ["Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana"];

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
      return [[""], ["a"], ["level"], ["Good day"], ["one two three four five"]];
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
  // Two numbers that are equal, that add up to about a constant, or of which one is a multiple of the other.
  return random.choice([
    [a, a],
    [a, k - a + random.integer(3) - 1],
    [b * (1 + random.integer(6)), b],
  ]);
}

function drawValue(random: Random, kind: Kind, constants: readonly Constant[]): unknown {
  switch (kind) {
    case "number":
      return drawNumber(random, constants);
    case "count":
      return 1 + random.integer(12);
    case "text":
      return drawText(random, constants);
    case "numbers":
      return drawList(random, () => drawNumber(random, constants));
    case "words":
      return drawList(random, () => random.choice(words));
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
    return at < 0.1 ? k * (random.integer(9) - 2) : k + random.integer(5) - 2;
  }
  return at < 0.7 ? random.integer(25) - 12 : random.integer(360) - 60;
}

function drawText(random: Random, constants: readonly Constant[]): string {
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
    ]);
  }
  if (at < 0.55) return random.choice(["", "noon", "abba", "radar", "never odd", "ab", "z", "Anna", "x9", "What? No!"]);
  const list = Array.from({ length: 1 + random.integer(4) }, () => random.choice(words));
  const text = list.join(" ");
  return random.uniform() < 0.3 ? text[0]!.toUpperCase() + text.slice(1) : text;
}

function drawList<T>(random: Random, draw: () => T): T[] {
  const list: T[] = [];
  const length = random.choice([0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
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
