/**
 * Small programs as agents write them, each with the plain value that it leaves under one name: the survival probes of Python.
 * What a form uses of the built-in functions is named, since a guest may have names of its own in their place.
 */

import type { Random } from "../../../../random/index.ts";

/** What a form is written with. */
interface Parts {
  /** Where its value goes, and a second place: `self.total`, `state["total"]`, `total`. */
  at: string;
  other: string;
  /** A variable of its own. */
  name: string;
  a: number;
  b: number;
  few: number;
  words: string;
}
type Written = [program: string, value: unknown, uses?: string];

const range = (few: number): number => (few * (few - 1)) / 2;
const lengths = (words: string): number[] => words.split(" ").map(({ length }) => length);

const sums: ((parts: Parts) => [text: string, value: number])[] = [
  ({ a, b }) => [`${a} + ${b}`, a + b],
  ({ a, b }) => [`${a} * ${b}`, a * b],
  ({ a, few }) => [`${a} - ${few}`, a - few],
  ({ a, b, few }) => [`(${a} + ${b}) * ${few}`, (a + b) * few],
  ({ a, b }) => [`${a} % ${b}`, a % b],
  ({ a, few }) => [`${a} // ${few}`, Math.floor(a / few)],
];

const forms: ((parts: Parts, sum: [string, number]) => Written)[] = [
  ({ at }, [sum, value]) => [`${at} = ${sum}`, value],
  ({ at }, [sum, value]) => [`${at} = ${sum}  # keep it`, value],
  ({ at }, [sum, value]) => [`if True:\n    ${at} = ${sum}`, value],
  ({ at, words }) => [`${at} = "${words}"`, words],
  ({ at, words }) => [`${at} = '${words}'.split()`, words.split(" ")],
  ({ at, words }) => [`${at} = [len(word) for word in "${words}".split()]`, lengths(words), "len"],
  ({ at, words, a }) => [`${at} = f"${words} {${a} + 1}"`, `${words} ${a + 1}`],
  ({ at, a, b, few }) => [`${at} = [${a}, ${b}, ${few}]`, [a, b, few]],
  ({ at, a, b, few }) => [`${at} = [x * ${few} for x in (${a}, ${b})]`, [a * few, b * few]],
  ({ at, a, words }) => [`${at} = {"value": ${a}, "text": "${words}"}`, { value: a, text: words }],
  ({ at, a, b }) => [`${at} = ${a}\n${at} += ${b}`, a + b],
  ({ at, few }) => [`${at} = 0\nfor i in range(${few}):\n    ${at} += i`, range(few), "range"],
  ({ at, few }) => [`${at} = sum(range(${few}))`, range(few), "sum range"],
  ({ at, a, b }) => [`if ${a} > ${b}:\n    ${at} = ${a}\nelse:\n    ${at} = ${b}`, Math.max(a, b)],
  ({ at, a, b }) => [`${at} = ${a} if ${a} > ${b} else ${b}`, Math.max(a, b)],
  ({ at, a, few }) => [`${at} = (lambda n: n * ${few})(${a})`, a * few],
  ({ at, other, a, few }) => [`${other} = ${a}\n${at} = ${other} * ${few}`, a * few],
  ({ at, name, a, b }) => [`def ${name}(n):\n    return n + ${a}\n${at} = ${name}(${b})`, a + b],
  ({ at }, [sum, value]) => [`try:\n    ${at} = ${sum}\nexcept Exception:\n    ${at} = 0`, value, "Exception"],
  ({ at, a, b }) => [`${at} = []\n${at}.append(${a})\n${at}.append(${b})`, [a, b]],
  ({ at, name, a }) => [
    `class ${name}:\n    def __init__(self, n):\n        self.n = n\n    def twice(self):\n        return self.n * 2\n${at} = ${name}(${a}).twice()`,
    a * 2,
  ],
  ({ at, few }) => [`${at} = 0\nwhile ${at} < ${few}:\n    ${at} += 1`, few],
  ({ at, a, b, few }) => [`${at} = sorted([${a}, ${b}, ${few}])[0]`, Math.min(a, b, few), "sorted"],
  ({ at, a, b }) => [`${at} = max(${a}, ${b})`, Math.max(a, b), "max"],
  ({ at, words }) => [`${at} = "${words}".upper()`, words.toUpperCase()],
  ({ at, words }) => [`${at} = "-".join(["${words}", "end"])`, `${words}-end`],
  ({ at, a, few }) => [`${at} = {"a": ${a}, "b": ${few}}["b"]`, few],
  ({ at, a, b }) => [`${at} = [${a}, ${b}][::-1]`, [b, a]],
  ({ at, name, other, a, b }) => [`${name}, ${other} = ${a}, ${b}\n${at} = ${other} - ${name}`, b - a],
  ({ at, a }) => [`${at} = str(${a}) + "!"`, `${a}!`, "str"],
];

const phrases =
  "to be or not to be,hello world,the quick brown fox,good morning,one two three,remember this,a small step,hello again".split(
    ",",
  );

const places: ((name: string) => string)[] = [
  (name) => `self.${name}`,
  (name) => name,
  (name) => `self.${name}`,
  (name) => `state["${name}"]`,
  (name) => name,
];

/** A program, the value that it leaves under the first of its names, and the built-in functions that it uses. */
export interface Form {
  program: string;
  value: unknown;
  uses: string[];
}

/** Draws a form that may use three names. */
export function drawForm(random: Random, names: readonly string[]): Form {
  const [form, sum] = [random.integer(forms.length), random.integer(sums.length)];
  const [first, second] = [random.integer(places.length), random.integer(places.length)];
  const [a, b, few] = [random.integer(900) + 10, random.integer(90) + 2, random.integer(9) + 3];
  const words = random.choice(phrases);
  const parts = { at: places[first]!(names[0]!), other: places[second]!(names[1]!), name: names[2]!, a, b, few, words };
  const [program, value, uses = ""] = forms[form]!(parts, sums[sum]!(parts));
  return { program, value, uses: uses === "" ? [] : uses.split(" ") };
}
