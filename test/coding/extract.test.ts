/** What a model says around its program does not decide whether the program is found: a table of forms, all of one function. */

import assert from "node:assert/strict";
import type { AnswerText } from "../../src/coding/candidates.ts";
import { extractPrograms, normalised } from "../../src/coding/extract.ts";
import { scoreAnswers } from "../../src/coding/index.ts";
import { lintPrograms } from "../../src/coding/lint.ts";
import { readProgram } from "../../src/coding/read.ts";
import { sentenceOf } from "../../src/coding/rewrite.ts";
import { double } from "./fixtures.ts";

const fence = "```";
const right = "const f = (n) => {\n  return n * 2;\n};";
const wrong = "const double = (n) => {\n  return n + 2;\n};";

/** Answers that stand alone. Every one holds one right program. */
const alone: { [form: string]: string } = {
  "fenced, as JavaScript": `${fence}javascript\n${right}\n${fence}`,
  "fenced, as js": `${fence}js\n${right}\n${fence}\n`,
  "fenced, with no language": `${fence}\n${right}\n${fence}`,
  "fenced with tildes": `~~~js\n${right}\n~~~`,
  "fenced, indented in a list": `1. Here:\n\n   ${fence}js\n   ${right.replaceAll("\n", "\n   ")}\n   ${fence}\n`,
  "fenced, with talk around it": `Sure! Here is the function:\n\n${fence}js\n${right}\n${fence}\n\nIt doubles n {as asked}.`,
  "fenced, the fences at the ends of lines": `Here it is: ${fence}js\n${right}${fence}`,
  "fenced, with an example of its use after it": `${fence}js\n${right}\n${fence}\nUse it so:\n${fence}js\nf(3); // 6\n${fence}`,
  "fenced, after a block of the shell": `${fence}sh\nnode f.js\n${fence}\n${fence}js\n${right}\n${fence}`,
  "half-fenced: never closed": `${fence}javascript\n${right}\n`,
  "half-fenced: never opened": `${right}\n${fence}\n\nThis function doubles its argument.`,
  "half-fenced, in talk": `The function is\n${right}\n${fence}\nwhich doubles n.`,
  "with no fence": right,
  "with no fence, in talk": `Here is the function you asked for:\n\n${right}\n\nIt returns n times two, so f(2) is 4.`,
  "with no fence, in talk, with a helper before it": `Here it is:\n\nconst twice = (n) => n * 2;\nconst f = (n) => {\n  return twice(n);\n};\n\nThat is all.`,
  "with no fence, in talk, with a helper of some lines before it": `Here it is:\n\nconst twice = (n) => {\n  return n * 2;\n};\n\nconst f = (n) => {\n  return twice(n);\n};\n\nThat is all.`,
  "with no fence, in talk, with a helper of some lines after it": `Here it is:\n\nconst f = (n) => {\n  return twice(n);\n};\n\nfunction twice(n) {\n  return n * 2;\n}\n\nThat is {all}, f(2) is 4.`,
  "with no fence, talk in the line after it": `${right}\nThis works for every number.`,
  "a function by its keyword": `${fence}js\nfunction f(n) {\n  return n * 2;\n}\n${fence}`,
  "an arrow without a block": "const f = (n) => n * 2;\n\nIt doubles n.",
  "in TypeScript": `${fence}ts\nconst f = (n: number): number => {\n  return n * 2;\n};\n${fence}`,
  "exported as a module": `${fence}js\nexport ${right}\n${fence}`,
  "exported as Node's modules are": `${fence}js\n${right}\n\nmodule.exports = { f };\n${fence}`,
  "exported as Node's modules are, over some lines": `${fence}js\n${right}\n\nmodule.exports = {\n  f,\n};\n${fence}`,
  "by the problem's own name": `${fence}js\n${right.replace("f", "double")}\n${fence}`,
  "calling itself": `${fence}js\nfunction f(n) {\n  if (n < 0) return -f(-n);\n  return n === 0 ? 0 : 2 + f(n - 1);\n}\n${fence}`,
  "a module's only export": `${fence}js\nmodule.exports = (n) => {\n  return n * 2;\n};\n${fence}`,
  "a module's default export": `${fence}js\nexport default function (n) {\n  return n * 2;\n}\n${fence}`,
  "a module's default export, an arrow": `${fence}js\nexport default (n) => n * 2;\n${fence}`,
  "a function without a name, with a block": `${fence}js\n(n) => {\n  return n * 2;\n};\n${fence}`,
  "with an example of its use in the same block": `${fence}js\n${right}\n\n// Example:\nconsole.log(f(3)); // 6\n${fence}`,
  "with an example of its use before it": `${fence}js\nconsole.log([1, 2].map((n) => f(n)).length);\nfunction f(n) {\n  return n * 2;\n}\n${fence}`,
  "given to another function in the same block": `${fence}js\n${right}\nconsole.log([1, 2].map(f));\n${fence}`,
  "said to be strict": `${fence}js\n"use strict";\n\n${right}\n${fence}`,
  "said to be strict, in TypeScript": `${fence}ts\n'use strict';\nexport const f = (n: number): number => n * 2;\n${fence}`,
  "as a file that can be run": `${fence}js\n#!/usr/bin/env node\n${right}\n${fence}`,
  "after a thought": `<think>\nIs it\n${fence}js\nconst f = (n) => n + 5;\n${fence}\nNo.\n</think>\n\n${fence}js\n${right}\n${fence}`,
  "after a thought that the prompt begins": `Is it const f = (n) => n + 5; no.\n</think>\n${right}`,
  "between backticks in a line": "You can write `const f = (n) => n * 2;`, which doubles `n`.",
  "in a fence of one line": `${fence}js const f = (n) => n * 2;${fence}`,
  "its body alone": `${fence}js\n  return n * 2;\n${fence}`,
  "a function without a name": `${fence}js\n(n) => n * 2;\n${fence}`,
  "with the line ends of Windows": `${fence}js\r\n${right.replaceAll("\n", "\r\n")}\r\n${fence}\r\n`,
  "behind marks of a quotation": `> ${fence}js\n> ${right.replaceAll("\n", "\n> ")}\n> ${fence}`,
};

/** Answers that go on from `const f = (n) => {`. */
const continued: { [form: string]: string } = {
  "up to the stop": "\n  return n * 2;",
  "to the end": "\n  return n * 2;\n};\n",
  "and with another function": "\n  return n * 2;\n};\n\nconst g = (n) => {\n  return n;\n};",
  "in one line": " return n * 2; };",
  "in one line, and with talk": " return n * 2; }\n\n// Returns n times three.",
  "with a bracket in a text": '\n  const open = "{";\n  return n * open.length * 2;',
  "by beginning anew": `\n${right}\n`,
  "with a fence at its end": `\n  return n * 2;\n};\n${fence}\n`,
  "with a fence of its own": `\n${fence}js\n${right}\n${fence}`,
};

describe("the program in an answer", () => {
  const texts: [form: string, answer: AnswerText][] = [
    ...Object.entries(alone).map(([form, text]): [string, AnswerText] => [form, answerOf(text, "")]),
    ...Object.entries(continued).map(([form, text]): [string, AnswerText] => [
      `going on ${form}`,
      answerOf(text, "const f = (n) => {"),
    ]),
  ];

  it(`is found in ${texts.length} forms, and passes in each`, async () => {
    const sources = await extractPrograms(texts.map(([, answer]) => answer));
    const scores = await scoreAnswers(sources.map((source) => ({ problem: double, language: "javascript", source })));
    const failed = texts.flatMap(([form], i) =>
      scores[i]!.passed ? [] : [`${form}: ${scores[i]!.cause}\n${sources[i]}`],
    );
    assert.deepEqual(failed, []);
  });

  it("is as coherent as it was written, with an example of its use or without", async () => {
    const text = `${fence}js\n${right}\n// f is easily used:\nconsole.log(f(3), [1, 2].map(f));\n${fence}`;
    const sources = await extractPrograms([answerOf(text, ""), answerOf(right, "")]);
    const programs = sources.map((source) => {
      return { read: readProgram(source!), name: "double", parameters: double.parameters, returns: double.returns };
    });
    assert.deepEqual((await lintPrograms(programs)).findings, [[], []]);
    assert.equal(
      sources[1],
      `${right.replace("f", "double")}\n`,
      "nothing is added where nothing speaks of the letter",
    );
  });

  it("is the fault of the model where it is wrong: every form of a wrong program fails as wrong", async () => {
    const spoilt = texts.map(([, answer]) => ({ ...answer, text: answer.text.replaceAll("n * 2", "n * 3") }));
    const changed = spoilt.filter(({ text }, i) => text !== texts[i]![1].text);
    assert.equal(changed.length, texts.length - 2, "all but the one that calls itself and the one with a text");
    const sources = await extractPrograms(changed);
    const scores = await scoreAnswers(sources.map((source) => ({ problem: double, language: "javascript", source })));
    assert.deepEqual([...new Set(scores.map(({ outcome }) => outcome))], ["wrong"]);
  });

  it("is not the program that was to be changed, where an answer quotes that first", async () => {
    const quoted = `The fault is here:\n${fence}js\n${wrong}\n${fence}\nMended:\n${fence}js\n${wrong.replace("+", "*")}\n${fence}`;
    const [mended, copied] = await extractPrograms([
      { ...answerOf(quoted, ""), given: wrong },
      { ...answerOf(`${fence}js\n${wrong}\n${fence}`, ""), given: wrong },
    ]);
    assert.match(mended!, /n \* 2/);
    assert.equal(copied, `${wrong}\n`, "a copy is the answer where there is no other, and nothing is put around it");
  });

  it("is the same as another whatever their spaces, line ends and last semicolons", () => {
    const same = ["f = () => { return 1; };", "f=()=>{return 1}", "f = () => {\r\n\treturn 1;;\n}\n;\n"];
    assert.deepEqual(new Set(same.map(normalised)), new Set([normalised(same[0]!)]));
    const other = ["f = () => { return 2; };", "f = () => { return 1; }; g", "f = () => { return 1, 1 };", ""];
    assert.equal(new Set([same[0]!, ...other].map(normalised)).size, 5);
  });

  it("is none in talk, and a broken one in code that does not parse", async () => {
    const [talk, empty, broken, cut] = await extractPrograms([
      answerOf("I would double n. It is even then.", ""),
      answerOf("", ""),
      answerOf(`${fence}js\nconst f = (n) => {\n  return n *;\n};\n${fence}`, ""),
      answerOf("\n  return n * (2", "const f = (n) => {"),
    ]);
    assert.deepEqual([talk, empty], [null, null]);
    assert.match(broken!, /^const double = \(n\) => \{\n {2}return n \*;/);
    assert.equal(cut, "const double = (n) => {\n  return n * (2\n};\n");
  });

  it("and the sentence in a summary come after what a model thought", () => {
    for (const before of ["", "<think>\nIs it f?\n</think>\n\n", "It adds.\n</think>"])
      assert.equal(sentenceOf(`${before}// Returns n times two.\nThat is all.`), "Returns n times two.");
  });

  it("in Python ends where its indentation does", async () => {
    const python = (text: string, begun: string): AnswerText => ({ ...answerOf(text, begun), language: "python" });
    const program = "def double(n):\n    return n * 2\n";
    const forms = [
      python("\n    return n * 2\n\nprint(double(3))\n", "def double(n):"),
      python(`Here:\n${fence}python\n${program}${fence}\nIt doubles.`, ""),
      python(`${program}\nThis doubles n.`, ""),
      python(`${fence}py\n${program}`, ""),
    ];
    for (const source of await extractPrograms(forms)) assert.equal(source!.trimEnd(), program.trimEnd());
    // However it is written, and whatever stands around it.
    const others = {
      "1. Here:\n\n   FENCE\n   def double(n):\n\n       return n * 2\n   ~~~\n": "def double(n):\n\n    return n * 2",
      "FENCE\n    return n * 2\n~~~": program.trimEnd(),
      "FENCE\nm = n * 2\nif m:\n    return m\n\nreturn 0\n~~~":
        "def double(n):\n    m = n * 2\n    if m:\n        return m\n\n    return 0",
      "FENCE\ndouble = lambda n: n * 2\n~~~": "double = lambda n: n * 2",
      "FENCE\ndouble: object = lambda n: n * 2\n~~~": "double: object = lambda n: n * 2",
      "FENCE\ndef double (n):\n    return n * 2\n~~~": "def double (n):\n    return n * 2",
      "Write `double = lambda n: n * 2`, which doubles.": "double = lambda n: n * 2",
      "import sys\nsys.setrecursionlimit(9999)\ndef double(n):\n    return n * 2\nIt doubles.":
        "import sys\nsys.setrecursionlimit(9999)\ndef double(n):\n    return n * 2",
      "\ufeffdef double(n):\n    return n * 2": program.trimEnd(),
      "<think>\nFENCE\ndef double(n):\n    return 2\n~~~\n</think>\nFENCE\ndef double(n):\n    return n * 2\n~~~":
        program.trimEnd(),
    };
    const found = await extractPrograms(
      Object.keys(others).map((text) =>
        python(text.replaceAll("FENCE", `${fence}python`).replaceAll("~~~", fence), ""),
      ),
    );
    assert.deepEqual(
      found.map((source) => source?.trimEnd()),
      Object.values(others),
    );
    // What a module has beside its functions belongs to it.
    const whole = `import functools

FACTORS = [
    2,
]
BY = FACTORS[0]  # once

@functools.lru_cache(maxsize=None)
def double(n):
    return n * BY`;
    for (const text of [whole, `Here it is:\n\n${whole}\n\nThis doubles n.`, `${whole}\n\nprint(double(3))\n`]) {
      const [source] = await extractPrograms([python(text, "")]);
      assert.equal(source!.trimEnd(), whole);
    }
  });
});

function answerOf(text: string, begun: string): AnswerText {
  return { problem: double, language: "javascript", text, begun };
}
