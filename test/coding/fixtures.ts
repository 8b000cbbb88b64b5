/** What the tests of code tasks share: a problem that is small enough to see through, and answers to it. */

import type { CodeAnswer, CodeProblem } from "../../src/coding/types.ts";

/** `double(n)`: its inputs tell a sum from a product and a sign from none. */
export const double: CodeProblem = {
  ...{ id: "test/double", level: 1, family: "test", kind: "textbook", split: "dev" },
  ask: "Returns n times two.",
  parameters: [{ name: "n", type: "number" }],
  returns: "number",
  code: {
    javascript: {
      ...{ name: "double", before: "", head: "const double = (n) => {\n", body: "  return n * 2;\n", end: "};\n" },
      mutants: [{ rule: "operator * to +", body: "  return n + 2;\n" }],
    },
    python: {
      ...{ name: "double", before: "", head: "def double(n):\n", body: "    return n * 2\n", end: "", mutants: [] },
    },
  },
  tests: { kind: "values", inputs: [[0], [1], [-3], [7]], expected: [0, 2, -6, 14] },
};

/** An answer in JavaScript. */
export function answerOf(source: string | null, problem: CodeProblem = double): CodeAnswer {
  return { problem, language: "javascript", source };
}
