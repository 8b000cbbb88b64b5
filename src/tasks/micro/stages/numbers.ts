/** Stages of one number. */

import { type Constant, type Kind, type Stage, type StageWords, smallNumbers, someNumbers, stage } from "./stage.ts";

const one = (gives: Kind, words: StageWords): Stage => stage(["number"], gives, words);
const by = (gives: Kind, words: StageWords, k: readonly Constant[] = someNumbers): Stage =>
  one(gives, { constants: [k], ...words });
const isWhole = (n: number): boolean => Number.isInteger(n) && n >= 0;
const digits = (n: number): number[] => [...String(n)].map(Number);

/** Changes of a number. */
export const numberStages: { readonly [name: string]: Stage } = {
  double: one("number", {
    names: "double twice",
    phrase: ["twice {0}", "double {0}"],
    next: "doubled",
    code: "{0} * 2",
    run: (n: number) => n * 2,
  }),
  half: one("number", {
    names: "half halve",
    phrase: ["half of {0}", "{0} divided by two"],
    next: "halved",
    code: "{0} / 2",
    run: (n: number) => n / 2,
  }),
  square: one("number", {
    names: "square squared",
    phrase: ["{0} squared", "the square of {0}"],
    next: "squared",
    code: "{0} ** 2",
    run: (n: number) => n * n,
  }),
  cube: one("number", {
    names: "cube cubed",
    phrase: ["{0} cubed", "the cube of {0}"],
    next: "cubed",
    code: "{0} ** 3",
    run: (n: number) => n ** 3,
  }),
  negate: one("number", {
    names: "negate flip",
    phrase: ["minus {0}", "{0} with the opposite sign"],
    next: "with the opposite sign",
    code: "-{0}",
    run: (n: number) => 0 - n,
  }),
  absolute: one("number", {
    names: "abs absolute",
    phrase: ["the absolute value of {0}", "{0} without its sign"],
    next: "without its sign",
    code: "Math.abs({0})",
    run: (n: number) => Math.abs(n),
  }),
  next: one("number", { names: "next inc", phrase: "one more than {0}", code: "{0} + 1", run: (n: number) => n + 1 }),
  previous: one("number", {
    names: "prev dec",
    phrase: "one less than {0}",
    code: "{0} - 1",
    run: (n: number) => n - 1,
  }),
  times: by("number", {
    names: "times multiply scale",
    phrase: ["{0} times {k}", "{0} multiplied by {k}", "{k} times {0}"],
    next: "times {k}",
    code: "{0} * {k}",
    run: (n: number, k: number) => n * k,
  }),
  plus: by("number", {
    names: "add plus increase",
    phrase: ["{0} plus {k}", "{k} more than {0}", "the sum of {0} and {k}"],
    next: "plus {k}",
    code: "{0} + {k}",
    run: (n: number, k: number) => n + k,
  }),
  minus: by("number", {
    names: "subtract minus lower",
    phrase: ["{0} minus {k}", "{k} less than {0}"],
    next: "minus {k}",
    code: "{0} - {k}",
    run: (n: number, k: number) => n - k,
  }),
  from: by("number", {
    names: "rest left missing",
    phrase: ["{k} minus {0}", "what is left of {k} when {0} is taken away"],
    code: "{k} - {0}",
    run: (n: number, k: number) => k - n,
  }),
  over: by("number", {
    names: "divide part share",
    phrase: "{0} divided by {k}",
    next: "divided by {k}",
    code: "{0} / {k}",
    run: (n: number, k: number) => n / k,
  }),
  wholeOver: by(
    "number",
    {
      names: "times fits",
      phrase: ["{0} divided by {k}, rounded down", "how many times {k} fits into {0}"],
      code: "Math.floor({0} / {k})",
      run: (n: number, k: number) => Math.floor(n / k),
      needs: isWhole,
    },
    smallNumbers.slice(1),
  ),
  remainder: by(
    "number",
    {
      names: "rest remainder mod",
      phrase: ["the remainder of {0} divided by {k}", "{0} modulo {k}"],
      code: "{0} % {k}",
      run: (n: number, k: number) => n % k,
      needs: isWhole,
    },
    smallNumbers.slice(1),
  ),
  atLeast: by("number", {
    names: "floor atLeast",
    phrase: ["the larger of {0} and {k}", "{0}, but at least {k}"],
    next: "raised to {k} if it is less",
    code: "Math.max({0}, {k})",
    run: (n: number, k: number) => Math.max(n, k),
  }),
  atMost: by("number", {
    names: "cap atMost",
    phrase: ["the smaller of {0} and {k}", "{0}, but at most {k}"],
    next: "lowered to {k} if it is more",
    code: "Math.min({0}, {k})",
    run: (n: number, k: number) => Math.min(n, k),
  }),
  digits: one("number", {
    names: "digits digitCount",
    phrase: "the number of digits of {0}",
    code: "String({0}).length",
    run: (n: number) => String(n).length,
    needs: isWhole,
  }),
  digitSum: one("number", {
    names: "digitSum sumDigits",
    phrase: "the sum of the digits of {0}",
    code: "[...String({0})].reduce((a, d) => a + Number(d), 0)",
    loop: "let {out} = 0;\nfor (const d of String({0})) {out} += Number(d);",
    run: (n: number) => digits(n).reduce((a, b) => a + b, 0),
    needs: isWhole,
  }),
  lastDigit: one("number", {
    names: "lastDigit ones",
    phrase: "the last digit of {0}, as a number",
    code: "{0} % 10",
    run: (n: number) => n % 10,
    needs: isWhole,
  }),
  asText: by(
    "text",
    {
      names: "label tag",
      phrase: "{0} followed by a space and {k}, as one text",
      code: '{0} + " " + {k}',
      run: (n: number, k: string) => `${n} ${k}`,
    },
    ["apples", "cats", "dogs", "stars", "points", "books"],
  ),
};

/** Questions about a number. */
export const numberQuestions: { readonly [name: string]: Stage } = {
  even: one("boolean", {
    names: "even isEven",
    phrase: "whether {0} is even",
    code: "{0} % 2 === 0",
    run: (n: number) => n % 2 === 0,
    needs: Number.isInteger,
  }),
  odd: one("boolean", {
    names: "odd isOdd",
    phrase: "whether {0} is odd",
    code: "{0} % 2 !== 0",
    run: (n: number) => n % 2 !== 0,
    needs: Number.isInteger,
  }),
  positive: one("boolean", {
    names: "positive isPositive",
    phrase: ["whether {0} is positive", "whether {0} is above zero"],
    code: "{0} > 0",
    run: (n: number) => n > 0,
  }),
  negative: one("boolean", {
    names: "negative isNegative",
    phrase: ["whether {0} is negative", "whether {0} is below zero"],
    code: "{0} < 0",
    run: (n: number) => n < 0,
  }),
  above: by("boolean", {
    names: "big above isBig",
    phrase: ["whether {0} is greater than {k}", "whether {0} is above {k}"],
    code: "{0} > {k}",
    run: (n: number, k: number) => n > k,
  }),
  below: by("boolean", {
    names: "small below isSmall",
    phrase: ["whether {0} is less than {k}", "whether {0} is below {k}"],
    code: "{0} < {k}",
    run: (n: number, k: number) => n < k,
  }),
  divisible: by(
    "boolean",
    {
      names: "divides fits",
      phrase: "whether {0} is divisible by {k}",
      code: "{0} % {k} === 0",
      run: (n: number, k: number) => n % k === 0,
      needs: Number.isInteger,
    },
    smallNumbers.slice(1),
  ),
  equals: by("boolean", {
    names: "is equals",
    phrase: ["whether {0} equals {k}", "whether {0} is {k}"],
    code: "{0} === {k}",
    run: (n: number, k: number) => n === k,
  }),
  between: one("boolean", {
    constants: [someNumbers, someNumbers],
    names: "between inRange",
    phrase: "whether {0} is at least {k} and at most {j}",
    code: "{0} >= {k} && {0} <= {j}",
    run: (n: number, k: number, j: number) => n >= k && n <= j,
  }),
};
