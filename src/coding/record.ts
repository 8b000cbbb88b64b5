/** A problem as the ladder's file holds it: what cannot be derived. Read and checked here; `CodeProblem` is what comes of it. */

import {
  describeFault,
  faultOf,
  filledText,
  integerFrom,
  like,
  listOf,
  oneOf,
  only,
  type Schema,
  someOf,
  text,
} from "../data/check.ts";
import type { CodeProblem, CodeSplit, Mutant } from "./types.ts";

/** One problem of the ladder. */
export interface ProblemRecord {
  id: string;
  level: 1 | 2 | 3 | 4;
  family: string;
  kind: "textbook" | "composed";
  split: CodeSplit;
  ask: string;
  /** As JavaScript writes it; Python's is made of it. */
  name: string;
  parameters: readonly { name: string; type: string }[];
  returns: string;
  /** The bodies, indented, with their last line end. */
  javascript: string;
  python: string;
  inputs: readonly (readonly unknown[])[];
  expected: readonly unknown[];
  mutants: readonly Mutant[];
  /** Rules of those mutants that give the same as the reference on all inputs, and on thousands more: equal programs. */
  equal: readonly { rule: string; body: string }[];
}

const name: Schema<string> = like(
  (value) => typeof value === "string" && /^[a-z][A-Za-z0-9]*$/.test(value),
  "a name in camel case",
);
const said = filledText();
const body: Schema<string> = like(
  (value) => typeof value === "string" && value.endsWith("\n"),
  "the lines of a body, with their last line end",
);
const mutant: Schema<Mutant> = only<Mutant>({ rule: text, body }, "a mutant");
/** JSON, so that it can be compared with what comes out of the sandbox. */
const values = listOf<unknown>(
  like((value) => value !== undefined, "a value"),
  "a list of values",
);

const recordSchema: Schema<ProblemRecord> = only<ProblemRecord>(
  {
    ...{ id: said, level: integerFrom(1, 4) as Schema<ProblemRecord["level"]>, family: said },
    ...{ kind: oneOf("textbook", "composed"), split: oneOf("dev", "sealed"), ask: said, name },
    parameters: someOf(only({ name, type: said }, "a parameter"), "a list of parameters"),
    ...{ returns: said, javascript: body, python: body },
    inputs: someOf(values, "a list of inputs"),
    expected: values,
    mutants: listOf(mutant, "a list of mutants"),
    equal: listOf(mutant, "a list of mutants"),
  },
  "a problem",
);

/** Checks that a value is a list of problems. Throws a TypeError that names the file, the problem and the field. */
export function checkRecords(value: unknown, path: string): ProblemRecord[] {
  if (!Array.isArray(value)) throw new TypeError(`Expected a list of problems in ${path}`);
  const ids = new Set<string>();
  for (const [i, one] of (value as Partial<ProblemRecord>[]).entries()) {
    const called = typeof one?.id === "string" ? `"${one.id}"` : `${i}`;
    const fail = (why: string): never => {
      throw new TypeError(`Problem ${called} of ${path}: ${why}`);
    };
    const fault = faultOf(recordSchema, one, "a problem");
    if (fault !== null) fail(describeFault(fault));
    const { id, inputs, expected, parameters } = one as ProblemRecord;
    if (ids.has(id)) fail("the id is there twice");
    if (inputs.length !== expected.length)
      fail(`Expected \`expected\` to have a value for each of the ${inputs.length} inputs, got ${expected.length}`);
    const odd = inputs.find((input) => input.length !== parameters.length);
    if (odd) fail(`Expected each of \`inputs\` to have ${parameters.length} arguments, got ${JSON.stringify(odd)}`);
    ids.add(id);
  }
  return value as ProblemRecord[];
}

/** `sumOfNumbersAbove10` as Python writes it: `sum_of_numbers_above_10`. */
export function pythonName(camel: string): string {
  return camel.replace(/[A-Z]|(?<![0-9])[0-9]/g, (letter, at: number) => (at > 0 ? "_" : "") + letter.toLowerCase());
}

/** A problem in both languages, out of its record. */
export function problemOf(record: ProblemRecord): CodeProblem {
  const { id, level, family, kind, split, ask, name: camel, parameters, returns, inputs, expected } = record;
  const list = parameters.map((one) => one.name).join(", ");
  const snake = pythonName(camel);
  return {
    ...{ id, level, family, kind, split, ask, parameters, returns },
    code: {
      javascript: {
        ...{ name: camel, before: "", head: `const ${camel} = (${list}) => {\n`, body: record.javascript, end: "};\n" },
        mutants: record.mutants,
      },
      python: {
        ...{ name: snake, before: "", head: `def ${snake}(${list}):\n`, body: record.python, end: "", mutants: [] },
      },
    },
    tests: { kind: "values", inputs, expected },
  };
}
