/** Functions of a list of numbers: one operation, or some kept, some changed, then brought to one number. */

import type { Random } from "../../src/random/index.ts";
import type { Draft, Family, Style } from "../types.ts";
import { smallNumbers } from "../words.ts";
import { drawFunction, type FunctionIdea } from "../write.ts";
import { named } from "./numbers.ts";

const parameters = [["list"], ["list"], ["numbers"], ["items"], ["values"]];
const samples = [[[3, 1, 2]], [[5, -2, 8, 8]], [[10]], [[4, 7, -1, 0, 6]]];

const list = (
  id: string,
  names: string,
  phrases: string[],
  expressions: string[],
  run: (list: number[]) => unknown,
  returns = "number",
): FunctionIdea => ({
  id,
  names: names.split(" "),
  parameters,
  types: ["number[]"],
  returns,
  phrases,
  expressions,
  samples,
  run: run as FunctionIdea["run"],
});

const sum = (xs: number[]): number => xs.reduce((a, b) => a + b, 0);

const fixed: FunctionIdea[] = [
  list(
    "mean",
    "mean average",
    ["the mean of {0}", "the average of {0}"],
    ["{0}.reduce((a, b) => a + b, 0) / {0}.length"],
    (xs) => sum(xs) / xs.length,
  ),
  list("first", "first head", ["the first of {0}", "the first item of {0}"], ["{0}[0]"], (xs) => xs[0]),
  list("last", "last tail", ["the last of {0}", "the last item of {0}"], ["{0}[{0}.length - 1]", "{0}.at(-1)"], (xs) =>
    xs.at(-1),
  ),
  list(
    "reverse",
    "reverse backwards",
    ["{0} reversed", "{0} in reverse order"],
    ["[...{0}].reverse()"],
    (xs) => [...xs].reverse(),
    "number[]",
  ),
  list(
    "sort",
    "sort order",
    ["{0} sorted", "{0} from smallest to largest"],
    ["[...{0}].sort((a, b) => a - b)"],
    (xs) => [...xs].sort((a, b) => a - b),
    "number[]",
  ),
  list(
    "sortDown",
    "sortDown rank",
    ["{0} from largest to smallest"],
    ["[...{0}].sort((a, b) => b - a)"],
    (xs) => [...xs].sort((a, b) => b - a),
    "number[]",
  ),
  list(
    "unique",
    "unique distinct",
    ["{0} without repeats", "the distinct items of {0}"],
    ["[...new Set({0})]"],
    (xs) => [...new Set(xs)],
    "number[]",
  ),
  list("copy", "copy clone", ["a copy of {0}"], ["[...{0}]", "{0}.slice()"], (xs) => [...xs], "number[]"),
  list(
    "range",
    "spread range",
    ["the largest minus the smallest of {0}"],
    ["Math.max(...{0}) - Math.min(...{0})"],
    (xs) => Math.max(...xs) - Math.min(...xs),
  ),
];

function drawWith(random: Random, style: Style): Draft {
  const k = random.choice(smallNumbers);
  const mark = random.choice(["-", "+", ", ", " ", "/"]);
  const ideas: FunctionIdea[] = [
    list(
      `has:${k}`,
      "has contains includes",
      [`whether {0} contains ${k}`, `whether ${k} is in {0}`],
      [`{0}.includes(${k})`],
      (xs) => xs.includes(k),
      "boolean",
    ),
    list(
      `push:${k}`,
      "append extend",
      [`{0} with ${k} at the end`],
      [`[...{0}, ${k}]`],
      (xs) => [...xs, k],
      "number[]",
    ),
    list(
      `front:${k}`,
      "prepend front",
      [`{0} with ${k} at the front`],
      [`[${k}, ...{0}]`],
      (xs) => [k, ...xs],
      "number[]",
    ),
    list(`index:${k}`, "index where", [`the index of ${k} in {0}`], [`{0}.indexOf(${k})`], (xs) => xs.indexOf(k)),
    list(
      `take:${k}`,
      "take begin",
      [`the first ${k} items of {0}`],
      [`{0}.slice(0, ${k})`],
      (xs) => xs.slice(0, k),
      "number[]",
    ),
    list(
      `join:${mark}`,
      "join glue",
      [`{0} joined with "${mark}"`],
      [`{0}.join("${mark}")`],
      (xs) => xs.join(mark),
      "string",
    ),
  ];
  return drawFunction(random, style, random.choice(ideas));
}

interface Part {
  id: string;
  phrase: string;
  code: string;
  run(list: number[]): number[];
}

/** Which numbers are kept. */
function drawKept(random: Random): Part {
  const k = random.choice(smallNumbers);
  return random.choice<Part>([
    {
      id: "even",
      phrase: "the even numbers of {0}",
      code: ".filter((x) => x % 2 === 0)",
      run: (xs) => xs.filter((x) => x % 2 === 0),
    },
    {
      id: "odd",
      phrase: "the odd numbers of {0}",
      code: ".filter((x) => x % 2 !== 0)",
      run: (xs) => xs.filter((x) => x % 2 !== 0),
    },
    {
      id: "positive",
      phrase: "the positive numbers of {0}",
      code: ".filter((x) => x > 0)",
      run: (xs) => xs.filter((x) => x > 0),
    },
    {
      id: "negative",
      phrase: "the negative numbers of {0}",
      code: ".filter((x) => x < 0)",
      run: (xs) => xs.filter((x) => x < 0),
    },
    {
      id: `>${k}`,
      phrase: `the numbers of {0} above ${k}`,
      code: `.filter((x) => x > ${k})`,
      run: (xs) => xs.filter((x) => x > k),
    },
    {
      id: `<${k}`,
      phrase: `the numbers of {0} below ${k}`,
      code: `.filter((x) => x < ${k})`,
      run: (xs) => xs.filter((x) => x < k),
    },
  ]);
}

/** How each number is changed. */
function drawChanged(random: Random): Part {
  const k = random.choice(smallNumbers);
  return random.choice<Part>([
    { id: "squares", phrase: "the squares of {0}", code: ".map((x) => x * x)", run: (xs) => xs.map((x) => x * x) },
    { id: "doubles", phrase: "the doubles of {0}", code: ".map((x) => x * 2)", run: (xs) => xs.map((x) => x * 2) },
    { id: `*${k}`, phrase: `each of {0} times ${k}`, code: `.map((x) => x * ${k})`, run: (xs) => xs.map((x) => x * k) },
    { id: `+${k}`, phrase: `each of {0} plus ${k}`, code: `.map((x) => x + ${k})`, run: (xs) => xs.map((x) => x + k) },
    {
      id: "absolutes",
      phrase: "the absolute values of {0}",
      code: ".map((x) => Math.abs(x))",
      run: (xs) => xs.map((x) => Math.abs(x)),
    },
  ]);
}

const whole: Part = { id: "all", phrase: "{0}", code: "", run: (xs) => xs };

function drawPipeline(random: Random, style: Style): Draft {
  const at = random.uniform();
  const part = at < 0.3 ? whole : at < 0.65 ? drawKept(random) : drawChanged(random);
  const inner = `{0}${part.code}`;
  const ends: FunctionIdea[] = [
    list("sum", "sum total addUp", [`the sum of ${part.phrase}`], [`${inner}.reduce((a, b) => a + b, 0)`], (xs) =>
      sum(part.run(xs)),
    ),
    list(
      "product",
      "product multiply",
      [`the product of ${part.phrase}`],
      [`${inner}.reduce((a, b) => a * b, 1)`],
      (xs) => part.run(xs).reduce((a, b) => a * b, 1),
    ),
    list(
      "count",
      "count howMany",
      [`how many there are: ${part.phrase}`, `the count of ${part.phrase}`],
      [`${inner}.length`],
      (xs) => part.run(xs).length,
    ),
    list("largest", "largest biggest top", [`the largest of ${part.phrase}`], [`Math.max(...${inner})`], (xs) =>
      Math.max(...part.run(xs)),
    ),
    list("smallest", "smallest least", [`the smallest of ${part.phrase}`], [`Math.min(...${inner})`], (xs) =>
      Math.min(...part.run(xs)),
    ),
  ];
  // An empty list has no largest number: JSON could not tell its infinity.
  const usable = part === whole || part.code.startsWith(".map") ? ends : ends.slice(0, 3);
  const alone = list("", "pick keep select", [part.phrase], [inner], (xs) => part.run(xs), "number[]");
  const idea = part !== whole && random.uniform() < 0.3 ? alone : random.choice(usable);
  const draft = drawFunction(random, style, idea);
  return part === whole
    ? { ...draft, combination: `all ${draft.combination}` }
    : { ...draft, combination: `${part.id} ${idea.id}` };
}

/** Families of functions of a list. */
export const listFamilies: readonly Family[] = [
  named("list", 1.5, (random, style) => drawFunction(random, style, random.choice(fixed))),
  named("list-with", 1.5, drawWith),
  named("list-pipeline", 2.5, drawPipeline),
];
