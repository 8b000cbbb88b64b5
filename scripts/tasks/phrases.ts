/** How a function is put into English, and an ask is made of it. */

import type { Random } from "../../src/random/index.ts";
import type { Does } from "../../src/tasks/micro/reference.ts";
import { type Constant, type Kind, stageNamed } from "../../src/tasks/micro/stages/index.ts";

/** Parameter names for what a function takes. */
const parameters: { [kinds: string]: readonly (readonly string[])[] } = {
  number: [["n"], ["n"], ["x"], ["value"], ["number"]],
  count: [["n"], ["n"], ["k"], ["limit"]],
  "number,number": [
    ["a", "b"],
    ["a", "b"],
    ["x", "y"],
    ["first", "second"],
  ],
  text: [["text"], ["text"], ["word"], ["s"]],
  numbers: [["list"], ["list"], ["items"], ["values"]],
  words: [["list"], ["items"], ["texts"]],
  people: [["people"], ["group"], ["members"]],
};

const plainNames =
  "calc compute work apply convert transform change make use helper tool trick skill solve find get".split(" ");

const methodAsks = [
  "add a method {name}({list}) that returns {phrase}",
  "add a method {name}({list}) that returns {phrase}",
  "define self.{name}({list}) to return {phrase}",
  "give yourself a method {name}({list}) that returns {phrase}",
  "learn a method {name}({list}) that returns {phrase}",
  "write a method {name} that takes {and} and returns {phrase}",
  "self.{name}({list}) should return {phrase}",
  "create self.{name}({list}), which returns {phrase}",
  "declare a function {name}({list}) that returns {phrase}",
  "write a function {name}({list}) that returns {phrase}",
  "define a function {name} that takes {and} and returns {phrase}",
];

/** A function under a name: what a task asks for. */
export interface Asked {
  name: string;
  names: readonly string[];
  phrase: string;
}

/** Draws names for a function and its parameters, and says what it gives. */
export function nameFunction(random: Random, does: Does): Asked {
  const stages = does.map(([name]) => stageNamed(name)!);
  const open = parameters[stages[0]!.takes.join(",")]!;
  // "a days" would be read as an article.
  const hasUnits = /^(unit|shape|clock|money)\./.test(does[0]![0]);
  const names = random.choice(hasUnits ? open.filter(([first]) => first !== "a" && first !== "number") : open);
  const name = random.uniform() < 0.7 ? random.choice(stages.at(-1)!.names) : random.choice(plainNames);
  return { name, names, phrase: phraseOf(random, does, names) };
}

/** Draws the ask for a function. */
export function askFor(random: Random, { name, names, phrase }: Asked): string {
  return sentence(
    random,
    put(random.choice(methodAsks), { name, list: names.join(", "), and: names.join(" and "), phrase }),
  );
}

/** What stages make of something, as a noun: of parameters, or of an attribute. */
export function phraseOf(random: Random, does: Does, names: readonly string[]): string {
  let [phrase, ...others] = names as [string, ...string[]];
  for (const [i, [name, ...constants]] of does.entries()) {
    const stage = stageNamed(name)!;
    const inner = i === 0 && /^(end|each)\./.test(name) ? `the numbers of ${phrase}` : phrase;
    // Inside another phrase the first one, which is a noun.
    const words = i === does.length - 1 ? random.choice(stage.phrases) : stage.phrases[0]!;
    const told = put(words, { ...namesOf(constants), 0: inner, 1: others[0] ?? "" });
    phrase = i > 0 && stage.next !== null ? `${phrase}, then ${put(stage.next, namesOf(constants))}` : told;
    others = [];
  }
  const kind = stageNamed(does[0]![0])!.takes[0];
  return kind === "people" ? `${phrase}, where ${names[0]} is a list of objects with a name and an age` : phrase;
}

function namesOf(constants: readonly Constant[]): { [name: string]: string } {
  return Object.fromEntries(constants.map((one, i) => ["kj"[i]!, JSON.stringify(one)]));
}

/** Puts values for `{name}`. */
export function put(template: string, values: { [name: string]: string | number }): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => (key in values ? String(values[key]) : whole));
}

/** First letter upper case, and a full stop or none. */
export function sentence(random: Random, text: string): string {
  const ended = /[.?!]$/.test(text) || random.uniform() < 0.3 ? text : `${text}.`;
  return ended.startsWith("self") ? ended : ended.replace(/^[a-z]/, (first) => first.toUpperCase());
}

/** The kinds that an attribute of a `change` may have. */
export type ValueKind = Exclude<Kind, "boolean" | "people" | "words" | "count">;
