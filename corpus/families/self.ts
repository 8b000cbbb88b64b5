/**
 * Edits of the agent by itself that it survives: an executor that is wrapped and still runs what it is given, a method
 * that is made and used at once, a class. And loops, the longest functions of the corpus.
 */

import type { Random } from "../../src/random/index.ts";
import type { Draft, Family, Style } from "../types.ts";
import { counterNames, listNames } from "../words.ts";
import { drawDefinition, drawFunction, type FunctionIdea, put, sentence } from "../write.ts";
import { named } from "./numbers.ts";

/** A wrapper of the executor: what it does before or after calling the old one. */
function drawWrapped(random: Random, { typed }: Style): Draft {
  const code = typed ? "code: string" : "code";
  const old = random.choice(["old", "before", "previous"]);
  const key = random.choice(counterNames);
  const list = random.choice(listNames);
  const wrap = (id: string, asks: string[], lines: string[]): { id: string; asks: string[]; lines: string[] } => ({
    id,
    asks,
    lines,
  });
  const call = `return ${old}.call(this, code);`;
  const { id, asks, lines } = random.choice([
    wrap(
      `count ${key}`,
      [
        `count in self.state.${key} how many programs you run`,
        `make your executor count its programs in self.state.${key}`,
      ],
      [`self.state.${key} = (self.state.${key} ?? 0) + 1;`, call],
    ),
    wrap(
      `keep ${list}`,
      [`keep every program you run in self.${list}`, `make your executor write its programs down in self.${list}`],
      [`self.${list} = [...(self.${list} ?? []), code];`, call],
    ),
    wrap(
      "guard",
      [
        "guard your executor against errors",
        "survive errors in the programs you run",
        "make your executor catch errors",
      ],
      [`try { ${call} } catch (error) { self.state.error = String(error); }`],
    ),
    wrap(
      "print",
      ["print every program before you run it", "make your executor print its programs"],
      ["console.log(code);", call],
    ),
    wrap(
      "last",
      ["remember the last program you ran in self.last", "keep the newest program in self.last"],
      ["self.last = code;", call],
    ),
  ]);
  const inner = `self.execute_code = function (${code}) {\n  ${lines.join("\n  ")}\n};`;
  // A top-level `const old` joins the state: wrapped twice under one name, the executor calls itself until it dies. A
  // block keeps the name to itself. Both are written, as people do.
  const program =
    random.uniform() < 0.6
      ? `{\n  const ${old} = self.execute_code;\n  ${inner.replaceAll("\n", "\n  ")}\n}`
      : `const ${old} = self.execute_code;\n${inner}`;
  return { combination: `${id} ${old}`, ask: sentence(random, random.choice(asks)), program, check: null };
}

function drawRenewed(random: Random, { typed }: Style): Draft {
  const code = typed ? "code: string" : "code";
  const [ask, program] = random.choice([
    [
      "write your executor anew, so that it does the same",
      `self.execute_code = function (${code}) {\n  return exec(code);\n};`,
    ],
    ["replace your executor by one that works as well", `self.execute_code = (${code}) => exec(code);`],
    ["keep a copy of your executor in self.backup", "self.backup = self.execute_code;"],
    ["save your executor as self.spare", "self.spare = self.execute_code;"],
    ["let a program run another one", 'self.execute_code("self.state.inner = 1;");'],
  ] as [string, string][]);
  return { combination: ask, ask: sentence(random, ask), program, check: null };
}

interface Used {
  name: string;
  parameter: string;
  phrase: string;
  expression: string;
  type: string;
  argument: string;
  value: unknown;
}

/** Methods of a number or a text that are called at once. */
function usedMethods(n: number, k: number, word: string): Used[] {
  return [
    {
      name: "double",
      parameter: "n",
      phrase: "twice n",
      expression: "n * 2",
      type: "number",
      argument: String(n),
      value: n * 2,
    },
    {
      name: "square",
      parameter: "n",
      phrase: "n squared",
      expression: "n * n",
      type: "number",
      argument: String(n),
      value: n * n,
    },
    {
      name: "plus",
      parameter: "n",
      phrase: `n plus ${k}`,
      expression: `n + ${k}`,
      type: "number",
      argument: String(n),
      value: n + k,
    },
    {
      name: "times",
      parameter: "n",
      phrase: `n times ${k}`,
      expression: `n * ${k}`,
      type: "number",
      argument: String(n),
      value: n * k,
    },
    {
      name: "shout",
      parameter: "text",
      phrase: "text in upper case",
      expression: "text.toUpperCase()",
      type: "string",
      argument: `"${word}"`,
      value: word.toUpperCase(),
    },
    {
      name: "echo",
      parameter: "text",
      phrase: "text twice",
      expression: "text + text",
      type: "string",
      argument: `"${word}"`,
      value: word + word,
    },
  ];
}

function drawUsed(random: Random, { typed }: Style): Draft {
  const n = 2 + random.integer(30);
  const k = 2 + random.integer(9);
  const word = random.choice(["tea", "hello", "moon", "apple", "robot", "river"]);
  const { name, parameter, phrase, expression, type, argument, value } = random.choice(usedMethods(n, k, word));
  const into = random.choice(["answer", "result", "value", "total"]);
  const ask = sentence(
    random,
    put(
      random.choice([
        "add a method {name}({parameter}) that returns {phrase}, and keep {name}({argument}) in self.{into}",
        "learn {name}({parameter}): {phrase}; then put {name}({argument}) into self.{into}",
        "define self.{name}({parameter}) to return {phrase}, and set self.{into} to {name}({argument})",
      ]),
      { name, parameter, phrase, argument, into },
    ),
  );
  const definition = drawDefinition(random, typed, {
    name,
    names: [parameter],
    place: "method",
    types: [type],
    returns: type,
    expressions: [expression],
  });
  return {
    combination: `${name} ${argument} ${into}`,
    ask,
    program: `${definition}\nself.${into} = self.${name}(${argument});`,
    check: { read: `self.${into}`, expected: value },
  };
}

const loop = (
  id: string,
  names: string,
  phrases: string[],
  bodies: string[],
  run: (n: number) => unknown,
  returns: string,
): FunctionIdea => ({
  id,
  names: names.split(" "),
  parameters: [["n"], ["n"], ["k"], ["limit"]],
  types: ["number"],
  returns,
  phrases,
  expressions: [],
  bodies,
  samples: [[1], [4], [6]],
  run: run as FunctionIdea["run"],
});

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

const loops: FunctionIdea[] = [
  loop(
    "sumTo",
    "sumTo total",
    ["the sum of the numbers from 1 to {0}"],
    ["let sum = 0;\nfor (let i = 1; i <= {0}; i++) sum += i;\nreturn sum;", "return ({0} * ({0} + 1)) / 2;"],
    (n) => (n * (n + 1)) / 2,
    "number",
  ),
  loop(
    "upTo",
    "range upTo numbers",
    ["the list of numbers from 1 to {0}"],
    ["const list = [];\nfor (let i = 1; i <= {0}; i++) list.push(i);\nreturn list;"],
    (n) => upTo(n),
    "number[]",
  ),
  loop(
    "down",
    "countdown down",
    ["the list of numbers from {0} down to 1"],
    ["const list = [];\nfor (let i = {0}; i >= 1; i--) list.push(i);\nreturn list;"],
    (n) => upTo(n).reverse(),
    "number[]",
  ),
  loop(
    "squaresTo",
    "squares squaresTo",
    ["the list of squares from 1 to {0}"],
    ["const list = [];\nfor (let i = 1; i <= {0}; i++) list.push(i * i);\nreturn list;"],
    (n) => upTo(n).map((i) => i * i),
    "number[]",
  ),
  loop(
    "evensTo",
    "evens evensTo",
    ["the list of even numbers from 2 to {0}"],
    ["const list = [];\nfor (let i = 2; i <= {0}; i += 2) list.push(i);\nreturn list;"],
    (n) => upTo(n).filter((i) => i % 2 === 0),
    "number[]",
  ),
  loop(
    "stars",
    "stars line",
    ["a text of {0} stars"],
    ['let text = "";\nfor (let i = 0; i < {0}; i++) text += "*";\nreturn text;', 'return "*".repeat({0});'],
    (n) => "*".repeat(n),
    "string",
  ),
];

function drawClass(random: Random, { typed }: Style): Draft {
  const name = random.choice(["Counter", "Box", "Item", "Point", "Note", "Robot"]);
  const field = random.choice(["value", "size", "name", "level", "count"]);
  const start = field === "name" ? '"new"' : String(random.integer(10));
  const type = field === "name" ? "string" : "number";
  const ask = sentence(
    random,
    put(
      random.choice([
        "declare a class {name} whose {field} starts as {start}",
        "write a class {name} with a field {field} that is {start}",
      ]),
      { name, field, start },
    ),
  );
  const program = `class ${name} {\n  ${field}${typed ? `: ${type}` : ""} = ${start};\n}`;
  return { combination: `${name}.${field}=${start}`, ask, program, check: null };
}

/** Families of edits of the agent by itself, and of longer programs. */
export const selfFamilies: readonly Family[] = [
  named("wrapped-executor", 1.2, drawWrapped),
  named("renewed-executor", 0.5, drawRenewed),
  named("define-and-use", 1.5, drawUsed),
  named("loop", 1, (random, style) => drawFunction(random, style, random.choice(loops))),
  named("class", 0.4, drawClass),
];
