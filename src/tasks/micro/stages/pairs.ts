/** Stages of two numbers. */

import { type Kind, type Stage, type StageWords, smallNumbers, someNumbers, stage } from "./stage.ts";

const two = (gives: Kind, words: StageWords): Stage => stage(["number", "number"], gives, words);
const areWhole = (a: number, b: number): boolean => Number.isInteger(a) && Number.isInteger(b);

/** What two numbers give. */
export const pairStages: { readonly [name: string]: Stage } = {
  sum: two("number", {
    names: "add sum plus",
    phrase: ["the sum of {0} and {1}", "{0} plus {1}"],
    code: "{0} + {1}",
    run: (a: number, b: number) => a + b,
  }),
  difference: two("number", {
    names: "subtract diff minus",
    phrase: "{0} minus {1}",
    code: "{0} - {1}",
    run: (a: number, b: number) => a - b,
  }),
  product: two("number", {
    names: "multiply product times",
    phrase: ["the product of {0} and {1}", "{0} times {1}"],
    code: "{0} * {1}",
    run: (a: number, b: number) => a * b,
  }),
  quotient: two("number", {
    names: "divide ratio",
    phrase: ["{0} divided by {1}", "the ratio of {0} to {1}"],
    code: "{0} / {1}",
    run: (a: number, b: number) => a / b,
    needs: (_: number, b: number) => b !== 0,
  }),
  remainder: two("number", {
    names: "remainder mod",
    phrase: "the remainder of {0} divided by {1}",
    code: "{0} % {1}",
    run: (a: number, b: number) => a % b,
    needs: (a: number, b: number) => areWhole(a, b) && a >= 0 && b > 0,
  }),
  larger: two("number", {
    names: "max larger bigger",
    phrase: ["the larger of {0} and {1}", "the maximum of {0} and {1}"],
    code: "Math.max({0}, {1})",
    run: (a: number, b: number) => Math.max(a, b),
  }),
  smaller: two("number", {
    names: "min smaller",
    phrase: ["the smaller of {0} and {1}", "the minimum of {0} and {1}"],
    code: "Math.min({0}, {1})",
    run: (a: number, b: number) => Math.min(a, b),
  }),
  mean: two("number", {
    names: "mean average middle",
    phrase: ["the mean of {0} and {1}", "the average of {0} and {1}"],
    code: "({0} + {1}) / 2",
    run: (a: number, b: number) => (a + b) / 2,
  }),
  power: two("number", {
    names: "power pow",
    phrase: "{0} to the power of {1}",
    code: "{0} ** {1}",
    loop: "let {out} = 1;\nfor (let i = 0; i < {1}; i++) {out} *= {0};",
    run: (a: number, b: number) => a ** b,
    needs: (a: number, b: number) => Number.isInteger(b) && b >= 0 && b <= 6 && Math.abs(a) <= 20,
  }),
  distance: two("number", {
    names: "distance gap",
    phrase: ["the distance of {0} and {1}", "the distance between {0} and {1}"],
    code: "Math.abs({0} - {1})",
    run: (a: number, b: number) => Math.abs(a - b),
  }),
  squares: two("number", {
    names: "squares sumSquares",
    phrase: "the square of {0} plus the square of {1}",
    code: "{0} ** 2 + {1} ** 2",
    run: (a: number, b: number) => a * a + b * b,
  }),
  weighted: two("number", {
    constants: [smallNumbers.slice(0, 9)],
    names: "mix combine",
    phrase: ["{0} plus {k} times {1}", "the sum of {0} and {k} times {1}"],
    code: "{0} + {k} * {1}",
    run: (a: number, b: number, k: number) => a + k * b,
  }),
  less: two("number", {
    constants: [smallNumbers.slice(0, 9)],
    names: "mix combine",
    phrase: "{k} times {0} minus {1}",
    code: "{k} * {0} - {1}",
    run: (a: number, b: number, k: number) => k * a - b,
  }),
  listed: two("numbers", {
    names: "pair both",
    phrase: "a list of {0} and {1}",
    code: "[{0}, {1}]",
    run: (a: number, b: number) => [a, b],
  }),
};

/** Questions about two numbers. */
export const pairQuestions: { readonly [name: string]: Stage } = {
  equal: two("boolean", {
    names: "same equal",
    phrase: ["whether {0} equals {1}", "whether {0} and {1} are the same"],
    code: "{0} === {1}",
    run: (a: number, b: number) => a === b,
  }),
  greater: two("boolean", {
    names: "greater above",
    phrase: "whether {0} is greater than {1}",
    code: "{0} > {1}",
    run: (a: number, b: number) => a > b,
  }),
  divisible: two("boolean", {
    names: "divides fits",
    phrase: "whether {0} is divisible by {1}",
    code: "{0} % {1} === 0",
    run: (a: number, b: number) => a % b === 0,
    needs: (a: number, b: number) => areWhole(a, b) && b !== 0,
  }),
  bothEven: two("boolean", {
    names: "bothEven even",
    phrase: "whether both {0} and {1} are even",
    code: "{0} % 2 === 0 && {1} % 2 === 0",
    run: (a: number, b: number) => a % 2 === 0 && b % 2 === 0,
    needs: areWhole,
  }),
  bothAbove: two("boolean", {
    constants: [someNumbers],
    names: "bothAbove high",
    phrase: "whether both {0} and {1} are above {k}",
    code: "{0} > {k} && {1} > {k}",
    run: (a: number, b: number, k: number) => a > k && b > k,
  }),
  eitherBelow: two("boolean", {
    constants: [someNumbers],
    names: "anyBelow low",
    phrase: "whether at least one of {0} and {1} is below {k}",
    code: "{0} < {k} || {1} < {k}",
    run: (a: number, b: number, k: number) => a < k || b < k,
  }),
};
