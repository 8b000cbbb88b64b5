/** Textbook problems about texts. */

import type { Random } from "../../../src/random/index.ts";
import type { Draft } from "../draft.ts";
import { drawText, drawWord } from "../values.ts";
import { one, some, textbook } from "./write.ts";

const letters = (r: Random, of: string, low: number, high: number): string =>
  some(r, low, high, () => r.choice(of.split(""))).join("");

const short: Draft[] = [
  textbook("text", "reverseText(text: string): string", {
    ...{ level: 1, ask: "Returns text with its characters in reverse order." },
    ...{ javascript: 'return text.split("").reverse().join("");', python: "return text[::-1]" },
    edges: [[""], ["a"], ["level up"]],
    draw: (r) => [drawText(r)],
  }),
  textbook("text", "capitalise(text: string): string", {
    ...{
      level: 1,
      ask: "Returns text, which is not empty, with its first letter in upper case and the rest as it is.",
    },
    ...{ javascript: "return text[0].toUpperCase() + text.slice(1);", python: "return text[0].upper() + text[1:]" },
    edges: [["a"], ["aBC"]],
    draw: (r) => [drawText(r)],
  }),
  textbook("text", "isPalindrome(text: string): boolean", {
    ...{ level: 2, ask: "Returns true if text reads the same backwards, else false." },
    javascript: 'return text === text.split("").reverse().join("");',
    python: "return text == text[::-1]",
    edges: [[""], ["a"], ["ab"], ["level"], ["noon"], ["levels"]],
    draw: (r) => [letters(r, "ab", 1, 4)],
  }),
  textbook("text", "countVowels(text: string): number", {
    ...{ level: 2, ask: "Returns how many vowels (a, e, i, o, u) are in text." },
    javascript:
      'let count = 0;\nfor (const letter of text) {\n  if ("aeiou".includes(letter)) count++;\n}\nreturn count;',
    python: 'return sum(1 for letter in text if letter in "aeiou")',
    edges: [[""], ["aeiou"], ["xyz"]],
    draw: (r) => [drawText(r).toLowerCase()],
  }),
  textbook("text", "withoutVowels(text: string): string", {
    ...{ level: 2, ask: "Returns text without its vowels (a, e, i, o, u)." },
    javascript: 'return text.split("").filter((letter) => !"aeiou".includes(letter)).join("");',
    python: 'return "".join(letter for letter in text if letter not in "aeiou")',
    edges: [[""], ["aeiou"], ["xyz"]],
    draw: (r) => [drawText(r).toLowerCase()],
  }),
  textbook("text", "countLetter(text: string, letter: string): number", {
    ...{ level: 2, ask: "Returns how often letter is in text." },
    javascript: 'return text.split("").filter((one) => one === letter).length;',
    python: "return text.count(letter)",
    edges: [
      ["", "a"],
      ["banana", "a"],
      ["banana", "x"],
    ],
    draw: (r) => [drawText(r), r.choice(["a", "e", "n", "t"])],
  }),
  textbook("words", "acronym(text: string): string", {
    ...{ level: 2, ask: "Returns the first letters of the words in text, in upper case, joined together." },
    javascript: 'return text.split(" ").map((word) => word[0].toUpperCase()).join("");',
    python: 'return "".join(word[0].upper() for word in text.split(" "))',
    edges: [["a"], ["tea house"]],
    draw: (r) => [drawText(r)],
  }),
  textbook("words", "titleCase(text: string): string", {
    ...{ level: 2, ask: "Returns text with the first letter of each word in upper case and the rest as it is." },
    javascript: 'return text.split(" ").map((word) => word[0].toUpperCase() + word.slice(1)).join(" ");',
    python: 'return " ".join(word[0].upper() + word[1:] for word in text.split(" "))',
    edges: [["a"], ["tea house"]],
    draw: (r) => [drawText(r)],
  }),
  textbook("words", "countWord(text: string, word: string): number", {
    ...{ level: 2, ask: "Returns how many of the words in text are word." },
    javascript: 'return text.split(" ").filter((one) => one === word).length;',
    python: 'return text.split(" ").count(word)',
    edges: [
      ["tea tea teapot", "tea"],
      ["moon", "tea"],
    ],
    draw: (r) => {
      const text = drawText(r);
      return [`${text} ${r.choice(text.split(" "))}`, r.choice([...text.split(" "), "tea"])];
    },
  }),
];

const longer: Draft[] = [
  textbook("letters", "letterCounts(text: string): { [letter: string]: number }", {
    ...{ level: 3, ask: "Returns an object that has for each letter of text how often it is there." },
    javascript:
      "const counts = {};\nfor (const letter of text) counts[letter] = (counts[letter] ?? 0) + 1;\nreturn counts;",
    python: "counts = {}\nfor letter in text:\n    counts[letter] = counts.get(letter, 0) + 1\nreturn counts",
    edges: [[""], ["a"], ["banana"]],
    draw: (r) => [drawWord(r)],
  }),
  textbook("letters", "isAnagram(a: string, b: string): boolean", {
    ...{
      level: 3,
      ask: "Returns true if a and b have the same letters, each as often, in whatever order, else false.",
    },
    javascript: 'const sorted = (text) => text.split("").sort().join("");\nreturn sorted(a) === sorted(b);',
    python: "return sorted(a) == sorted(b)",
    edges: [
      ["", ""],
      ["tea", "eat"],
      ["tee", "tte"],
      ["tea", "teas"],
      ["aab", "ab"],
    ],
    draw: (r) => [letters(r, "abc", 3, 3), letters(r, "abc", 3, 3)],
  }),
  textbook("letters", "isPangram(text: string): boolean", {
    ...{ level: 3, ask: "Returns true if each letter from a to z is in text, in lower case, else false." },
    javascript: 'return "abcdefghijklmnopqrstuvwxyz".split("").every((letter) => text.includes(letter));',
    python: 'return all(letter in text for letter in "abcdefghijklmnopqrstuvwxyz")',
    edges: [
      [""],
      ["the quick brown fox jumps over the lazy dog"],
      ["the quick brown fox jumped over the lazy dog"],
      ["he quick brown fox jumps over a lazy dog"],
    ],
    draw: (r) => {
      const all = "abcdefghijklmnopqrstuvwxyz";
      return [r.integer(2) === 0 ? all : all.replace(r.choice(all.split("")), "")];
    },
  }),
  textbook("letters", "differingLetters(a: string, b: string): number", {
    ...{ level: 2, ask: "Returns at how many places a and b, which are equally long, have different letters." },
    javascript: "let count = 0;\nfor (let i = 0; i < a.length; i++) {\n  if (a[i] !== b[i]) count++;\n}\nreturn count;",
    python: "return sum(1 for x, y in zip(a, b) if x != y)",
    edges: [
      ["", ""],
      ["abc", "abc"],
      ["abc", "cba"],
    ],
    draw: (r) => [letters(r, "ab", 5, 5), letters(r, "ab", 5, 5)],
  }),
  textbook("encoding", "shiftLetters(text: string, by: number): string", {
    ...{
      level: 4,
      ask: "Returns text with each letter from a to z moved by so many places in the alphabet, from z on to a; what is no such letter stays. by is from 0 to 25.",
    },
    javascript:
      'const alphabet = "abcdefghijklmnopqrstuvwxyz";\nlet out = "";\nfor (const letter of text) {\n  const at = alphabet.indexOf(letter);\n  out += at < 0 ? letter : alphabet[(at + by) % 26];\n}\nreturn out;',
    python:
      'alphabet = "abcdefghijklmnopqrstuvwxyz"\nout = ""\nfor letter in text:\n    at = alphabet.find(letter)\n    out += letter if at < 0 else alphabet[(at + by) % 26]\nreturn out',
    edges: [
      ["", 3],
      ["xyz abc", 3],
      ["Az!", 1],
      ["az", 25],
      ["az", 0],
    ],
    draw: (r) => [drawText(r), one(r, 0, 25)],
  }),
  textbook("encoding", "encodeRuns(text: string): string", {
    ...{
      level: 4,
      ask: 'Returns text with each run of equal characters written as the character and the length of the run, so "aab" gives "a2b1".',
    },
    javascript:
      'let out = "";\nfor (let i = 0; i < text.length; ) {\n  let n = 1;\n  while (text[i + n] === text[i]) n++;\n  out += text[i] + n;\n  i += n;\n}\nreturn out;',
    python:
      'out = ""\ni = 0\nwhile i < len(text):\n    n = 1\n    while i + n < len(text) and text[i + n] == text[i]:\n        n += 1\n    out += text[i] + str(n)\n    i += n\nreturn out',
    edges: [[""], ["a"], ["aab"], ["zzzzyy"]],
    draw: (r) => [letters(r, "ab", 1, 8)],
  }),
  textbook("encoding", "isBalanced(text: string): boolean", {
    ...{
      level: 4,
      ask: "Returns true if each bracket in text, round or square, is closed by its own kind in the right order, else false.",
    },
    javascript:
      'const open = [];\nfor (const mark of text) {\n  if (mark === "(" || mark === "[") open.push(mark);\n  if (mark === ")" && open.pop() !== "(") return false;\n  if (mark === "]" && open.pop() !== "[") return false;\n}\nreturn open.length === 0;',
    python:
      'opened = []\nfor mark in text:\n    if mark in "([":\n        opened.append(mark)\n    elif mark in ")]":\n        if not opened or opened.pop() != {")": "(", "]": "["}[mark]:\n            return False\nreturn not opened',
    edges: [[""], ["()"], ["([])"], ["([)]"], ["(("], ["]"], ["a(b)c"]],
    draw: (r) => [r.choice(["()", "[]", "([])", "[()()]", "(", "]"]) + letters(r, "()[]", 0, 3)],
  }),
  textbook("encoding", "commonStart(list: string[]): string", {
    ...{ level: 4, ask: 'Returns the longest text that all texts in list start with, or "" if list is empty.' },
    javascript:
      'if (list.length === 0) return "";\nlet start = list[0];\nwhile (!list.every((text) => text.startsWith(start))) start = start.slice(0, -1);\nreturn start;',
    python:
      'if not list:\n    return ""\nstart = list[0]\nwhile not all(text.startswith(start) for text in list):\n    start = start[:-1]\nreturn start',
    edges: [[[]], [["tea"]], [["tea", "team", "ten"]], [["tea", "moon"]]],
    draw: (r) => [some(r, 2, 3, () => `te${letters(r, "am", 0, 3)}`)],
  }),
];

/** All of them. */
export const aboutTexts: readonly Draft[] = [...short, ...longer];
