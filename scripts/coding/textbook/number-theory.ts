/** Textbook problems about whole numbers: primes, divisors, rows of numbers. */

import type { Draft } from "../draft.ts";
import { one, textbook } from "./write.ts";

/** All of them. */
export const numberTheory: readonly Draft[] = [
  textbook("number theory", "factorial(n: number): number", {
    ...{ level: 2, ask: "Returns the factorial of n, which is 0 or more." },
    javascript: "let result = 1;\nfor (let i = 2; i <= n; i++) result *= i;\nreturn result;",
    python: "result = 1\nfor i in range(2, n + 1):\n    result *= i\nreturn result",
    edges: [[0], [1], [2], [5]],
    draw: (r) => [one(r, 0, 12)],
  }),
  textbook("number theory", "raisedTo(base: number, exponent: number): number", {
    ...{ level: 2, ask: "Returns base to the power of exponent, which is 0 or more." },
    javascript: "let result = 1;\nfor (let i = 0; i < exponent; i++) result *= base;\nreturn result;",
    python: "return base ** exponent",
    edges: [
      [5, 0],
      [0, 3],
      [-2, 3],
    ],
    draw: (r) => [one(r, -5, 9), one(r, 0, 6)],
  }),
  textbook("number theory", "isPowerOfTwo(n: number): boolean", {
    ...{ level: 2, ask: "Returns true if n, which is 1 or more, is a power of two, else false." },
    javascript: "while (n % 2 === 0) n /= 2;\nreturn n === 1;",
    python: "while n % 2 == 0:\n    n //= 2\nreturn n == 1",
    edges: [[1], [2], [3], [64], [96]],
    draw: (r) => [one(r, 1, 130)],
  }),
  textbook("number theory", "fibonacci(n: number): number", {
    ...{ level: 3, ask: "Returns the Fibonacci number with index n, where those with index 0 and 1 are 0 and 1." },
    javascript: "let [a, b] = [0, 1];\nfor (let i = 0; i < n; i++) [a, b] = [b, a + b];\nreturn a;",
    python: "a, b = 0, 1\nfor _ in range(n):\n    a, b = b, a + b\nreturn a",
    edges: [[0], [1], [2], [10]],
    draw: (r) => [one(r, 0, 30)],
  }),
  textbook("number theory", "isPrime(n: number): boolean", {
    ...{ level: 3, ask: "Returns true if n is a prime number, else false." },
    javascript:
      "if (n < 2) return false;\nfor (let i = 2; i * i <= n; i++) {\n  if (n % i === 0) return false;\n}\nreturn true;",
    python:
      "if n < 2:\n    return False\ni = 2\nwhile i * i <= n:\n    if n % i == 0:\n        return False\n    i += 1\nreturn True",
    edges: [[0], [1], [2], [3], [4], [9], [25], [29], [49]],
    draw: (r) => [one(r, 0, 130)],
  }),
  textbook("number theory", "greatestCommonDivisor(a: number, b: number): number", {
    ...{ level: 3, ask: "Returns the greatest common divisor of a and b, which are 1 or more." },
    javascript: "while (b !== 0) [a, b] = [b, a % b];\nreturn a;",
    python: "while b:\n    a, b = b, a % b\nreturn a",
    edges: [
      [1, 1],
      [7, 7],
      [12, 18],
    ],
    draw: (r) => [one(r, 1, 12) * one(r, 1, 9), one(r, 1, 12) * one(r, 1, 9)],
  }),
  textbook("number theory", "leastCommonMultiple(a: number, b: number): number", {
    ...{ level: 3, ask: "Returns the least common multiple of a and b, which are 1 or more." },
    javascript: "let multiple = a;\nwhile (multiple % b !== 0) multiple += a;\nreturn multiple;",
    python: "multiple = a\nwhile multiple % b != 0:\n    multiple += a\nreturn multiple",
    edges: [
      [1, 1],
      [7, 7],
      [12, 18],
    ],
    draw: (r) => [one(r, 1, 24), one(r, 1, 24)],
  }),
  textbook("number theory", "divisorsOf(n: number): number[]", {
    ...{ level: 2, ask: "Returns a list of the divisors of n, which is 1 or more, from the smallest to the largest." },
    javascript: "const out = [];\nfor (let i = 1; i <= n; i++) {\n  if (n % i === 0) out.push(i);\n}\nreturn out;",
    python: "return [i for i in range(1, n + 1) if n % i == 0]",
    edges: [[1], [7], [16]],
    draw: (r) => [one(r, 1, 80)],
  }),
  textbook("number theory", "primeFactors(n: number): number[]", {
    ...{
      level: 4,
      ask: "Returns a list of the prime factors of n, which is 2 or more, from the smallest to the largest, each as often as it divides n.",
    },
    javascript:
      "const out = [];\nfor (let i = 2; i <= n; i++) {\n  while (n % i === 0) {\n    out.push(i);\n    n /= i;\n  }\n}\nreturn out;",
    python:
      "out = []\ni = 2\nwhile i <= n:\n    while n % i == 0:\n        out.append(i)\n        n //= i\n    i += 1\nreturn out",
    edges: [[2], [7], [8], [60]],
    draw: (r) => [one(r, 2, 120)],
  }),
  textbook("number theory", "isPerfect(n: number): boolean", {
    ...{ level: 3, ask: "Returns true if n, which is 1 or more, is the sum of its divisors below itself, else false." },
    javascript: "let sum = 0;\nfor (let i = 1; i < n; i++) {\n  if (n % i === 0) sum += i;\n}\nreturn sum === n;",
    python: "return sum(i for i in range(1, n) if n % i == 0) == n",
    edges: [[1], [2], [6], [28], [12]],
    draw: (r) => [one(r, 1, 40)],
  }),
  textbook("number theory", "stepsToOne(n: number): number", {
    ...{
      level: 3,
      ask: "Returns how many steps it takes n, which is 1 or more, to become 1, where a step halves an even number and makes an odd number three times itself plus one.",
    },
    javascript:
      "let steps = 0;\nwhile (n !== 1) {\n  n = n % 2 === 0 ? n / 2 : 3 * n + 1;\n  steps++;\n}\nreturn steps;",
    python: "steps = 0\nwhile n != 1:\n    n = n // 2 if n % 2 == 0 else 3 * n + 1\n    steps += 1\nreturn steps",
    edges: [[1], [2], [3], [6]],
    draw: (r) => [one(r, 1, 60)],
  }),
  textbook("number theory", "fizzBuzz(n: number): string", {
    ...{
      level: 2,
      ask: 'Returns "FizzBuzz" if n is a multiple of 15, "Fizz" if it is one of 3, "Buzz" if it is one of 5, else n as text.',
    },
    javascript:
      'if (n % 15 === 0) return "FizzBuzz";\nif (n % 3 === 0) return "Fizz";\nreturn n % 5 === 0 ? "Buzz" : String(n);',
    python:
      'if n % 15 == 0:\n    return "FizzBuzz"\nif n % 3 == 0:\n    return "Fizz"\nreturn "Buzz" if n % 5 == 0 else str(n)',
    edges: [[1], [3], [5], [15], [30]],
    draw: (r) => [one(r, 1, 60)],
  }),
  textbook("number theory", "pascalRow(n: number): number[]", {
    ...{ level: 4, ask: "Returns the row with index n of Pascal's triangle as a list; the row with index 0 is [1]." },
    javascript:
      "let row = [1];\nfor (let i = 0; i < n; i++) {\n  row = [1, ...row.slice(1).map((x, j) => x + row[j]), 1];\n}\nreturn row;",
    python: "row = [1]\nfor _ in range(n):\n    row = [1, *[a + b for a, b in zip(row, row[1:])], 1]\nreturn row",
    edges: [[0], [1], [2], [5]],
    draw: (r) => [one(r, 0, 12)],
  }),
];
