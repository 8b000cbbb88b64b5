/** Functions of a text. */

import type { Random } from "../../src/random/index.ts";
import type { Draft, Family, Style } from "../types.ts";
import { valueWords } from "../words.ts";
import { drawFunction, type FunctionIdea } from "../write.ts";
import { named } from "./numbers.ts";

const parameters = [["text"], ["text"], ["word"], ["s"], ["name"]];
const samples = [["hello"], ["Good day"], ["level"], ["a b c"]];

const text = (
  id: string,
  names: string,
  phrases: string[],
  expressions: string[],
  run: (text: string) => unknown,
  returns = "string",
): FunctionIdea => ({
  id,
  names: names.split(" "),
  parameters,
  types: ["string"],
  returns,
  phrases,
  expressions,
  samples,
  run: run as FunctionIdea["run"],
});

const fixed: FunctionIdea[] = [
  text("upper", "shout upper loud", ["{0} in upper case", "{0} in capital letters"], ["{0}.toUpperCase()"], (t) =>
    t.toUpperCase(),
  ),
  text("lower", "whisper lower quiet", ["{0} in lower case", "{0} in small letters"], ["{0}.toLowerCase()"], (t) =>
    t.toLowerCase(),
  ),
  text(
    "length",
    "length size letters",
    ["the length of {0}", "how long {0} is", "the number of letters of {0}"],
    ["{0}.length"],
    (t) => t.length,
    "number",
  ),
  text(
    "reverse",
    "reverse backwards mirror",
    ["{0} reversed", "{0} backwards"],
    ['{0}.split("").reverse().join("")', '[...{0}].reverse().join("")'],
    (t) => [...t].reverse().join(""),
  ),
  text("first", "first initial head", ["the first letter of {0}"], ["{0}[0]", "{0}.charAt(0)"], (t) => t[0]),
  text("last", "last tail", ["the last letter of {0}"], ["{0}[{0}.length - 1]", "{0}.at(-1)"], (t) => t.at(-1)),
  text(
    "exclaim",
    "exclaim cheer",
    ["{0} with an exclamation mark", "{0} followed by !"],
    ['{0} + "!"', "`${{0}}!`"],
    (t) => `${t}!`,
  ),
  text(
    "ask",
    "question ask",
    ["{0} with a question mark", "{0} followed by ?"],
    ['{0} + "?"', "`${{0}}?`"],
    (t) => `${t}?`,
  ),
  text(
    "greet",
    "greet welcome",
    ["a greeting: Hello, and {0}", 'the text "Hello, " and {0}'],
    ['"Hello, " + {0}', "`Hello, ${{0}}`"],
    (t) => `Hello, ${t}`,
  ),
  text(
    "words",
    "words countWords",
    ["the number of words of {0}", "how many words {0} has"],
    ['{0}.split(" ").length'],
    (t) => t.split(" ").length,
    "number",
  ),
  text(
    "split",
    "parts splitWords",
    ["the words of {0} as a list", "the list of words of {0}"],
    ['{0}.split(" ")'],
    (t) => t.split(" "),
    "string[]",
  ),
  text(
    "dashes",
    "dash slug",
    ["{0} with dashes for spaces"],
    ['{0}.replaceAll(" ", "-")', '{0}.split(" ").join("-")'],
    (t) => t.replaceAll(" ", "-"),
  ),
  text(
    "squeeze",
    "squeeze tight",
    ["{0} without spaces"],
    ['{0}.replaceAll(" ", "")', '{0}.split(" ").join("")'],
    (t) => t.replaceAll(" ", ""),
  ),
  text(
    "palindrome",
    "palindrome isMirror",
    ["whether {0} reads the same backwards"],
    ['{0} === [...{0}].reverse().join("")'],
    (t) => t === [...t].reverse().join(""),
    "boolean",
  ),
  text("twice", "twice echo", ["{0} twice", "{0} two times in a row"], ["{0} + {0}", "{0}.repeat(2)"], (t) => t + t),
  text(
    "empty",
    "empty isEmpty",
    ["whether {0} is empty"],
    ['{0} === ""', "{0}.length === 0"],
    (t) => t === "",
    "boolean",
  ),
];

function drawWith(random: Random, style: Style): Draft {
  const word = random.choice(valueWords);
  const k = 2 + random.integer(8);
  const ideas: FunctionIdea[] = [
    text(
      `before:${word}`,
      "prefix start label",
      [`"${word} " and {0}`, `{0} with "${word} " before it`],
      [`"${word} " + {0}`],
      (t) => `${word} ${t}`,
    ),
    text(
      `after:${word}`,
      "suffix finish tag",
      [`{0} and " ${word}"`, `{0} with " ${word}" after it`],
      [`{0} + " ${word}"`],
      (t) => `${t} ${word}`,
    ),
    text(
      `contains:${word}`,
      "has contains mentions",
      [`whether {0} contains "${word}"`],
      [`{0}.includes("${word}")`],
      (t) => t.includes(word),
      "boolean",
    ),
    text(
      `starts:${word}`,
      "starts begins",
      [`whether {0} starts with "${word}"`],
      [`{0}.startsWith("${word}")`],
      (t) => t.startsWith(word),
      "boolean",
    ),
    text(`is:${word}`, "is matches", [`whether {0} is "${word}"`], [`{0} === "${word}"`], (t) => t === word, "boolean"),
    text(
      `repeat:${k}`,
      "repeat echo copy",
      [`{0} repeated ${k} times`, `${k} copies of {0}`],
      [`{0}.repeat(${k})`],
      (t) => t.repeat(k),
    ),
    text(`first:${k}`, "short begin cut", [`the first ${k} letters of {0}`], [`{0}.slice(0, ${k})`], (t) =>
      t.slice(0, k),
    ),
    text(
      `longer:${k}`,
      "long isLong",
      [`whether {0} is longer than ${k} letters`],
      [`{0}.length > ${k}`],
      (t) => t.length > k,
      "boolean",
    ),
  ];
  return drawFunction(random, style, random.choice(ideas));
}

/** Families of functions of a text. */
export const textFamilies: readonly Family[] = [
  named("text", 2, (random, style) => drawFunction(random, style, random.choice(fixed))),
  named("text-with", 2, drawWith),
];
