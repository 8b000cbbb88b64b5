/** Models whose figures are known beforehand: one that knows the references, one that copies its input; and problems for them. */

import { type CodeProblem, codePrompts } from "../../src/coding/index.ts";
import { programOf, twinOf } from "../../src/coding/program.ts";
import { headAs } from "../../src/coding/prompts.ts";
import type { LanguageModel, Prompt } from "../../src/llm/index.ts";
import { double } from "./fixtures.ts";

/** A problem with one parameter, in the manner of `double`. */
function like(
  name: string,
  family: string,
  {
    ask,
    level,
    input,
    body,
    python,
    fault,
    of,
  }: {
    ask: string;
    level: 1 | 2;
    input: "n" | "list";
    body: string;
    python: string;
    fault: string;
    of: readonly [input: unknown, expected: unknown][];
  },
): CodeProblem {
  const twin = { name, before: "", mutants: [{ rule: "by hand", body: `  return ${fault};\n` }] };
  return {
    ...{ id: `test/${name}`, level, family, kind: "composed", split: "dev", ask, returns: "unknown" },
    parameters: [{ name: input, type: input === "n" ? "number" : "number[]" }],
    code: {
      javascript: { ...twin, head: `const ${name} = (${input}) => {\n`, body: `  return ${body};\n`, end: "};\n" },
      python: { ...twin, head: `def ${name}(${input}):\n`, body: `    return ${python}\n`, end: "", mutants: [] },
    },
    tests: { kind: "values", inputs: of.map(([one]) => [one]), expected: of.map(([, value]) => value) },
  };
}

/** Four problems of four families. */
export const problems: readonly CodeProblem[] = [
  double,
  like("squares", "maps", {
    ...{ ask: "Returns the numbers in list, each squared.", level: 1, input: "list" },
    ...{ body: "list.map((x) => x * x)", python: "[x * x for x in list]", fault: "list.map((x) => x + x)" },
    of: [
      [[], []],
      [
        [1, 3],
        [1, 9],
      ],
      [[-2], [4]],
    ],
  }),
  like("positives", "filters", {
    ...{ ask: "Returns the numbers in list above zero.", level: 2, input: "list" },
    ...{ body: "list.filter((x) => x > 0)", python: "[x for x in list if x > 0]", fault: "list.filter((x) => x >= 0)" },
    of: [
      [[0, 1], [1]],
      [
        [-4, 5, 6],
        [5, 6],
      ],
      [[], []],
    ],
  }),
  like("isLarge", "tests", {
    ...{ ask: "Returns true if n is above 9, else false.", level: 2, input: "n" },
    ...{ body: "n > 9", python: "n > 9", fault: "n >= 9" },
    of: [
      [9, false],
      [10, true],
      [-20, false],
    ],
  }),
];

/** A model that is asked in words and answers by a function of the question. */
export function answering(name: string, answer: (question: string, prompt: Prompt) => string): LanguageModel {
  return {
    name,
    forms: ["chat"],
    async complete(prompt) {
      prompt.signal?.throwIfAborted();
      const text = answer(prompt.prompt, prompt);
      return { text, model: name, usage: { promptTokens: prompt.prompt.length, completionTokens: text.length } };
    },
  };
}

/** Knows every reference, and the sentence that belongs to it. */
export const knowing = answering("knowing", (question) => {
  const known = problems.find((problem) => {
    const { name, head, body } = twinOf(problem, "javascript");
    const python = programOf(problem, "python");
    return (
      [problem.ask, python, `const ${name} `, headAs({ ...twinOf(problem, "javascript") }, "f") + body].some((part) =>
        question.includes(part.trimEnd()),
      ) && head !== ""
    );
  });
  if (known === undefined) return "I do not know.";
  if (question.startsWith("Say in one sentence")) return known.ask;
  if (question.startsWith("Translate this JavaScript")) return `\`\`\`python\n${programOf(known, "python")}\`\`\``;
  const twin = twinOf(known, "javascript");
  const head = question.includes("`f(") ? headAs(twin, "f") : twin.head;
  return `Here it is:\n\`\`\`javascript\n${head}${twin.body}${twin.end}\`\`\``;
});

/** Gives back the code that it was shown, and an example's sentence where it was to find one. */
export const copying = answering("copying", (question) => {
  if (question.startsWith("Say in one sentence")) return codePrompts().examples[0]!.ask;
  const [, , code = "return list;"] = /```(\w+)\n([\s\S]*?)```/.exec(question) ?? [];
  return `\`\`\`\n${code}\`\`\``;
});
