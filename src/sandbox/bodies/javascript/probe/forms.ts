/**
 * Ordinary small programs of many forms, for lives that have not run enough of their own to be copied. Each is compiled
 * once, with other names and numbers in their places.
 */

import type { Random } from "../../../../random/index.ts";
import { readHere } from "../program.ts";

/** What a form is written with: names, numbers, and a text of some words. */
interface Parts {
  /** The place to be assigned, and another. */
  at: string;
  other: string;
  /** A name to declare. */
  name: string;
  a: number;
  b: number;
  few: number;
  words: string;
}

/** A program, or an expression, and what it comes to. */
type Written = [text: string, value: unknown];

const sums: ((parts: Parts) => Written)[] = [
  ({ a, b }) => [`${a} * ${b}`, a * b],
  ({ a, b }) => [`${a} + ${b}`, a + b],
  ({ a, b }) => [`${a} - ${b}`, a - b],
  ({ a }) => [`${a}`, a],
  ({ a, b }) => [`(${a} + ${b}) * 2`, (a + b) * 2],
  ({ a, b }) => [`[${a}, ${b}].length + ${a}`, 2 + a],
  ({ a, b }) => [`Math.max(${a}, ${b})`, Math.max(a, b)],
  ({ a, b }) => [`${a} % ${b}`, a % b],
  ({ a, b }) => [`${a} > ${b} ? ${a} : ${b}`, Math.max(a, b)],
];

const range = (few: number): number => (few * (few - 1)) / 2;
const lengths = (words: string): number[] => words.split(" ").map(({ length }) => length);

const forms: ((parts: Parts, sum: Written) => Written)[] = [
  ({ at }, [sum, value]) => [`${at} = ${sum};`, value],
  ({ at }, [sum, value]) => [`${at} = ${sum}`, value],
  ({ at }, [sum, value]) => [`{ const value = ${sum}; ${at} = value; }`, value],
  ({ at, words }) => [`${at} = "${words}";`, words],
  ({ at, words }) => [`${at} = "${words}".split(" ").length;`, lengths(words).length],
  ({ at, words }) => [`${at} = "${words}".split(" ").map(function (w) { return w.length });`, lengths(words)],
  ({ at, words, a }) => [`${at} = \`${words} \${${a} + 1}\`;`, `${words} ${a + 1}`],
  ({ at, a, b, few }) => [`${at} = [${a}, ${b}, ${few}];`, [a, b, few]],
  ({ at, a, b, few }) => [`${at} = [${a}, ${b}].map((x) => x * ${few});`, [a * few, b * few]],
  ({ at, a, words }) => [`${at} = { value: ${a}, text: "${words}" };`, { value: a, text: words }],
  ({ at, a }) => [`${at} = (${at} || 0) + ${a};`, a],
  ({ at, a }) => [`${at} = (${at} ?? 0) + ${a};`, a],
  ({ at, a, b }) => [`${at} = ${a}; ${at} += ${b};`, a + b],
  ({ at, few }) => [`${at} = 0; for (let i = 0; i < ${few}; i++) ${at} += i;`, range(few)],
  ({ at, name, few }) => [
    `let ${name} = 0;\nfor (let i = 0; i < ${few}; i++) ${name} += i;\n${at} = ${name};`,
    range(few),
  ],
  ({ at, a, b }) => [`if (${a} > ${b}) ${at} = ${a}; else ${at} = ${b};`, Math.max(a, b)],
  ({ at, a, few }) => [`${at} = (function (n) { return n * ${few}; })(${a});`, a * few],
  ({ at, other, a, few }) => [`${other} = ${a}; ${at} = ${other} * ${few};`, a * few],
  ({ at, name, few }, [sum, value]) => [`const ${name} = ${sum}; ${at} = ${name} + ${few};`, (value as number) + few],
  ({ at, name, a, b }) => [`function ${name}(n) { return n + ${a}; }\n${at} = ${name}(${b});`, a + b],
  ({ at }, [sum, value]) => [`try { ${at} = ${sum}; } catch (error) { ${at} = 0; }`, value],
  ({ at, a, b }) => [`${at} = []; ${at}.push(${a}); ${at}.push(${b});`, [a, b]],
  ({ at, name, a, b }) => [
    `class ${name} { constructor(n) { this.n = n; } twice() { return this.n * 2 + ${b}; } }\n${at} = new ${name}(${a}).twice();`,
    a * 2 + b,
  ],
  ({ at, a }) => [`${at} = /^\\d+$/.test("${a}");`, true],
  ({ at, a, words }) => [`${at} = "${words} ${a}".replace(/\\D/g, "");`, String(a)],
  ({ at, a, b }) => [`${at} = JSON.parse('{"a": ${a}, "b": [${b}]}').b[0];`, b],
  ({ at, a, b }) => [`${at} = Object.keys({ a: ${a}, b: ${b} }).join("-");`, "a-b"],
  ({ at, a, few }) => [`{ const { x, y } = { x: ${a}, y: ${few} }; ${at} = x - y; }`, a - few],
  ({ at, name, few }) => [
    `let ${name} = 0;\nfor (const key in { a: 1, b: 2 }) { ${name} += ${few}; }\n${at} = ${name};`,
    few * 2,
  ],
  ({ at, a, words }) => [`${at} = new Map([["${words}", ${a}]]).get("${words}");`, a],
  ({ at, a, b, few }) => [`${at} = [...[${a}, ${b}], ${few}].sort((x, y) => x - y)[0];`, Math.min(a, b, few)],
  ({ at, words }) => [`switch ("${words}".length) { case 0: break; default: ${at} = "${words}"; }`, words],
];

const phrases =
  "to be or not to be,hello world,the quick brown fox,good morning,one two three,remember this,a small step,hello again".split(
    ",",
  );

const places: ((name: string) => string)[] = [
  (name) => `self.state.${name}`,
  (name) => `self.${name}`,
  (name) => `self.state["${name}"]`,
  (name) => `self.${name}`,
  (name) => `self.state.${name}`,
];

// What stands in a form that is compiled for all names and numbers.
const blanks = { names: ["nameOne_", "nameTwo_", "nameThree_"], a: 900001, b: 900002, few: 900003, words: "words_" };
const blank = /nameOne_|nameTwo_|nameThree_|90000[123]|words_/g;
/** By the numbers that were drawn, and by what was written with them: most forms use neither a sum nor a second place. */
const compiledForms = new Map<string, string | null>();
const compiledTexts = new Map<string, string | null>();

/** Gives what is kept of a key, made when it is first asked for. */
function kept(known: Map<string, string | null>, key: string, make: () => string | null): string | null {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}

/** A program that assigns `names[0]` and may use the other two, what it compiles to, and the value it assigns. */
export interface Form {
  program: string;
  compiled: string | null;
  place: "state" | "self";
  value: unknown;
}

/** Draws a form. */
export function drawForm(random: Random, names: readonly string[]): Form {
  const [form, sum] = [random.integer(forms.length), random.integer(sums.length)];
  const [first, second] = [random.integer(places.length), random.integer(places.length)];
  const [a, b, few] = [random.integer(900) + 10, random.integer(90) + 2, random.integer(9) + 3];
  const words = random.choice(phrases);
  const write = (own: readonly string[], more: Pick<Parts, "a" | "b" | "few" | "words">): Written => {
    const parts = { at: places[first]!(own[0]!), other: places[second]!(own[1]!), name: own[2]!, ...more };
    return forms[form]!(parts, sums[sum]!(parts));
  };
  const [program, value] = write(names, { a, b, few, words });
  const kind = [form, sum, first, second].join();
  const compiled = kept(compiledForms, kind, () => {
    const blankText = write(blanks.names, blanks)[0];
    return kept(compiledTexts, blankText, () => readHere(blankText)?.compiled ?? null);
  });
  const fill = (one: string): string => {
    const at = blanks.names.indexOf(one);
    if (at >= 0) return names[at]!;
    return String(one === "900001" ? a : one === "900002" ? b : one === "900003" ? few : words);
  };
  const place = places[first]!("").startsWith("self.state") ? "state" : "self";
  return { program, compiled: compiled?.replace(blank, fill) ?? null, place, value };
}
