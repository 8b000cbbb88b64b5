/** Stages of a count: what is repeated up to it. */

import { type Kind, type Stage, type StageWords, smallNumbers, stage } from "./stage.ts";

const one = (gives: Kind, words: StageWords): Stage => stage(["count"], gives, words);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const list = (push: string, head = "let i = 1; i <= {0}; i++"): string =>
  `const {out} = [];\nfor (${head}) {out}.push(${push});`;
const few = smallNumbers.slice(0, 9);

/** What a count gives. */
export const loopStages: { readonly [name: string]: Stage } = {
  sumTo: one("number", {
    names: "sumTo total",
    phrase: "the sum of the numbers from 1 to {0}",
    code: "({0} * ({0} + 1)) / 2",
    loop: "let {out} = 0;\nfor (let i = 1; i <= {0}; i++) {out} += i;",
    run: (n: number) => (n * (n + 1)) / 2,
  }),
  squareSum: one("number", {
    names: "sumSquares total",
    phrase: "the sum of the squares of the numbers from 1 to {0}",
    code: "Array.from({ length: {0} }, (_, i) => (i + 1) ** 2).reduce((a, b) => a + b, 0)",
    loop: "let {out} = 0;\nfor (let i = 1; i <= {0}; i++) {out} += i * i;",
    run: (n: number) => upTo(n).reduce((a, b) => a + b * b, 0),
  }),
  factorial: one("number", {
    names: "factorial product",
    phrase: "the product of the numbers from 1 to {0}",
    code: "Array.from({ length: {0} }, (_, i) => i + 1).reduce((a, b) => a * b, 1)",
    loop: "let {out} = 1;\nfor (let i = 2; i <= {0}; i++) {out} *= i;",
    run: (n: number) => upTo(n).reduce((a, b) => a * b, 1),
  }),
  upTo: one("numbers", {
    names: "range upTo numbers",
    phrase: "the list of the whole numbers from 1 to {0}",
    code: "Array.from({ length: {0} }, (_, i) => i + 1)",
    loop: list("i"),
    run: upTo,
  }),
  down: one("numbers", {
    names: "countdown down",
    phrase: "the list of the whole numbers from {0} down to 1",
    code: "Array.from({ length: {0} }, (_, i) => {0} - i)",
    loop: list("i", "let i = {0}; i >= 1; i--"),
    run: (n: number) => upTo(n).reverse(),
  }),
  squaresTo: one("numbers", {
    names: "squares squaresTo",
    phrase: "the list of the squares of 1 to {0}",
    code: "Array.from({ length: {0} }, (_, i) => (i + 1) ** 2)",
    loop: list("i * i"),
    run: (n: number) => upTo(n).map((i) => i * i),
  }),
  multiples: one("numbers", {
    constants: [smallNumbers],
    names: "multiples table",
    phrase: "the list of the first {0} multiples of {k}, beginning with {k}",
    code: "Array.from({ length: {0} }, (_, i) => (i + 1) * {k})",
    loop: list("i * {k}"),
    run: (n: number, k: number) => upTo(n).map((i) => i * k),
  }),
  powers: one("numbers", {
    constants: [few],
    names: "powers growth",
    phrase: "the list of the first {0} powers of {k}, beginning with {k}",
    code: "Array.from({ length: {0} }, (_, i) => {k} ** (i + 1))",
    loop: "const {out} = [];\nlet power = 1;\nfor (let i = 0; i < {0}; i++) {\n  power *= {k};\n  {out}.push(power);\n}",
    run: (n: number, k: number) => upTo(n).map((i) => k ** i),
  }),
  same: one("numbers", {
    constants: [smallNumbers],
    names: "fill same",
    phrase: "a list that holds {k} {0} times",
    code: "Array.from({ length: {0} }, () => {k})",
    loop: list("{k}"),
    run: (n: number, k: number) => upTo(n).map(() => k),
  }),
  between: one("numbers", {
    constants: [smallNumbers],
    names: "onwards next",
    phrase: "the list of the {0} whole numbers that follow {k}",
    code: "Array.from({ length: {0} }, (_, i) => {k} + i + 1)",
    loop: list("{k} + i"),
    run: (n: number, k: number) => upTo(n).map((i) => k + i),
  }),
  marks: one("text", {
    constants: [["*", "=", "-", "#", "o", "+"]],
    names: "stars line bar",
    phrase: "a text of {0} times the character {k}",
    code: "{k}.repeat({0})",
    loop: 'let {out} = "";\nfor (let i = 0; i < {0}; i++) {out} += {k};',
    run: (n: number, k: string) => k.repeat(n),
  }),
  divisors: one("number", {
    names: "divisors countDivisors",
    phrase: "how many whole numbers from 1 to {0} divide {0} without a remainder",
    code: "Array.from({ length: {0} }, (_, i) => i + 1).filter((i) => {0} % i === 0).length",
    loop: "let {out} = 0;\nfor (let i = 1; i <= {0}; i++) if ({0} % i === 0) {out}++;",
    run: (n: number) => upTo(n).filter((i) => n % i === 0).length,
  }),
  multipleSum: one("number", {
    constants: [few],
    names: "sumMultiples total",
    phrase: "the sum of the numbers from 1 to {0} that are divisible by {k}",
    code: "Array.from({ length: {0} }, (_, i) => i + 1).filter((i) => i % {k} === 0).reduce((a, b) => a + b, 0)",
    loop: "let {out} = 0;\nfor (let i = 1; i <= {0}; i++) if (i % {k} === 0) {out} += i;",
    run: (n: number, k: number) =>
      upTo(n)
        .filter((i) => i % k === 0)
        .reduce((a, b) => a + b, 0),
  }),
  tableRow: one("text", {
    constants: [["a", "b", "x", "go", "la", "no", "tick", "hop"]],
    names: "chant list",
    phrase: "a text of {k} written {0} times, with one space between them",
    code: 'Array.from({ length: {0} }, () => {k}).join(" ")',
    run: (n: number, k: string) =>
      upTo(n)
        .fill(0)
        .map(() => k)
        .join(" "),
  }),
};
