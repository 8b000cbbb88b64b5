/** The folds of the grammar: what makes one thing of many items, said in English and written in both languages. */

import type { Item } from "./stages.ts";

/** Makes one thing of all. `takes`: items it works on. */
export interface Fold {
  name: string;
  takes: Item;
  gives: "number" | "string" | "numbers" | "words";
  /** The list's phrase in place of `{}`. */
  says: string;
  /** As a chain after the list of values; else as a loop, with `V` for the value. */
  chain?: (list: string) => string;
  loop?: { before: string; each: string; result: string };
  /** The body's lines, with the list of values in place of `L`. */
  python: readonly string[];
  /** Nothing that is changed before it makes a difference. */
  ignoresMap?: true;
}

const keep = (name: string, better: string): NonNullable<Fold["loop"]> => ({
  before: `let ${name} = null;`,
  each: `if (${name} === null || ${better}) ${name} = V;`,
  result: `${name} ?? 0`,
});

/** Folds. */
export const folds: Fold[] = [
  {
    name: "sum",
    takes: "number",
    gives: "number",
    says: "the sum of {}",
    loop: { before: "let sum = 0;", each: "sum += V;", result: "sum" },
    python: ["return sum(L)"],
  },
  {
    name: "product",
    takes: "number",
    gives: "number",
    says: "the product of {}",
    loop: { before: "let product = 1;", each: "product *= V;", result: "product" },
    python: ["product = 1", "for value in L:", "    product *= value", "return product"],
  },
  {
    name: "largest",
    takes: "number",
    gives: "number",
    says: "the largest of {}, or 0 if there are none",
    loop: keep("largest", "V > largest"),
    python: ["return max(L, default=0)"],
  },
  {
    name: "smallest",
    takes: "number",
    gives: "number",
    says: "the smallest of {}, or 0 if there are none",
    loop: keep("smallest", "V < smallest"),
    python: ["return min(L, default=0)"],
  },
  {
    name: "first",
    takes: "number",
    gives: "number",
    says: "the first of {}, or 0 if there are none",
    loop: { before: "", each: "return V;", result: "0" },
    python: ["return next(iter(L), 0)"],
  },
  {
    name: "last",
    takes: "number",
    gives: "number",
    says: "the last of {}, or 0 if there are none",
    loop: { before: "let last = 0;", each: "last = V;", result: "last" },
    python: ["found = L", "return found[-1] if found else 0"],
  },
  {
    name: "average",
    takes: "number",
    gives: "number",
    says: "the average of {}, or 0 if there are none",
    loop: {
      before: "let sum = 0;\n  let count = 0;",
      each: "sum += V;\ncount++;",
      result: "count === 0 ? 0 : sum / count",
    },
    python: ["found = L", "return sum(found) / len(found) if found else 0"],
  },
  {
    name: "ascending",
    takes: "number",
    gives: "numbers",
    says: "a list of {}, from the smallest to the largest",
    chain: (list) => `${list}.sort((a, b) => a - b)`,
    python: ["return sorted(L)"],
  },
  {
    name: "descending",
    takes: "number",
    gives: "numbers",
    says: "a list of {}, from the largest to the smallest",
    chain: (list) => `${list}.sort((a, b) => b - a)`,
    python: ["return sorted(L, reverse=True)"],
  },
  {
    name: "backwards",
    takes: "number",
    gives: "numbers",
    says: "a list of {}, in reverse order",
    chain: (list) => `${list}.reverse()`,
    python: ["return L[::-1]"],
  },
  {
    name: "different",
    takes: "number",
    gives: "numbers",
    says: "a list of {}, without repeats",
    chain: (list) => `[...new Set(${list})]`,
    python: ["return [*dict.fromkeys(L)]"],
  },
  {
    name: "joined",
    takes: "word",
    gives: "string",
    says: 'the text of {}, joined by "-"',
    chain: (list) => `${list}.join("-")`,
    python: ['return "-".join(L)'],
  },
  {
    name: "longest",
    takes: "word",
    gives: "string",
    says: 'the first of the longest of {}, or "" if there are none',
    loop: { before: 'let longest = "";', each: "if (V.length > longest.length) longest = V;", result: "longest" },
    python: ['return max(L, key=len, default="")'],
  },
  {
    name: "shortest",
    takes: "word",
    gives: "string",
    says: 'the first of the shortest of {}, or "" if there are none',
    loop: {
      before: "let shortest = null;",
      each: "if (shortest === null || V.length < shortest.length) shortest = V;",
      result: 'shortest ?? ""',
    },
    python: ['return min(L, key=len, default="")'],
  },
  {
    name: "final",
    takes: "word",
    gives: "string",
    says: 'the last of {}, or "" if there are none',
    loop: { before: 'let last = "";', each: "last = V;", result: "last" },
    python: ["found = L", 'return found[-1] if found else ""'],
  },
  {
    name: "sorted",
    takes: "word",
    gives: "words",
    says: "a list of {}, in alphabetical order",
    chain: (list) => `${list}.sort()`,
    python: ["return sorted(L)"],
  },
  {
    name: "turned",
    takes: "word",
    gives: "words",
    says: "a list of {}, in reverse order",
    chain: (list) => `${list}.reverse()`,
    python: ["return L[::-1]"],
  },
  {
    name: "distinct",
    takes: "word",
    gives: "words",
    says: "a list of {}, without repeats",
    chain: (list) => `[...new Set(${list})]`,
    python: ["return [*dict.fromkeys(L)]"],
  },
];
