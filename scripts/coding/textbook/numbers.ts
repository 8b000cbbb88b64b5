/** Textbook problems about one number or a few. */

import type { Draft } from "../draft.ts";
import { one, textbook } from "./write.ts";

/** Problems that a first lesson has. */
const first: Draft[] = [
  textbook("arithmetic", "sumOfTwo(a: number, b: number): number", {
    ...{ level: 1, ask: "Returns the sum of a and b.", javascript: "return a + b;", python: "return a + b" },
    edges: [
      [0, 0],
      [1, -1],
    ],
    draw: (r) => [one(r, -20, 20), one(r, -20, 20)],
  }),
  textbook("arithmetic", "halfway(a: number, b: number): number", {
    ...{
      level: 1,
      ask: "Returns the number halfway between a and b.",
      javascript: "return (a + b) / 2;",
      python: "return (a + b) / 2",
    },
    edges: [
      [0, 0],
      [1, 2],
    ],
    draw: (r) => [one(r, -20, 20), one(r, -20, 20)],
  }),
  textbook("arithmetic", "inFahrenheit(celsius: number): number", {
    ...{ level: 1, ask: "Returns the temperature celsius in degrees Fahrenheit." },
    ...{ javascript: "return (celsius * 9) / 5 + 32;", python: "return celsius * 9 / 5 + 32" },
    edges: [[0], [100], [-40]],
    draw: (r) => [one(r, -30, 45)],
  }),
  textbook("arithmetic", "areaOfRectangle(width: number, height: number): number", {
    ...{ level: 1, ask: "Returns the area of a rectangle of the given width and height." },
    ...{ javascript: "return width * height;", python: "return width * height" },
    edges: [
      [1, 1],
      [0, 5],
    ],
    draw: (r) => [one(r, 1, 20), one(r, 1, 20)],
  }),
  textbook("arithmetic", "perimeterOfRectangle(width: number, height: number): number", {
    ...{ level: 1, ask: "Returns the perimeter of a rectangle of the given width and height." },
    ...{ javascript: "return 2 * (width + height);", python: "return 2 * (width + height)" },
    edges: [
      [1, 1],
      [0, 5],
    ],
    draw: (r) => [one(r, 1, 20), one(r, 1, 20)],
  }),
  textbook("comparing", "largerOfTwo(a: number, b: number): number", {
    ...{
      level: 1,
      ask: "Returns the larger of a and b.",
      javascript: "return a > b ? a : b;",
      python: "return a if a > b else b",
    },
    edges: [
      [4, 4],
      [-2, -9],
    ],
    draw: (r) => [one(r, -20, 20), one(r, -20, 20)],
  }),
  textbook("comparing", "distanceBetween(a: number, b: number): number", {
    ...{
      level: 1,
      ask: "Returns how far a and b are apart.",
      javascript: "return Math.abs(a - b);",
      python: "return abs(a - b)",
    },
    edges: [
      [4, 4],
      [-2, 3],
    ],
    draw: (r) => [one(r, -20, 20), one(r, -20, 20)],
  }),
  textbook("comparing", "keptBetween(n: number, low: number, high: number): number", {
    ...{ level: 2, ask: "Returns n, but low if n is below low, and high if n is above high." },
    ...{ javascript: "if (n < low) return low;\nreturn n > high ? high : n;", python: "return max(low, min(n, high))" },
    edges: [
      [5, 1, 9],
      [0, 1, 9],
      [10, 1, 9],
    ],
    draw: (r) => [one(r, -12, 12), one(r, -6, 0), one(r, 1, 6)],
  }),
  textbook("comparing", "middleOfThree(a: number, b: number, c: number): number", {
    ...{ level: 2, ask: "Returns the one of a, b and c that is neither the smallest nor the largest." },
    ...{ javascript: "return [a, b, c].sort((x, y) => x - y)[1];", python: "return sorted([a, b, c])[1]" },
    edges: [
      [1, 1, 1],
      [10, 9, 8],
    ],
    draw: (r) => [one(r, -20, 20), one(r, -20, 20), one(r, -20, 20)],
  }),
  textbook("calendar", "isLeapYear(year: number): boolean", {
    ...{ level: 2, ask: "Returns true if year is a leap year of the Gregorian calendar, else false." },
    javascript: "return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);",
    python: "return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)",
    edges: [[1900], [2000], [2024], [2023], [2100], [1600]],
    draw: (r) => [one(r, 1890, 2110)],
  }),
  textbook("calendar", "daysInMonth(month: number): number", {
    ...{ level: 2, ask: "Returns how many days the month with this number, from 1 to 12, has in an ordinary year." },
    javascript: "if (month === 2) return 28;\nreturn [4, 6, 9, 11].includes(month) ? 30 : 31;",
    python: "if month == 2:\n    return 28\nreturn 30 if month in [4, 6, 9, 11] else 31",
    edges: Array.from({ length: 12 }, (_, i) => [i + 1]),
    draw: (r) => [one(r, 1, 12)],
  }),
  textbook("calendar", "clockTime(minutes: number): string", {
    ...{ level: 2, ask: 'Returns the time of day, so many minutes after midnight, as text like "7:05".' },
    javascript: 'const rest = String(minutes % 60);\nreturn Math.floor(minutes / 60) + ":" + rest.padStart(2, "0");',
    python: 'return str(minutes // 60) + ":" + str(minutes % 60).rjust(2, "0")',
    edges: [[0], [59], [60], [425], [1439]],
    draw: (r) => [one(r, 0, 1439)],
  }),
];

const digits: Draft[] = [
  textbook("digits", "sumOfDigits(n: number): number", {
    ...{ level: 2, ask: "Returns the sum of the decimal digits of n, which is 0 or more." },
    javascript: "let sum = 0;\nfor (const digit of String(n)) sum += Number(digit);\nreturn sum;",
    python: "return sum(int(digit) for digit in str(n))",
    edges: [[0], [9], [10], [999]],
    draw: (r) => [one(r, 0, 4999)],
  }),
  textbook("digits", "reverseDigits(n: number): number", {
    ...{
      level: 2,
      ask: "Returns the number whose decimal digits are those of n, which is 0 or more, in reverse order.",
    },
    javascript: 'return Number(String(n).split("").reverse().join(""));',
    python: "return int(str(n)[::-1])",
    edges: [[0], [120], [7]],
    draw: (r) => [one(r, 0, 4999)],
  }),
  textbook("digits", "toBinary(n: number): string", {
    ...{ level: 2, ask: "Returns n, which is 0 or more, written in binary." },
    ...{ javascript: "return n.toString(2);", python: "return bin(n)[2:]" },
    edges: [[0], [1], [8], [255]],
    draw: (r) => [one(r, 0, 999)],
  }),
  textbook("digits", "fromBinary(text: string): number", {
    ...{ level: 2, ask: "Returns the number that text writes in binary." },
    javascript: 'let n = 0;\nfor (const bit of text) n = n * 2 + (bit === "1" ? 1 : 0);\nreturn n;',
    python: "return int(text, 2)",
    edges: [["0"], ["1"], ["1000"]],
    draw: (r) => [one(r, 0, 999).toString(2)],
  }),
  textbook("digits", "romanNumeral(n: number): string", {
    ...{ level: 4, ask: "Returns n, from 1 to 3999, as a Roman numeral in capital letters." },
    javascript: `const values = [1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1];
const letters = ["M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"];
let out = "";
values.forEach((value, i) => {
  while (n >= value) {
    out += letters[i];
    n -= value;
  }
});
return out;`,
    python: `values = [1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1]
letters = ["M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"]
out = ""
for value, letter in zip(values, letters):
    while n >= value:
        out += letter
        n -= value
return out`,
    edges: [[1], [4], [9], [40], [90], [400], [900], [3999]],
    draw: (r) => [one(r, 1, 3999)],
  }),
];

/** All of them. */
export const aboutNumbers: readonly Draft[] = [...first, ...digits];
