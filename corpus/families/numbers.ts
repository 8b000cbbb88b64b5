/** Functions of one and of two numbers: single operations, and two in a row. */

import type { Random } from "../../src/random/index.ts";
import type { Draft, Family, Style } from "../types.ts";
import { smallNumbers } from "../words.ts";
import { drawFunction, type FunctionIdea } from "../write.ts";

const one = [["n"], ["n"], ["x"], ["value"], ["number"]];
const two = [
  ["a", "b"],
  ["a", "b"],
  ["x", "y"],
  ["first", "second"],
];
const oneSample = [[3], [0], [-4], [10], [7]];
const twoSample = [
  [2, 3],
  [10, 4],
  [-5, 2],
  [7, 7],
];

const unary = (
  id: string,
  names: string,
  phrases: string[],
  expressions: string[],
  run: (n: number) => unknown,
  returns = "number",
): FunctionIdea => ({
  id,
  names: names.split(" "),
  parameters: one,
  types: ["number"],
  returns,
  phrases,
  expressions,
  samples: oneSample,
  run: run as FunctionIdea["run"],
});

const binary = (
  id: string,
  names: string,
  phrases: string[],
  expressions: string[],
  run: (a: number, b: number) => unknown,
  returns = "number",
): FunctionIdea => ({
  id,
  names: names.split(" "),
  parameters: two,
  types: ["number", "number"],
  returns,
  phrases,
  expressions,
  samples: twoSample,
  run: run as FunctionIdea["run"],
});

const fixedUnary: FunctionIdea[] = [
  unary(
    "double",
    "double twice times2",
    ["twice {0}", "double {0}", "{0} times two"],
    ["{0} * 2", "2 * {0}", "{0} + {0}"],
    (n) => n * 2,
  ),
  unary("half", "half halve", ["half of {0}", "{0} divided by two"], ["{0} / 2"], (n) => n / 2),
  unary("square", "square squared", ["{0} squared", "the square of {0}"], ["{0} * {0}", "{0} ** 2"], (n) => n * n),
  unary("cube", "cube cubed", ["{0} cubed", "the cube of {0}"], ["{0} ** 3", "{0} * {0} * {0}"], (n) => n ** 3),
  unary("negate", "negate flip minus", ["minus {0}", "the opposite of {0}"], ["-{0}"], (n) => 0 - n),
  unary("next", "next inc", ["one more than {0}", "the number after {0}"], ["{0} + 1"], (n) => n + 1),
  unary("previous", "prev dec", ["one less than {0}", "the number before {0}"], ["{0} - 1"], (n) => n - 1),
  unary("absolute", "abs absolute", ["the absolute value of {0}", "{0} without its sign"], ["Math.abs({0})"], (n) =>
    Math.abs(n),
  ),
  unary("even", "even isEven", ["whether {0} is even"], ["{0} % 2 === 0"], (n) => n % 2 === 0, "boolean"),
  unary("odd", "odd isOdd", ["whether {0} is odd"], ["{0} % 2 !== 0"], (n) => n % 2 !== 0, "boolean"),
  unary(
    "positive",
    "positive isPositive",
    ["whether {0} is positive", "whether {0} is above zero"],
    ["{0} > 0"],
    (n) => n > 0,
    "boolean",
  ),
  unary(
    "negative",
    "negative isNegative",
    ["whether {0} is negative", "whether {0} is below zero"],
    ["{0} < 0"],
    (n) => n < 0,
    "boolean",
  ),
];

const fixedBinary: FunctionIdea[] = [
  binary(
    "sum",
    "add sum plus",
    ["the sum of {0} and {1}", "{0} plus {1}", "{0} and {1} added"],
    ["{0} + {1}"],
    (a, b) => a + b,
  ),
  binary(
    "difference",
    "subtract diff minus",
    ["{0} minus {1}", "the difference of {0} and {1}"],
    ["{0} - {1}"],
    (a, b) => a - b,
  ),
  binary(
    "product",
    "multiply product times",
    ["the product of {0} and {1}", "{0} times {1}"],
    ["{0} * {1}"],
    (a, b) => a * b,
  ),
  binary("quotient", "divide ratio", ["{0} divided by {1}", "the ratio of {0} to {1}"], ["{0} / {1}"], (a, b) => a / b),
  binary(
    "larger",
    "max larger bigger",
    ["the larger of {0} and {1}", "the maximum of {0} and {1}"],
    ["Math.max({0}, {1})", "{0} > {1} ? {0} : {1}"],
    (a, b) => Math.max(a, b),
  ),
  binary(
    "smaller",
    "min smaller",
    ["the smaller of {0} and {1}", "the minimum of {0} and {1}"],
    ["Math.min({0}, {1})", "{0} < {1} ? {0} : {1}"],
    (a, b) => Math.min(a, b),
  ),
  binary(
    "mean",
    "mean average middle",
    ["the mean of {0} and {1}", "the average of {0} and {1}"],
    ["({0} + {1}) / 2"],
    (a, b) => (a + b) / 2,
  ),
  binary("power", "power pow", ["{0} to the power of {1}"], ["{0} ** {1}", "Math.pow({0}, {1})"], (a, b) => a ** b),
  binary(
    "distance",
    "distance gap",
    ["the distance of {0} and {1}", "how far {0} is from {1}"],
    ["Math.abs({0} - {1})"],
    (a, b) => Math.abs(a - b),
  ),
  binary(
    "equal",
    "same equal",
    ["whether {0} equals {1}", "whether {0} and {1} are the same"],
    ["{0} === {1}"],
    (a, b) => a === b,
    "boolean",
  ),
  binary("greater", "greater above", ["whether {0} is greater than {1}"], ["{0} > {1}"], (a, b) => a > b, "boolean"),
];

interface Step {
  id: string;
  names: string;
  phrases: string[];
  /** The phrase as the second of two steps. */
  second: string;
  sign: string;
  run(n: number): number;
}

/** Multiply, add or subtract by a number. */
function drawStep(random: Random): Step {
  const k = random.choice(smallNumbers);
  switch (random.integer(3)) {
    case 0:
      return {
        id: `*${k}`,
        names: "times multiply scale",
        phrases: [`{0} times ${k}`, `{0} multiplied by ${k}`, `${k} times {0}`],
        second: `times ${k}`,
        sign: `* ${k}`,
        run: (n) => n * k,
      };
    case 1:
      return {
        id: `+${k}`,
        names: "add plus increase",
        phrases: [`{0} plus ${k}`, `${k} more than {0}`, `the sum of {0} and ${k}`],
        second: `plus ${k}`,
        sign: `+ ${k}`,
        run: (n) => n + k,
      };
    default:
      return {
        id: `-${k}`,
        names: "subtract minus lower",
        phrases: [`{0} minus ${k}`, `${k} less than {0}`],
        second: `minus ${k}`,
        sign: `- ${k}`,
        run: (n) => n - k,
      };
  }
}

function drawBy(random: Random, style: Style): Draft {
  const k = random.choice(smallNumbers);
  const more: FunctionIdea[] = [
    unary(`/${k}`, "divide part share", [`{0} divided by ${k}`], [`{0} / ${k}`], (n) => n / k),
    {
      ...unary(
        `%${k}`,
        "rest remainder mod",
        [`the remainder of {0} divided by ${k}`, `{0} modulo ${k}`],
        [`{0} % ${k}`],
        (n) => n % k,
      ),
      // Languages differ on the remainder of a number below 0, and the ask does not say which is meant.
      samples: oneSample.filter(([n]) => n! >= 0),
    },
    unary(
      `>${k}`,
      "big above isBig",
      [`whether {0} is greater than ${k}`, `whether {0} is above ${k}`],
      [`{0} > ${k}`],
      (n) => n > k,
      "boolean",
    ),
    unary(
      `<${k}`,
      "small below isSmall",
      [`whether {0} is less than ${k}`, `whether {0} is below ${k}`],
      [`{0} < ${k}`],
      (n) => n < k,
      "boolean",
    ),
    unary(
      `|${k}`,
      "divides fits",
      [`whether {0} is divisible by ${k}`],
      [`{0} % ${k} === 0`],
      (n) => n % k === 0,
      "boolean",
    ),
    unary(
      `max${k}`,
      "floor atLeast",
      [`the larger of {0} and ${k}`, `{0}, but at least ${k}`],
      [`Math.max({0}, ${k})`],
      (n) => Math.max(n, k),
    ),
    unary(
      `min${k}`,
      "cap atMost",
      [`the smaller of {0} and ${k}`, `{0}, but at most ${k}`],
      [`Math.min({0}, ${k})`],
      (n) => Math.min(n, k),
    ),
  ];
  if (random.uniform() < 0.45) return drawFunction(random, style, random.choice(more));
  const { id, names, phrases, sign, run } = drawStep(random);
  return drawFunction(random, style, unary(id, names, phrases, [`{0} ${sign}`], run));
}

function drawChain(random: Random, style: Style): Draft {
  const first = drawStep(random);
  const second = drawStep(random);
  const wrapped = !first.sign.startsWith("*") && second.sign.startsWith("*");
  const inner = wrapped ? `({0} ${first.sign})` : `{0} ${first.sign}`;
  const phrases = first.phrases
    .slice(0, 1)
    .flatMap((phrase) => [`${phrase}, ${second.second}`, `${phrase}, then ${second.second}`]);
  const run = (n: number): number => second.run(first.run(n));
  const draft = drawFunction(random, style, unary("", "combine mix chain", phrases, [`${inner} ${second.sign}`], run));
  return { ...draft, combination: `${first.id}${second.id}` };
}

/** Families of functions of numbers. */
export const numberFamilies: readonly Family[] = [
  named("number", 2, (random, style) => drawFunction(random, style, random.choice(fixedUnary))),
  named("number-by", 2, drawBy),
  named("number-chain", 1.5, drawChain),
  named("two-numbers", 2, (random, style) => drawFunction(random, style, random.choice(fixedBinary))),
];

/** Puts the family's name on what it draws. */
export function named(
  name: string,
  weight: number,
  draw: (random: Random, style: Style) => Draft,
  options: { unseen?: boolean } = {},
): Family {
  return { name, weight, ...options, draw: (random, style) => ({ family: name, ...draw(random, style) }) };
}
