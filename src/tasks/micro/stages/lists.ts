/** Stages of a list of numbers: which are kept, how each is changed, and what is made of the whole. */

import {
  type Constant,
  fewNumbers,
  type Kind,
  type Stage,
  type StageWords,
  smallNumbers,
  someNumbers,
  stage,
} from "./stage.ts";

const one = (gives: Kind, words: StageWords): Stage => stage(["numbers"], gives, words);
const by = (gives: Kind, k: readonly Constant[], words: StageWords): Stage => one(gives, { constants: [k], ...words });

/** Keeps the numbers of which an expression of `x` is true. */
function keep(
  names: string,
  phrase: string,
  test: string,
  isKept: (x: number, k: number, j: number) => boolean,
  constants: readonly (readonly Constant[])[] = [],
): Stage {
  return one("numbers", {
    names,
    phrase,
    constants,
    code: `{0}.filter((x) => ${test})`,
    loop: `const {out} = [];\nfor (const x of {0}) if (${test}) {out}.push(x);`,
    run: (xs: number[], k: number, j: number) => xs.filter((x) => isKept(x, k, j)),
  });
}

/** Changes each number by an expression of `x`. */
function each(
  names: string,
  phrase: string,
  becomes: string,
  change: (x: number, k: number) => number,
  constants: readonly (readonly Constant[])[] = [],
): Stage {
  return one("numbers", {
    names,
    phrase,
    constants,
    code: `{0}.map((x) => ${becomes})`,
    loop: `const {out} = [];\nfor (const x of {0}) {out}.push(${becomes});`,
    run: (xs: number[], k: number) => xs.map((x) => change(x, k)),
  });
}

const sum = (xs: number[]): number => xs.reduce((a, b) => a + b, 0);
const isSome = (xs: number[]): boolean => xs.length > 0;
const isLong = (xs: number[], k: number): boolean => xs.length >= k;

/** Some of the list. */
export const keepStages: { readonly [name: string]: Stage } = {
  even: keep("evens keep", "the even numbers of {0}", "x % 2 === 0", (x) => x % 2 === 0),
  odd: keep("odds keep", "the odd numbers of {0}", "x % 2 !== 0", (x) => x % 2 !== 0),
  positive: keep("positives keep", "the positive numbers of {0}", "x > 0", (x) => x > 0),
  negative: keep("negatives keep", "the negative numbers of {0}", "x < 0", (x) => x < 0),
  above: keep("above keep large", "the numbers of {0} above {k}", "x > {k}", (x, k) => x > k, [someNumbers]),
  below: keep("below keep small", "the numbers of {0} below {k}", "x < {k}", (x, k) => x < k, [someNumbers]),
  atLeast: keep("least keep", "the numbers of {0} that are {k} or more", "x >= {k}", (x, k) => x >= k, [someNumbers]),
  atMost: keep("most keep", "the numbers of {0} that are {k} or less", "x <= {k}", (x, k) => x <= k, [someNumbers]),
  divisible: keep(
    "multiples keep",
    "the numbers of {0} that are divisible by {k}",
    "x % {k} === 0",
    (x, k) => x % k === 0,
    [smallNumbers.slice(1, 9)],
  ),
  other: keep("without drop", "the numbers of {0} that are not {k}", "x !== {k}", (x, k) => x !== k, [someNumbers]),
  between: keep(
    "between keep",
    "the numbers of {0} that are above {k} and below {j}",
    "x > {k} && x < {j}",
    (x, k, j) => x > k && x < j,
    [smallNumbers, [25, 30, 40, 50, 75]],
  ),
};

/** The list with each number changed, as a noun that another phrase can be about. */
export const eachStages: { readonly [name: string]: Stage } = {
  squares: each("squares square", "the squares of {0}", "x * x", (x) => x * x),
  cubes: each("cubes cube", "the cubes of {0}", "x ** 3", (x) => x ** 3),
  doubles: each("doubles double", "the doubles of {0}", "x * 2", (x) => x * 2),
  halves: each("halves halve", "the halves of {0}", "x / 2", (x) => x / 2),
  absolutes: each("absolutes abs", "the absolute values of {0}", "Math.abs(x)", Math.abs),
};

/** The list with each number changed, as a phrase that stands alone. */
export const eachByStages: { readonly [name: string]: Stage } = {
  times: each("times scale", "the list of the numbers of {0}, each multiplied by {k}", "x * {k}", (x, k) => x * k, [
    smallNumbers,
  ]),
  plus: each("plus raise", "the list of the numbers of {0} with {k} added to each", "x + {k}", (x, k) => x + k, [
    someNumbers,
  ]),
  minus: each("minus lower", "the list of the numbers of {0} with {k} taken from each", "x - {k}", (x, k) => x - k, [
    someNumbers,
  ]),
  atMost: each(
    "cap limit",
    "the list of the numbers of {0}, with {k} in place of each that is above {k}",
    "Math.min(x, {k})",
    Math.min,
    [someNumbers],
  ),
};

/** What is made of the whole. */
export const endStages: { readonly [name: string]: Stage } = {
  sum: one("number", {
    names: "sum total addUp",
    phrase: "the sum of {0}",
    code: "{0}.reduce((a, b) => a + b, 0)",
    loop: "let {out} = 0;\nfor (const x of {0}) {out} += x;",
    run: sum,
  }),
  product: one("number", {
    names: "product multiply",
    phrase: "the product of {0}",
    code: "{0}.reduce((a, b) => a * b, 1)",
    loop: "let {out} = 1;\nfor (const x of {0}) {out} *= x;",
    run: (xs: number[]) => xs.reduce((a, b) => a * b, 1),
    needs: isSome,
  }),
  count: one("number", {
    names: "count howMany",
    phrase: "the count of {0}",
    code: "{0}.length",
    loop: "let {out} = 0;\nfor (const x of {0}) {out}++;",
    run: (xs: number[]) => xs.length,
  }),
  largest: one("number", {
    names: "largest biggest top",
    phrase: "the largest of {0}",
    code: "Math.max(...{0})",
    loop: "let {out} = {0}[0];\nfor (const x of {0}) if (x > {out}) {out} = x;",
    run: (xs: number[]) => Math.max(...xs),
    needs: isSome,
  }),
  smallest: one("number", {
    names: "smallest least",
    phrase: "the smallest of {0}",
    code: "Math.min(...{0})",
    loop: "let {out} = {0}[0];\nfor (const x of {0}) if (x < {out}) {out} = x;",
    run: (xs: number[]) => Math.min(...xs),
    needs: isSome,
  }),
  first: one("number", {
    names: "first head",
    phrase: "the first of {0}",
    code: "{0}[0]",
    run: (xs: number[]) => xs[0],
    needs: isSome,
  }),
  last: one("number", {
    names: "last tail",
    phrase: "the last of {0}",
    code: "{0}.at(-1)",
    loop: "let {out};\nfor (const x of {0}) {out} = x;",
    run: (xs: number[]) => xs.at(-1),
    needs: isSome,
  }),
  mean: one("number", {
    names: "mean average",
    phrase: ["the mean of {0}", "the average of {0}"],
    code: "((all) => all.reduce((a, b) => a + b, 0) / all.length)({0})",
    loop: "let {out} = 0;\nfor (const x of {0}) {out} += x / {0}.length;",
    run: (xs: number[]) => sum(xs) / xs.length,
    needs: isSome,
  }),
  spread: one("number", {
    names: "spread range",
    phrase: "the largest minus the smallest of {0}",
    code: "((all) => Math.max(...all) - Math.min(...all))({0})",
    run: (xs: number[]) => Math.max(...xs) - Math.min(...xs),
    needs: isSome,
  }),
  sorted: one("numbers", {
    names: "sort order",
    phrase: "{0} from smallest to largest",
    code: "[...{0}].sort((a, b) => a - b)",
    run: (xs: number[]) => [...xs].sort((a, b) => a - b),
  }),
  sortedDown: one("numbers", {
    names: "sortDown rank",
    phrase: "{0} from largest to smallest",
    code: "[...{0}].sort((a, b) => b - a)",
    run: (xs: number[]) => [...xs].sort((a, b) => b - a),
  }),
  reversed: one("numbers", {
    names: "reverse backwards",
    phrase: ["{0} in reverse order"],
    code: "[...{0}].reverse()",
    loop: "const {out} = [];\nfor (const x of {0}) {out}.unshift(x);",
    run: (xs: number[]) => [...xs].reverse(),
  }),
  unique: one("numbers", {
    names: "unique distinct",
    phrase: "{0} with only the first of equal numbers kept",
    code: "[...new Set({0})]",
    loop: "const {out} = [];\nfor (const x of {0}) if (!{out}.includes(x)) {out}.push(x);",
    run: (xs: number[]) => [...new Set(xs)],
  }),
  distinct: one("number", {
    names: "distinct different",
    phrase: "how many different numbers there are among {0}",
    code: "new Set({0}).size",
    run: (xs: number[]) => new Set(xs).size,
  }),
};

/** What is made of the whole with a constant. */
export const listByStages: { readonly [name: string]: Stage } = {
  contains: by("boolean", someNumbers, {
    names: "has contains includes",
    phrase: ["whether {0} contains {k}", "whether {k} is in {0}"],
    code: "{0}.includes({k})",
    loop: "let {out} = false;\nfor (const x of {0}) if (x === {k}) {out} = true;",
    run: (xs: number[], k: number) => xs.includes(k),
  }),
  append: by("numbers", someNumbers, {
    names: "append extend",
    phrase: "a list of the items of {0} with {k} at the end",
    code: "[...{0}, {k}]",
    run: (xs: number[], k: number) => [...xs, k],
  }),
  prepend: by("numbers", someNumbers, {
    names: "prepend front",
    phrase: "a list of the items of {0} with {k} in front",
    code: "[{k}, ...{0}]",
    run: (xs: number[], k: number) => [k, ...xs],
  }),
  index: by("number", someNumbers, {
    names: "index where",
    phrase: "the index at which {k} first occurs in {0}, counted from 0",
    code: "{0}.indexOf({k})",
    run: (xs: number[], k: number) => xs.indexOf(k),
    needs: (xs: number[], k: number) => xs.includes(k),
  }),
  take: by("numbers", fewNumbers, {
    names: "take begin",
    phrase: "the first {k} items of {0}",
    code: "{0}.slice(0, {k})",
    loop: "const {out} = [];\nfor (let i = 0; i < {k}; i++) {out}.push({0}[i]);",
    run: (xs: number[], k: number) => xs.slice(0, k),
    needs: isLong,
  }),
  drop: by("numbers", fewNumbers, {
    names: "drop skip",
    phrase: "the items of {0} without the first {k}",
    code: "{0}.slice({k})",
    loop: "const {out} = [];\nfor (let i = {k}; i < {0}.length; i++) {out}.push({0}[i]);",
    run: (xs: number[], k: number) => xs.slice(k),
    needs: isLong,
  }),
  join: by("text", ["-", "+", ", ", " ", "/", ":", "; ", " and ", " or ", "|"], {
    names: "join glue",
    phrase: "the items of {0} as one text with {k} between them",
    code: "{0}.join({k})",
    run: (xs: number[], k: string) => xs.join(k),
  }),
  occurs: by("number", someNumbers, {
    names: "occurs howOften",
    phrase: "how often {k} occurs in {0}",
    code: "{0}.filter((x) => x === {k}).length",
    loop: "let {out} = 0;\nfor (const x of {0}) if (x === {k}) {out}++;",
    run: (xs: number[], k: number) => xs.filter((x) => x === k).length,
  }),
  anyAbove: by("boolean", someNumbers, {
    names: "any hasLarge",
    phrase: "whether at least one number of {0} is above {k}",
    code: "{0}.some((x) => x > {k})",
    loop: "let {out} = false;\nfor (const x of {0}) if (x > {k}) {out} = true;",
    run: (xs: number[], k: number) => xs.some((x) => x > k),
  }),
  allBelow: by("boolean", someNumbers, {
    names: "all isLow",
    phrase: "whether all numbers of {0} are below {k}",
    code: "{0}.every((x) => x < {k})",
    loop: "let {out} = true;\nfor (const x of {0}) if (x >= {k}) {out} = false;",
    run: (xs: number[], k: number) => xs.every((x) => x < k),
    needs: isSome,
  }),
};
