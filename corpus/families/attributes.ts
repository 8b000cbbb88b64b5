/** Attributes and state: set, compute, change, copy, remember, forget. */

import type { Random } from "../../src/random/index.ts";
import type { Draft, Family, Style } from "../types.ts";
import {
  attributeNames,
  counterNames,
  listNames,
  questions,
  smallNumbers,
  valueNumbers,
  valueWords,
} from "../words.ts";
import { put, sentence } from "../write.ts";
import { named } from "./numbers.ts";

interface Value {
  /** As JavaScript and as the ask has it. */
  text: string;
  value: unknown;
  type: string;
}

function drawValue(random: Random): Value {
  const at = random.uniform();
  if (at < 0.4) {
    const n = random.choice(valueNumbers);
    return { text: String(n), value: n, type: "number" };
  }
  if (at < 0.8) {
    const word = random.choice(valueWords);
    return { text: `"${word}"`, value: word, type: "string" };
  }
  if (at < 0.9) {
    const flag = random.uniform() < 0.5;
    return { text: String(flag), value: flag, type: "boolean" };
  }
  const words = random.uniform() < 0.5;
  const items = Array.from({ length: 2 + random.integer(2) }, () =>
    words ? random.choice(valueWords) : random.choice(smallNumbers),
  );
  return {
    text: `[${items.map((item) => JSON.stringify(item)).join(", ")}]`,
    value: items,
    type: words ? "string[]" : "number[]",
  };
}

const setAsks = [
  "set self.{name} to {value}",
  "set self.{name} to {value}",
  "let self.{name} be {value}",
  "store {value} in self.{name}",
  "change self.{name} to {value}",
  "keep {value} as self.{name}",
  "your {name} is {value}",
  "give yourself the attribute {name} with the value {value}",
  "make self.{name} equal to {value}",
];

const stateAsks = [
  "remember {name} = {value} in your state",
  "put {value} into self.state.{name}",
  "set {name} to {value} in your state",
  "save {value} in self.state.{name}",
  "in your state, {name} is {value}",
];

function drawSet(random: Random, { typed }: Style): Draft {
  const name = random.choice(attributeNames);
  const { text, value, type } = drawValue(random);
  const combination = `${name}=${text}`;
  if (random.uniform() < 0.7) {
    const ask = sentence(random, put(random.choice(setAsks), { name, value: text }));
    return { combination, ask, program: `self.${name} = ${text};`, check: { read: `self.${name}`, expected: value } };
  }
  const ask = sentence(random, put(random.choice(stateAsks), { name, value: text }));
  const form = random.uniform();
  const program =
    form < 0.6
      ? `self.state.${name} = ${text};`
      : `${form < 0.8 ? "const" : "let"} ${name}${typed ? `: ${type}` : ""} = ${text};`;
  return { combination: `state ${combination}`, ask, program, check: { read: name, expected: value } };
}

const operations: { phrases: string[]; sign: string; run(a: number, b: number): number }[] = [
  { phrases: ["the sum of {a} and {b}", "{a} plus {b}", "{a} + {b}"], sign: "+", run: (a, b) => a + b },
  { phrases: ["{a} minus {b}", "the difference of {a} and {b}", "{a} - {b}"], sign: "-", run: (a, b) => a - b },
  { phrases: ["the product of {a} and {b}", "{a} times {b}", "{a} * {b}"], sign: "*", run: (a, b) => a * b },
];

const computeAsks = [
  "put {phrase} into self.{name}",
  "compute {phrase} and keep it in self.{name}",
  "set self.{name} to {phrase}",
  "let self.{name} be {phrase}",
];

function drawComputed(random: Random): Draft {
  const name = random.choice(attributeNames);
  const [a, b] = [random.choice(valueNumbers), random.choice(valueNumbers)];
  const { phrases, sign, run } = random.choice(operations);
  const ask = sentence(
    random,
    put(random.choice(computeAsks), { name, phrase: put(random.choice(phrases), { a, b }) }),
  );
  return {
    combination: `${name}=${a}${sign}${b}`,
    ask,
    program: `self.${name} = ${a} ${sign} ${b};`,
    check: { read: `self.${name}`, expected: run(a, b) },
  };
}

function drawJoined(random: Random): Draft {
  const name = random.choice(attributeNames);
  const [a, b] = [random.choice(valueWords), random.choice(valueWords)];
  const ask = sentence(
    random,
    put(
      random.choice([
        'join "{a}" and "{b}" in self.{name}',
        'put "{a}" and "{b}" together as self.{name}',
        'set self.{name} to "{a}" followed by "{b}"',
      ]),
      { a, b, name },
    ),
  );
  const program = random.uniform() < 0.6 ? `self.${name} = "${a}" + "${b}";` : `self.${name} = "${a}${b}";`;
  return { combination: `${name}=${a}+${b}`, ask, program, check: { read: `self.${name}`, expected: a + b } };
}

function drawCounter(random: Random): Draft {
  const name = random.choice(counterNames);
  const k = random.uniform() < 0.5 ? 1 : random.choice(smallNumbers);
  const by = k === 1 ? "one" : String(k);
  const at = random.uniform() < 0.5 ? `self.${name}` : `self.state.${name}`;
  const ask = sentence(
    random,
    put(
      random.choice([
        "raise {at} by {by}",
        "add {by} to {at}",
        "increase {at} by {by}",
        "count {by} more in {at}",
        "{at} goes up by {by}",
      ]),
      { at, by },
    ),
  );
  const program = random.choice([
    `${at} = (${at} ?? 0) + ${k};`,
    `${at} = (${at} || 0) + ${k};`,
    `${at} ??= 0;\n${at} += ${k};`,
  ]);
  return { combination: `${at}+${k}`, ask, program, check: null };
}

function drawPush(random: Random): Draft {
  const name = random.choice(listNames);
  const value = random.uniform() < 0.7 ? `"${random.choice(valueWords)}"` : String(random.choice(valueNumbers));
  const ask = sentence(
    random,
    put(
      random.choice([
        "append {value} to self.{name}",
        "add {value} to the list self.{name}",
        "push {value} onto self.{name}",
        "write {value} down in self.{name}",
      ]),
      { name, value },
    ),
  );
  const program = random.choice([
    `self.${name} = [...(self.${name} ?? []), ${value}];`,
    `(self.${name} ??= []).push(${value});`,
    `self.${name} ??= [];\nself.${name}.push(${value});`,
  ]);
  return { combination: `${name}+${value}`, ask, program, check: null };
}

function drawQuery(random: Random): Draft {
  const question = random.choice(questions);
  const ask = sentence(
    random,
    put(
      random.choice([
        'ask yourself next: "{question}"',
        'your next query is "{question}"',
        'set self.query to "{question}"',
        'next time, ask "{question}"',
      ]),
      { question },
    ),
  );
  return {
    combination: `${question} ${ask.slice(0, 4)}`,
    ask,
    program: `self.query = "${question}";`,
    check: { read: "self.query", expected: question },
  };
}

function drawAnswer(random: Random): Draft {
  const value = random.uniform() < 0.5 ? random.choice(valueNumbers) : random.choice(valueWords);
  const text = JSON.stringify(value);
  const ask = sentence(
    random,
    put(
      random.choice([
        "answer with {text}",
        "your answer is {text}",
        "respond with {text}",
        "set self.response to {text}",
      ]),
      { text },
    ),
  );
  // What a program returns becomes the response, as text.
  const program = random.uniform() < 0.5 ? `self.response = ${text};` : `self.response = ${text};\nreturn ${text};`;
  return { combination: `answer ${text}`, ask, program, check: null };
}

function drawTwo(random: Random, style: Style): Draft {
  const [first, second] = [drawSet(random, style), drawSet(random, style)];
  const ask = `${first.ask.replace(/\.$/, "")}, and ${second.ask.replace(/^[A-Z]/, (letter) => letter.toLowerCase())}`;
  return {
    combination: `${first.combination}&${second.combination}`,
    ask,
    program: `${first.program}\n${second.program}`,
    check: second.check,
  };
}

function drawForget(random: Random): Draft {
  const name = random.choice(attributeNames);
  const ask = sentence(
    random,
    put(
      random.choice([
        "forget self.{name}",
        "remove the attribute {name}",
        "clear self.{name}",
        "set self.{name} to nothing",
      ]),
      { name },
    ),
  );
  return { combination: name, ask, program: `self.${name} = null;`, check: { read: `self.${name}`, expected: null } };
}

function drawCopy(random: Random): Draft {
  const [from, to] = [random.choice(attributeNames), random.choice(attributeNames.slice(0, 20))];
  const { text, value } = drawValue(random);
  const ask = sentence(
    random,
    put(
      random.choice([
        "set self.{from} and self.{to} to {text}",
        "both self.{from} and self.{to} are {text}",
        "let self.{from} be {text}, and self.{to} the same",
      ]),
      { from, to, text },
    ),
  );
  const program = random.choice([
    `self.${from} = ${text};\nself.${to} = self.${from};`,
    `self.${from} = ${text};\nself.${to} = ${text};`,
  ]);
  return { combination: `${from},${to}=${text}`, ask, program, check: { read: `self.${to}`, expected: value } };
}

/** Families of attributes and state. */
export const attributeFamilies: readonly Family[] = [
  named("set", 3, drawSet),
  named("set-two", 0.8, drawTwo),
  named("set-same", 0.6, drawCopy),
  named("computed", 1.2, drawComputed),
  named("joined", 0.8, drawJoined),
  named("counter", 1, drawCounter),
  named("push", 1, drawPush),
  named("query", 0.5, drawQuery),
  named("answer", 0.6, drawAnswer),
  named("forget", 0.4, drawForget),
];
