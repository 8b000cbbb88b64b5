/** Textbook problems about lists. */

import type { Draft } from "../draft.ts";
import { drawNumbers } from "../values.ts";
import { one, some, textbook } from "./write.ts";

const single: Draft[] = [
  textbook("places", "indexOfLargest(list: number[]): number", {
    ...{ level: 2, ask: "Returns the index of the first of the largest numbers in list, or -1 if list is empty." },
    javascript:
      "let at = -1;\nfor (let i = 0; i < list.length; i++) {\n  if (at < 0 || list[i] > list[at]) at = i;\n}\nreturn at;",
    python: "return list.index(max(list)) if list else -1",
    edges: [[[]], [[0]], [[5, 5]], [[-3, -1, -2]]],
    draw: (r) => [drawNumbers(r)],
  }),
  textbook("places", "isSorted(list: number[]): boolean", {
    ...{ level: 2, ask: "Returns true if no number in list is smaller than the one before it, else false." },
    javascript: "for (let i = 1; i < list.length; i++) {\n  if (list[i] < list[i - 1]) return false;\n}\nreturn true;",
    python: "return all(a <= b for a, b in zip(list, list[1:]))",
    edges: [[[]], [[3]], [[1, 1]], [[1, 2, 3]], [[1, 3, 2]]],
    draw: (r) => {
      const list = some(r, 2, 4, () => one(r, 0, 9));
      return [r.integer(2) === 0 ? list.sort((a, b) => a - b) : list];
    },
  }),
  textbook("places", "everySecond(list: number[]): number[]", {
    ...{ level: 2, ask: "Returns a list of the first, third, fifth number in list, and so on." },
    ...{ javascript: "return list.filter((_, i) => i % 2 === 0);", python: "return list[::2]" },
    edges: [[[]], [[3]], [[1, 2]]],
    draw: (r) => [drawNumbers(r)],
  }),
  textbook("places", "rotate(list: number[], by: number): number[]", {
    ...{
      level: 3,
      ask: "Returns list with its first by numbers moved to its end; by is from 0 to the length of list.",
    },
    ...{ javascript: "return [...list.slice(by), ...list.slice(0, by)];", python: "return list[by:] + list[:by]" },
    edges: [
      [[], 0],
      [[1, 2], 0],
      [[1, 2], 2],
    ],
    draw: (r) => {
      const list = drawNumbers(r);
      return [list, one(r, 0, list.length)];
    },
  }),
  textbook("places", "inChunks(list: number[], size: number): number[][]", {
    ...{ level: 3, ask: "Returns list cut into lists of size numbers each, the last of which may be shorter." },
    javascript:
      "const out = [];\nfor (let i = 0; i < list.length; i += size) out.push(list.slice(i, i + size));\nreturn out;",
    python: "return [list[i:i + size] for i in range(0, len(list), size)]",
    edges: [
      [[], 2],
      [[1, 2, 3, 4], 2],
      [[1, 2, 3], 2],
      [[1, 2], 5],
    ],
    draw: (r) => [drawNumbers(r), one(r, 1, 4)],
  }),
  textbook("sums", "runningTotals(list: number[]): number[]", {
    ...{ level: 2, ask: "Returns a list that has for each number in list the sum of all up to it." },
    javascript: "let sum = 0;\nreturn list.map((x) => (sum += x));",
    python: "total = 0\nout = []\nfor x in list:\n    total += x\n    out.append(total)\nreturn out",
    edges: [[[]], [[3]], [[1, -1]]],
    draw: (r) => [drawNumbers(r)],
  }),
  textbook("sums", "alternatingSum(list: number[]): number", {
    ...{ level: 3, ask: "Returns the first number in list minus the second plus the third, and so on." },
    javascript: "let sum = 0;\nlist.forEach((x, i) => {\n  sum += i % 2 === 0 ? x : -x;\n});\nreturn sum;",
    python: "return sum(list[::2]) - sum(list[1::2])",
    edges: [[[]], [[3]], [[1, 2]]],
    draw: (r) => [drawNumbers(r)],
  }),
  textbook("sums", "largestRunSum(list: number[]): number", {
    ...{
      level: 4,
      ask: "Returns the largest sum that any numbers next to each other in list have, or 0 if every such sum is below 0.",
    },
    javascript:
      "let best = 0;\nlet sum = 0;\nfor (const x of list) {\n  sum = Math.max(0, sum + x);\n  best = Math.max(best, sum);\n}\nreturn best;",
    python: "best = 0\nrun = 0\nfor x in list:\n    run = max(0, run + x)\n    best = max(best, run)\nreturn best",
    edges: [[[]], [[-3]], [[2, -1, 2]], [[2, -5, 3]]],
    draw: (r) => [drawNumbers(r)],
  }),
  textbook("sums", "hasPairWithSum(list: number[], total: number): boolean", {
    ...{ level: 3, ask: "Returns true if two numbers at different places in list add up to total, else false." },
    javascript:
      "for (let i = 0; i < list.length; i++) {\n  for (let j = i + 1; j < list.length; j++) {\n    if (list[i] + list[j] === total) return true;\n  }\n}\nreturn false;",
    python: "return any(list[i] + list[j] == total for i in range(len(list)) for j in range(i + 1, len(list)))",
    edges: [
      [[], 0],
      [[4], 8],
      [[4, 4], 8],
      [[1, 2, 3], 5],
      [[1, 2, 3], 7],
    ],
    draw: (r) => [some(r, 2, 5, () => one(r, 0, 9)), one(r, 2, 16)],
  }),
];

const ordered: Draft[] = [
  textbook("order", "secondLargest(list: number[]): number", {
    ...{ level: 3, ask: "Returns the second largest of the different numbers in list, which has at least two." },
    javascript: "const sorted = [...new Set(list)].sort((a, b) => b - a);\nreturn sorted[1];",
    python: "return sorted(set(list))[-2]",
    edges: [[[1, 2]], [[5, 5, 4]], [[10, -1, 7, 10]]],
    draw: (r) => {
      const list = drawNumbers(r);
      return [new Set(list).size > 1 ? list : [...list, 30]];
    },
  }),
  textbook("order", "medianOf(list: number[]): number", {
    ...{
      level: 3,
      ask: "Returns the median of the numbers in list, which is not empty: of an even number of them the average of the middle two.",
    },
    javascript:
      "const sorted = [...list].sort((a, b) => a - b);\nconst half = Math.floor(sorted.length / 2);\nreturn sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;",
    python:
      "ordered = sorted(list)\nhalf = len(ordered) // 2\nreturn ordered[half] if len(ordered) % 2 == 1 else (ordered[half - 1] + ordered[half]) / 2",
    edges: [[[3]], [[1, 2]], [[3, 1, 2]], [[10, 9, 1, 2]]],
    draw: (r) => [drawNumbers(r)],
  }),
  textbook("order", "mostFrequent(list: number[]): number", {
    ...{
      level: 3,
      ask: "Returns the number that is most often in list, which is not empty; of several the one that comes first.",
    },
    javascript:
      "const count = (x) => list.filter((y) => y === x).length;\nlet best = list[0];\nfor (const x of list) {\n  if (count(x) > count(best)) best = x;\n}\nreturn best;",
    python: "return max(list, key=list.count)",
    edges: [[[3]], [[1, 2, 2]], [[2, 1, 1, 2]]],
    draw: (r) => [some(r, 3, 7, () => one(r, 1, 4))],
  }),
  textbook("order", "mergeSorted(a: number[], b: number[]): number[]", {
    ...{
      level: 4,
      ask: "Returns one list of all the numbers in a and b, which are both sorted from the smallest, in the same order.",
    },
    javascript:
      "const out = [];\nlet [i, j] = [0, 0];\nwhile (i < a.length || j < b.length) {\n  if (j === b.length || (i < a.length && a[i] <= b[j])) out.push(a[i++]);\n  else out.push(b[j++]);\n}\nreturn out;",
    python: "return sorted(a + b)",
    edges: [
      [[], []],
      [[1], []],
      [[], [1]],
      [
        [1, 3],
        [2, 4],
      ],
    ],
    draw: (r) => [drawNumbers(r).sort((a, b) => a - b), drawNumbers(r).sort((a, b) => a - b)],
  }),
  textbook("order", "countInversions(list: number[]): number", {
    ...{
      level: 4,
      ask: "Returns how many pairs of numbers in list stand in the wrong order, the larger one before the smaller.",
    },
    javascript:
      "let count = 0;\nfor (let i = 0; i < list.length; i++) {\n  for (let j = i + 1; j < list.length; j++) {\n    if (list[i] > list[j]) count++;\n  }\n}\nreturn count;",
    python: "return sum(1 for i in range(len(list)) for j in range(i + 1, len(list)) if list[i] > list[j])",
    edges: [[[]], [[1, 1]], [[3, 2, 1]]],
    draw: (r) => [drawNumbers(r)],
  }),
  textbook("order", "evensFirst(list: number[]): number[]", {
    ...{
      level: 3,
      ask: "Returns a list of the even numbers in list and after them the odd ones, both in their order.",
    },
    javascript: "return [...list.filter((x) => x % 2 === 0), ...list.filter((x) => x % 2 !== 0)];",
    python: "return [x for x in list if x % 2 == 0] + [x for x in list if x % 2 != 0]",
    edges: [[[]], [[1, 2]], [[-1, -2, 0]]],
    draw: (r) => [drawNumbers(r)],
  }),
];

const several: Draft[] = [
  textbook("several lists", "inBoth(a: number[], b: number[]): number[]", {
    ...{ level: 2, ask: "Returns a list of the numbers in a that are also in b, in the order of a." },
    ...{ javascript: "return a.filter((x) => b.includes(x));", python: "return [x for x in a if x in b]" },
    edges: [
      [[], []],
      [[1, 2, 2], [2]],
      [[1], [2]],
    ],
    draw: (r) => [some(r, 2, 6, () => one(r, 0, 9)), some(r, 2, 6, () => one(r, 0, 9))],
  }),
  textbook("several lists", "sumsByPlace(a: number[], b: number[]): number[]", {
    ...{
      level: 2,
      ask: "Returns a list of the sums of the numbers at the same place in a and b, which are equally long.",
    },
    ...{ javascript: "return a.map((x, i) => x + b[i]);", python: "return [x + y for x, y in zip(a, b)]" },
    edges: [
      [[], []],
      [[1], [2]],
    ],
    draw: (r) => {
      const a = drawNumbers(r);
      return [a, a.map(() => one(r, -9, 9))];
    },
  }),
  textbook("several lists", "scalarProduct(a: number[], b: number[]): number", {
    ...{
      level: 3,
      ask: "Returns the sum of the products of the numbers at the same place in a and b, which are equally long.",
    },
    javascript: "let sum = 0;\nfor (let i = 0; i < a.length; i++) sum += a[i] * b[i];\nreturn sum;",
    python: "return sum(x * y for x, y in zip(a, b))",
    edges: [
      [[], []],
      [[2], [3]],
    ],
    draw: (r) => {
      const a = drawNumbers(r);
      return [a, a.map(() => one(r, -9, 9))];
    },
  }),
  textbook("nested lists", "transpose(rows: number[][]): number[][]", {
    ...{ level: 3, ask: "Returns the columns of rows as lists; all rows are equally long, and there is at least one." },
    javascript: "return rows[0].map((_, i) => rows.map((row) => row[i]));",
    python: "return [[row[i] for row in rows] for i in range(len(rows[0]))]",
    edges: [
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [[[1, 2, 3]]],
      [[[1], [2]]],
    ],
    draw: (r) => {
      const width = one(r, 1, 3);
      return [some(r, 1, 3, () => Array.from({ length: width }, () => one(r, 0, 9)))];
    },
  }),
  textbook("nested lists", "rowSums(rows: number[][]): number[]", {
    ...{ level: 2, ask: "Returns a list of the sums of the numbers in each of the lists in rows." },
    javascript: "return rows.map((row) => row.reduce((sum, x) => sum + x, 0));",
    python: "return [sum(row) for row in rows]",
    edges: [[[]], [[[], [1]]], [[[1, 2], [3]]]],
    draw: (r) => [some(r, 2, 4, () => drawNumbers(r))],
  }),
];

/** All of them. */
export const aboutLists: readonly Draft[] = [...single, ...ordered, ...several];
