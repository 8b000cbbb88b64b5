/** Families that never enter the training split: what a model makes of them, it has not been shown. */

import type { Family } from "../types.ts";
import { drawFunction, type FunctionIdea } from "../write.ts";
import { named } from "./numbers.ts";

const idea = (
  id: string,
  parameters: string[],
  types: string[],
  returns: string,
  phrase: string,
  expression: string,
  samples: unknown[][],
  run: (...values: never[]) => unknown,
): FunctionIdea => ({
  id,
  names: [id],
  parameters: [parameters],
  types,
  returns,
  phrases: [phrase],
  expressions: [expression],
  samples,
  run,
});

const units: FunctionIdea[] = [
  idea(
    "minutes",
    ["hours"],
    ["number"],
    "number",
    "the number of minutes in {0} hours",
    "{0} * 60",
    [[1], [2], [0]],
    (n: number) => n * 60,
  ),
  idea(
    "days",
    ["weeks"],
    ["number"],
    "number",
    "the number of days in {0} weeks",
    "{0} * 7",
    [[1], [3], [0]],
    (n: number) => n * 7,
  ),
  idea(
    "cents",
    ["euros"],
    ["number"],
    "number",
    "the number of cents in {0} euros",
    "{0} * 100",
    [[1], [5], [0]],
    (n: number) => n * 100,
  ),
  idea(
    "celsius",
    ["f"],
    ["number"],
    "number",
    "{0} degrees Fahrenheit in Celsius",
    "(({0} - 32) * 5) / 9",
    [[32], [212], [50]],
    (f: number) => ((f - 32) * 5) / 9,
  ),
];

const shapes: FunctionIdea[] = [
  idea(
    "area",
    ["width", "height"],
    ["number", "number"],
    "number",
    "the area of a rectangle of {0} by {1}",
    "{0} * {1}",
    [
      [2, 3],
      [5, 5],
      [1, 9],
    ],
    (a: number, b: number) => a * b,
  ),
  idea(
    "outline",
    ["width", "height"],
    ["number", "number"],
    "number",
    "the outline of a rectangle of {0} by {1}",
    "2 * ({0} + {1})",
    [
      [2, 3],
      [5, 5],
      [1, 9],
    ],
    (a: number, b: number) => 2 * (a + b),
  ),
];

const letters: FunctionIdea[] = [
  idea(
    "vowels",
    ["text"],
    ["string"],
    "number",
    "the number of vowels of {0}",
    '[...{0}].filter((c) => "aeiou".includes(c)).length',
    [["hello"], ["sky"], ["audio"]],
    (t: string) => [...t].filter((c) => "aeiou".includes(c)).length,
  ),
  idea(
    "middle",
    ["text"],
    ["string"],
    "string",
    "the middle letter of {0}",
    "{0}[Math.floor({0}.length / 2)]",
    [["abc"], ["hello"], ["x"]],
    (t: string) => t[Math.floor(t.length / 2)],
  ),
  idea(
    "initials",
    ["name"],
    ["string"],
    "string",
    "the first letters of the words of {0}",
    '{0}.split(" ").map((w) => w[0]).join("")',
    [["Ada Lovelace"], ["one two three"]],
    (t: string) =>
      t
        .split(" ")
        .map((w) => w[0])
        .join(""),
  ),
];

const places: FunctionIdea[] = [
  idea(
    "second",
    ["list"],
    ["number[]"],
    "number",
    "the second item of {0}",
    "{0}[1]",
    [[[3, 1, 2]], [[5, 6]]],
    (xs: number[]) => xs[1],
  ),
  idea(
    "ends",
    ["list"],
    ["number[]"],
    "number",
    "the first item of {0} plus the last",
    "{0}[0] + {0}.at(-1)",
    [[[3, 1, 2]], [[5, 6]], [[4]]],
    (xs: number[]) => xs[0]! + xs.at(-1)!,
  ),
  idea(
    "median",
    ["list"],
    ["number[]"],
    "number",
    "the median of {0}",
    "[...{0}].sort((a, b) => a - b)[Math.floor({0}.length / 2)]",
    [[[3, 1, 2]], [[9]], [[5, 7, 1, 0, 2]]],
    (xs: number[]) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)],
  ),
];

/** Families outside the training split. */
export const unseenFamilies: readonly Family[] = (
  [
    ["units", units],
    ["shapes", shapes],
    ["letters", letters],
    ["places", places],
  ] as const
).map(([name, ideas]) =>
  named(name, 1, (random, style) => drawFunction(random, style, random.choice(ideas)), { unseen: true }),
);
