/** Families outside training, of texts and lists of numbers: letters, places. */

import { type Constant, type Kind, type Stage, type StageWords, stage } from "./stage.ts";

const text = (gives: Kind, words: StageWords): Stage => stage(["text"], gives, words);
const numbers = (gives: Kind, words: StageWords): Stage => stage(["numbers"], gives, words);
const isLower = (t: string): boolean => t === t.toLowerCase();
const hasWords = (t: string): boolean => /^[a-z]+( [a-z]+)*$/.test(t);
const isWord = (t: string): boolean => /^[A-Za-z]+$/.test(t);
const lettersOf: readonly Constant[] = [..."aeoslrtn"];

/** Letters of a text. */
export const letterStages: { readonly [name: string]: Stage } = {
  vowels: text("number", {
    names: "vowels countVowels",
    phrase: "how many of the letters a, e, i, o and u {0} has, all together",
    code: '[...{0}].filter((c) => "aeiou".includes(c)).length',
    run: (t: string) => [...t].filter((c) => "aeiou".includes(c)).length,
    needs: isLower,
  }),
  occurs: text("number", {
    constants: [lettersOf],
    names: "count howOften",
    phrase: "how often the letter {k} occurs in {0}",
    code: "{0}.split({k}).length - 1",
    loop: "let {out} = 0;\nfor (const c of {0}) if (c === {k}) {out}++;",
    run: (t: string, k: string) => [...t].filter((c) => c === k).length,
    needs: isLower,
  }),
  middle: text("text", {
    names: "middle centre",
    phrase: "the letter in the middle of {0}, a word with an odd number of letters",
    code: "{0}[({0}.length - 1) / 2]",
    run: (t: string) => t[(t.length - 1) / 2],
    needs: (t: string) => isWord(t) && t.length % 2 === 1,
  }),
  initials: text("text", {
    names: "initials firsts",
    phrase: "the first letters of the words of {0}, with nothing between them",
    code: '{0}.split(" ").map((w) => w[0]).join("")',
    run: (t: string) =>
      t
        .split(" ")
        .map((w) => w[0])
        .join(""),
    needs: hasWords,
  }),
  capital: text("text", {
    names: "capital upperFirst",
    phrase: "{0} with its first letter in upper case",
    code: "{0}[0].toUpperCase() + {0}.slice(1)",
    run: (t: string) => t[0]!.toUpperCase() + t.slice(1),
    needs: (t: string) => hasWords(t.toLowerCase()),
  }),
  without: text("text", {
    constants: [lettersOf],
    names: "without drop",
    phrase: "{0} without the letter {k}",
    code: '{0}.replaceAll({k}, "")',
    loop: 'let {out} = "";\nfor (const c of {0}) if (c !== {k}) {out} += c;',
    run: (t: string, k: string) => t.replaceAll(k, ""),
    needs: isLower,
  }),
  stretched: text("text", {
    names: "stretch stutter",
    phrase: "{0} with each letter written twice",
    code: '[...{0}].map((c) => c + c).join("")',
    run: (t: string) => [...t].map((c) => c + c).join(""),
    needs: (t: string) => t === "" || isWord(t),
  }),
  ordered: text("text", {
    names: "order sortLetters",
    phrase: "the letters of the word {0} in alphabetical order, as a text",
    code: '[...{0}].sort().join("")',
    run: (t: string) => [...t].sort().join(""),
    needs: (t: string) => isWord(t) && isLower(t),
  }),
  swapped: text("text", {
    constants: [
      ["a", "e", "o"],
      ["i", "u", "x"],
    ],
    names: "swap change",
    phrase: "{0} with {j} in place of each {k}",
    code: "{0}.replaceAll({k}, {j})",
    run: (t: string, k: string, j: string) => t.replaceAll(k, j),
    needs: isLower,
  }),
  sameEnds: text("boolean", {
    names: "sameEnds round",
    phrase: "whether {0} begins and ends with the same letter",
    code: "{0}[0] === {0}[{0}.length - 1]",
    run: (t: string) => t[0] === t.at(-1),
    needs: hasWords,
  }),
};

/** Places in a list of numbers. */
export const placeStages: { readonly [name: string]: Stage } = {
  second: numbers("number", {
    names: "second next",
    phrase: "the second item of {0}",
    code: "{0}[1]",
    run: (xs: number[]) => xs[1],
    needs: (xs: number[]) => xs.length > 1,
  }),
  ends: numbers("number", {
    names: "ends both",
    phrase: "the first item of {0} plus the last",
    code: "{0}[0] + {0}.at(-1)",
    run: (xs: number[]) => xs[0]! + xs.at(-1)!,
    needs: (xs: number[]) => xs.length > 1,
  }),
  median: numbers("number", {
    names: "median middle",
    phrase: "the median of {0}, a list with an odd number of items",
    code: "[...{0}].sort((a, b) => a - b)[({0}.length - 1) / 2]",
    run: (xs: number[]) => [...xs].sort((a, b) => a - b)[(xs.length - 1) / 2],
    needs: (xs: number[]) => xs.length % 2 === 1,
  }),
  centre: numbers("number", {
    names: "centre middle",
    phrase: "the item in the middle of {0}, a list with an odd number of items",
    code: "{0}[({0}.length - 1) / 2]",
    run: (xs: number[]) => xs[(xs.length - 1) / 2],
    needs: (xs: number[]) => xs.length % 2 === 1,
  }),
  inner: numbers("numbers", {
    names: "inner peel",
    phrase: "the items of {0} without the first and the last",
    code: "{0}.slice(1, -1)",
    run: (xs: number[]) => xs.slice(1, -1),
    needs: (xs: number[]) => xs.length > 1,
  }),
  turned: numbers("numbers", {
    names: "turn rotate",
    phrase: "the items of {0} with the first one moved to the end",
    code: "[...{0}.slice(1), {0}[0]]",
    run: (xs: number[]) => [...xs.slice(1), xs[0]],
    needs: (xs: number[]) => xs.length > 0,
  }),
  others: numbers("numbers", {
    names: "others alternate",
    phrase: "the items of {0} at the places 0, 2, 4 and so on, counted from 0",
    code: "{0}.filter((_, i) => i % 2 === 0)",
    run: (xs: number[]) => xs.filter((_, i) => i % 2 === 0),
  }),
  largestAt: numbers("number", {
    names: "where largestAt",
    phrase: "the place of the largest number of {0}, counted from 0, of the first one where several are largest",
    code: "{0}.indexOf(Math.max(...{0}))",
    run: (xs: number[]) => xs.indexOf(Math.max(...xs)),
    needs: (xs: number[]) => xs.length > 0,
  }),
  at: numbers("number", {
    constants: [[2, 3, 4, 5]],
    names: "at item",
    phrase: "the item of {0} at place {k}, counted from 0",
    code: "{0}[{k}]",
    run: (xs: number[], k: number) => xs[k],
    needs: (xs: number[], k: number) => xs.length > k,
  }),
  fromEnd: numbers("numbers", {
    constants: [[2, 3, 4, 5]],
    names: "back ending",
    phrase: "the last {k} items of {0}",
    code: "{0}.slice(-{k})",
    run: (xs: number[], k: number) => xs.slice(-k),
    needs: (xs: number[], k: number) => xs.length >= k,
  }),
  steps: numbers("numbers", {
    names: "steps changes",
    phrase: "the list of what each item of {0} after the first is more than the one before it",
    code: "{0}.slice(1).map((x, i) => x - {0}[i])",
    run: (xs: number[]) => xs.slice(1).map((x, i) => x - xs[i]!),
    needs: (xs: number[]) => xs.length > 1,
  }),
};
