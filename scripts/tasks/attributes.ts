/** Families of attributes: set, compute, join, forget, and change what is there. */

import type { Random } from "../../src/random/index.ts";
import type { TaskCheck } from "../../src/tasks/index.ts";
import { type Does, referenceOf } from "../../src/tasks/micro/reference.ts";
import { stageGroups } from "../../src/tasks/micro/stages/index.ts";
import type { Draft } from "./draft.ts";
import { phraseOf, put, sentence } from "./phrases.ts";

const attributeNames = (
  "score color mood goal speed size weight age city food drink song game book title word limit target price rate status " +
  "version flag label key value power health money points lives year day month topic plan role owner friend animal planet " +
  "team place hour width height depth"
).split(" ");
const words = (
  "tea coffee red blue green gold black white happy calm ready busy open closed north south river ocean moon star sun rain " +
  "snow wind fire stone tree apple bread cheese fish cat dog bird horse lion robot hello chess piano guitar water milk " +
  "sugar salt lemon summer winter spring Paris Rome Tokyo London Berlin Monday Friday"
).split(" ");
/** None that a program would hold by accident. */
const numbers = [
  7, 8, 9, 11, 12, 14, 15, 17, 18, 21, 24, 25, 27, 30, 33, 36, 40, 42, 45, 50, 60, 64, 75, 80, 90, 99, 144, 200, 365,
  500, 750,
];

type DrawStage = (random: Random, names: readonly string[]) => Does[number];

function drawValue(random: Random): { sort: string; value: unknown; text: string } {
  const at = random.uniform();
  const value =
    at < 0.4
      ? random.choice(numbers)
      : at < 0.8
        ? random.choice(words)
        : Array.from({ length: 2 + random.integer(2) }, () =>
            at < 0.9 ? random.choice(words) : random.choice(numbers),
          );
  const sort = Array.isArray(value) ? "list" : typeof value;
  const text = Array.isArray(value) ? `[${value.map((one) => JSON.stringify(one)).join(", ")}]` : JSON.stringify(value);
  return { sort, value, text };
}

function made(random: Random, operation: string, ask: string, check: TaskCheck | TaskCheck[], setup?: string): Draft {
  return {
    operation,
    combination: JSON.stringify(check),
    ask: sentence(random, ask),
    check,
    ...(setup !== undefined && { setup }),
  };
}

/** One attribute of the agent, or of its state. */
export function drawSet(random: Random): Draft {
  const name = random.choice(attributeNames);
  const { sort, value, text } = drawValue(random);
  const inState = random.uniform() < 0.3;
  const ask = random.choice(
    inState
      ? ["put {text} into self.state.{name}", "save {text} in self.state.{name}", "set self.state.{name} to {text}"]
      : [
          "set self.{name} to {text}",
          "set self.{name} to {text}",
          "let self.{name} be {text}",
          "store {text} in self.{name}",
          "change self.{name} to {text}",
          "keep {text} as self.{name}",
          "give yourself the attribute {name} with the value {text}",
          "make self.{name} equal to {text}",
        ],
  );
  const read = inState ? `self.state.${name}` : `self.${name}`;
  const operation = `set ${sort}${inState ? " in the state" : ""}`;
  return made(random, operation, put(ask, { name, text }), { read, expected: value });
}

function twoNames(random: Random): [string, string] {
  const name = random.choice(attributeNames);
  return [name, random.choice(attributeNames.filter((one) => one !== name))];
}

/** Two attributes. */
export function drawTwo(random: Random): Draft {
  const [first, second] = twoNames(random);
  const [one, other] = [drawValue(random), drawValue(random)];
  const ask = random.choice([
    "set self.{first} to {one} and self.{second} to {other}",
    "let self.{first} be {one}, and set self.{second} to {other}",
    "store {one} in self.{first} and {other} in self.{second}",
  ]);
  const check = [
    { read: `self.${first}`, expected: one.value },
    { read: `self.${second}`, expected: other.value },
  ];
  const sorts = [one.sort, other.sort].sort().join(" and ");
  return made(random, `set ${sorts}`, put(ask, { first, second, one: one.text, other: other.text }), check);
}

/** Two attributes of one value. */
export function drawSame(random: Random): Draft {
  const [first, second] = twoNames(random);
  const { sort, value, text } = drawValue(random);
  const ask = random.choice([
    "set both self.{first} and self.{second} to {text}",
    "let self.{first} be {text}, and self.{second} the same",
    "give self.{first} and self.{second} the same value, {text}",
  ]);
  const check = [first, second].map((name) => ({ read: `self.${name}`, expected: value }));
  return made(random, `set two to one ${sort}`, put(ask, { first, second, text }), check);
}

const signs: { sign: string; phrases: string[]; run(a: number, b: number): number }[] = [
  { sign: "+", phrases: ["the sum of {a} and {b}", "{a} plus {b}", "{a} + {b}"], run: (a, b) => a + b },
  { sign: "-", phrases: ["{a} minus {b}", "{a} - {b}"], run: (a, b) => a - b },
  { sign: "*", phrases: ["the product of {a} and {b}", "{a} times {b}", "{a} * {b}"], run: (a, b) => a * b },
];

/** What two numbers make. */
export function drawComputed(random: Random): Draft {
  const name = random.choice(attributeNames);
  const [a, b] = [random.choice(numbers), random.choice(numbers)];
  const { sign, phrases, run } = random.choice(signs);
  const ask = random.choice([
    "put {phrase} into self.{name}",
    "compute {phrase} and keep it in self.{name}",
    "set self.{name} to {phrase}",
    "let self.{name} be {phrase}",
  ]);
  const phrase = put(random.choice(phrases), { a, b });
  return made(random, `compute ${sign}`, put(ask, { phrase, name }), { read: `self.${name}`, expected: run(a, b) });
}

/** Two words as one text. */
export function drawJoined(random: Random): Draft {
  const name = random.choice(attributeNames);
  const [a, b] = [random.choice(words), random.choice(words)];
  const spaced = random.uniform() < 0.4;
  const ask = random.choice(
    spaced
      ? ['set self.{name} to "{a}" and "{b}" as one text with a space between them']
      : [
          'join "{a}" and "{b}" into one text, with nothing between them, in self.{name}',
          'set self.{name} to "{a}" directly followed by "{b}", as one text',
        ],
  );
  const expected = spaced ? `${a} ${b}` : a + b;
  const operation = spaced ? "join with a space" : "join";
  return made(random, operation, put(ask, { a, b, name }), { read: `self.${name}`, expected });
}

/** An attribute that is there, and is to be gone. */
export function drawForgotten(random: Random): Draft {
  const name = random.choice(attributeNames);
  const { sort, text } = drawValue(random);
  const ask = random.choice([
    "remove self.{name}",
    "delete the attribute {name}",
    "forget self.{name}",
    "self.{name} should be gone",
    "get rid of self.{name}",
  ]);
  const setup = `self.${name} = ${text};`;
  return made(random, `forget ${sort}`, put(ask, { name }), { gone: `self.${name}` }, setup);
}

const changes = {
  number: [
    "number.double",
    "number.half",
    "number.times",
    "number.plus",
    "number.plus",
    "number.minus",
    "number.square",
  ],
  text: [
    "text.upper",
    "text.lower",
    "text.reverse",
    "text.twice",
    "text.squeeze",
    "text.dashes",
    "text.ending",
    "text.beginning",
    "text.between",
    "text.repeat",
  ],
  numbers: [
    ...["end.sorted", "end.sortedDown", "end.reversed", "list.append", "list.prepend", "list.drop"],
    ...Object.keys(stageGroups.keep).map((name) => `keep.${name}`),
    ...Object.keys(stageGroups.each).map((name) => `each.${name}`),
  ],
};
const named = {
  number: "count total score level points steps".split(" "),
  text: "title label message phrase text motto".split(" "),
  numbers: "list numbers scores values items marks".split(" "),
};
type Sort = keyof typeof changes;
const sorts = ["number", "number", "text", "numbers"] as const;

/** An attribute made into something else by what it is. */
export function drawChange(random: Random, drawStage: DrawStage): Draft {
  const sort = random.choice(sorts);
  const does: Does = [drawStage(random, changes[sort])];
  const name = `self.${random.choice(named[sort])}`;
  const phrase = phraseOf(random, does, [name]);
  const ask = random.choice(["set {name} to {phrase}", "change {name} to {phrase}", "replace {name} by {phrase}"]);
  return {
    ...made(random, `change ${does[0]![0]}`, put(ask, { name, phrase }), { change: name, does }),
    combination: JSON.stringify(does),
  };
}

const derived: { [sort in Sort]: string[] } = {
  number: [...changes.number, "number.negate", "number.absolute", "number.over", "number.from"],
  text: [...changes.text, "text.length", "text.words", "text.wordCount", "text.first", "text.last"],
  numbers: [...changes.numbers, "end.sum", "end.largest", "end.smallest", "end.count", "end.mean", "end.last"],
};

/** An attribute made of another one, which stays. */
export function drawDerived(random: Random, drawStage: DrawStage): Draft {
  const sort = random.choice(sorts);
  const does: Does = [drawStage(random, derived[sort])];
  const from = `self.${random.choice(named[sort])}`;
  const to = `self.${random.choice(named[referenceOf(does).gives === "number" ? "number" : sort].filter((one) => `self.${one}` !== from))}`;
  const phrase = phraseOf(random, does, [from]);
  const ask = random.choice([
    "set {to} to {phrase}, and leave {from} as it is",
    "keep {phrase} in {to}, without changing {from}",
    "let {to} be {phrase}; {from} stays as it is",
  ]);
  const check = { change: to, from, does };
  return {
    ...made(random, `derive ${does[0]![0]}`, put(ask, { to, from, phrase }), check),
    combination: JSON.stringify(does),
  };
}
