/** Problems of the first level about one number or one text: the smallest that there are. */

import type { Random } from "../../src/random/index.ts";
import type { Draft } from "./draft.ts";
import { numberFilters, wordFilters } from "./stages.ts";
import { drawNumber, drawWord } from "./values.ts";

type Single = readonly [name: string, says: string, javascript: string, python: string];

/** A draft for each way to change one value, and for each question about it. */
export function singleDrafts(random: Random): Draft[] {
  const k = (): number => 2 + random.integer(9);
  const letter = (): string => random.choice(["a", "e", "n", "t"]);
  const numbers = numberChanges(k(), k(), k(), k()).map((one) => single("number", "changed", "number", one));
  const texts = textChanges(letter()).map((one) => single("word", "changed", "string", one));
  const told = numberFilters.map((make) => {
    const { name, is, javascript, python } = make(random.integer(22) - 6);
    return single("number", "asked about", "boolean", asked("n", name, is, javascript, python));
  });
  const toldOfTexts = wordFilters.map((make) => {
    const { name, is, javascript, python } = make(3 + random.integer(3), letter());
    return single("word", "asked about", "boolean", asked("text", name, is, javascript, python));
  });
  return [...numbers, ...texts, ...told, ...toldOfTexts];
}

const numberChanges = (a: number, b: number, c: number, d: number): Single[] => [
  [`times${a}`, `n times ${a}`, `n * ${a}`, `n * ${a}`],
  [`plus${b}`, `n plus ${b}`, `n + ${b}`, `n + ${b}`],
  [`minus${c}`, `n minus ${c}`, `n - ${c}`, `n - ${c}`],
  [`nFrom${d * 10}`, `${d * 10} minus n`, `${d * 10} - n`, `${d * 10} - n`],
  ["squareOfN", "n times itself", "n * n", "n * n"],
  ["cubeOfN", "n times itself times itself", "n * n * n", "n * n * n"],
  ["negativeOfN", "n with its sign turned", "-n", "-n"],
  ["distanceOfN", "the distance of n from zero", "Math.abs(n)", "abs(n)"],
  [`atLeast${a}`, `n, or ${a} if n is smaller`, `Math.max(n, ${a})`, `max(n, ${a})`],
  [`atMost${b}`, `n, or ${b} if n is larger`, `Math.min(n, ${b})`, `min(n, ${b})`],
];

const textChanges = (c: string): Single[] => [
  ["upperCaseText", "text in upper case", "text.toUpperCase()", "text.upper()"],
  ["textTwice", "text written twice", "text + text", "text + text"],
  ["lastLetterOfText", "the last letter of text", "text[text.length - 1]", "text[-1]"],
  ["withoutFirstLetter", "text without its first letter", "text.slice(1)", "text[1:]"],
  ["withoutLastLetter", "text without its last letter", "text.slice(0, -1)", "text[:-1]"],
  ["textInQuotes", "text between two marks of quotation (')", '"\'" + text + "\'"', '"\'" + text + "\'"'],
  [`textPlus${c.toUpperCase()}`, `text with "${c}" added at its end`, `text + "${c}"`, `text + "${c}"`],
  [`${c}PlusText`, `text with "${c}" put before it`, `"${c}" + text`, `"${c}" + text`],
  ["lengthOfTextTwice", "twice the length of text", "text.length * 2", "len(text) * 2"],
  [
    `dashesFor${c.toUpperCase()}`,
    `text with each "${c}" replaced by "-"`,
    `text.replaceAll("${c}", "-")`,
    `text.replace("${c}", "-")`,
  ],
];

function asked(parameter: string, name: string, is: string, javascript: string, python: string): Single {
  const of = (code: string): string => code.replace(/\bx\b/g, parameter);
  return [`${parameter}Is${name}`, `true if ${parameter} ${is}, else false`, of(javascript), of(python)];
}

function single(
  item: "number" | "word",
  what: string,
  returns: string,
  [name, says, javascript, python]: Single,
): Draft {
  const isNumber = item === "number";
  const edges = isNumber ? [[0], [1], [-1], ...near(says)] : [["a"], ["banana"]];
  return {
    ...{ kind: "composed", level: 1, family: `one ${item}: ${what}`, name, ask: `Returns ${says}.` },
    parameters: [isNumber ? { name: "n", type: "number" } : { name: "text", type: "string" }],
    returns: /^(lengthOf)/.test(name) ? "number" : returns,
    javascript: `  return ${javascript};\n`,
    python: `    return ${python}\n`,
    edges,
    draw: (random) => [isNumber ? drawNumber(random) : drawWord(random)],
  };
}

/** The numbers that a sentence names, and their neighbours. */
function near(says: string): number[][] {
  return [...says.matchAll(/-?\d+/g)].flatMap(([text]) => [-1, 0, 1].map((by) => [Number(text) + by]));
}
