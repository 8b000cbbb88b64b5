/**
 * Problems of HumanEvalPack (Muennighoff 2023), from files of the user's: larger models know no bound on the ladder. Their tests are
 * programs of their authors, which are kept as they are. Not here: the files, which do not come along.
 */

import { readFile } from "node:fs/promises";
import { checkOptions, describeFault, only, optional, text } from "../data/check.ts";
import type { CodeParameter, CodeProblem, CodeTwin } from "./types.ts";

/** What is read of each line, all of it texts. The files have more. */
const fields = [
  "task_id",
  "declaration",
  "canonical_solution",
  "buggy_solution",
  "bug_type",
  "entry_point",
  "docstring",
  "test",
] as const;

type Line = { [field in (typeof fields)[number]]: string };

/** Where the files are: `humanevalpack.jsonl` of a language, each line a problem. */
export interface HumanEvalOptions {
  javascript: string;
  /** With the same problems in Python, JavaScript's have types, too. @default none */
  python?: string;
}

const optionsSchema = only<HumanEvalOptions>({ javascript: text, python: optional(text) });

/** Problems that the authors' own tests cannot judge here, with the reason; left out. */
const leftOut: { [id: string]: string } = {
  "162": "needs the package js-md5 in JavaScript",
};

/** The problems of HumanEvalPack, in one language or both, each a family of its own. */
export async function humanEvalPack(options: HumanEvalOptions): Promise<CodeProblem[]> {
  checkOptions(optionsSchema, options, "the options of humanEvalPack");
  const javascript = await readLines(options.javascript);
  const python = options.python === undefined ? null : await readLines(options.python);
  return [...javascript].flatMap(([number, line]) =>
    number in leftOut ? [] : [problemOf(line, python?.get(number) ?? null)],
  );
}

/** Lines by their number: `12` of `JavaScript/12`. */
async function readLines(path: string): Promise<Map<string, Line>> {
  const all = (await readFile(path, "utf8")).split("\n");
  return new Map(
    all.flatMap((one, i): [string, Line][] => {
      if (one.trim() === "") return [];
      let line: Line;
      try {
        line = JSON.parse(one) as Line;
      } catch (cause) {
        throw new TypeError(`Line ${i + 1} of ${path} is no JSON`, { cause });
      }
      const name = fields.find((field) => typeof line?.[field] !== "string");
      if (name !== undefined) {
        const fault = describeFault({ kind: "option", name, expected: "a text", value: line?.[name] });
        throw new TypeError(`Line ${i + 1} of ${path}: ${fault}`);
      }
      return [[line.task_id.split("/").at(-1)!, line]];
    }),
  );
}

function problemOf(line: Line, python: Line | null): CodeProblem {
  const { task_id: id, docstring, test } = line;
  const twin = javascriptTwin(line);
  const types = python === null ? null : typesOf(python.declaration);
  const names = /\(([^)]*)\)/
    .exec(twin.head)![1]!
    .split(",")
    .map((one) => one.trim());
  return {
    ...{ id, level: 5, family: id, kind: "humaneval", split: "dev", ask: docstring.trim() },
    parameters: names
      .filter((one) => one !== "")
      .map((name, i): CodeParameter => ({ name, type: types?.parameters[i] ?? "any" })),
    returns: types?.returns ?? "any",
    code: { javascript: twin, ...(python !== null && { python: pythonTwin(python) }) },
    tests: { kind: "program", programs: { javascript: test, ...(python !== null && { python: python.test }) } },
  };
}

/** Head and helpers, and the bodies without the bracket that ends them. */
function javascriptTwin(line: Line): CodeTwin {
  const { declaration, entry_point: name, canonical_solution, buggy_solution, bug_type } = line;
  const at = placeOf(line, `const ${name} = (`);
  const bodyOf = (solution: string): string => solution.slice(0, solution.lastIndexOf("}"));
  return {
    ...{ name, before: declaration.slice(0, at).trimStart(), head: declaration.slice(at), end: "};\n" },
    body: bodyOf(canonical_solution),
    mutants: [{ rule: bug_type, body: bodyOf(buggy_solution) }],
  };
}

function pythonTwin(line: Line): CodeTwin {
  const { declaration, entry_point: name, canonical_solution, buggy_solution, bug_type } = line;
  const at = placeOf(line, `def ${name}(`);
  return {
    ...{ name, before: declaration.slice(0, at), head: declaration.slice(at), body: canonical_solution, end: "" },
    mutants: [{ rule: bug_type, body: buggy_solution }],
  };
}

/** Where the function begins in its declaration. Throws a TypeError where it is written in another way than HumanEvalPack's are. */
function placeOf({ task_id, declaration }: Line, begin: string): number {
  const at = declaration.lastIndexOf(begin);
  if (at >= 0) return at;
  const shown = describeFault({
    ...{ kind: "option", name: "declaration", expected: `one with ${begin}`, value: declaration },
  });
  throw new TypeError(`The problem ${task_id}: ${shown}`);
}

/** The types that Python's head has, as TypeScript writes them; what it does not say is `any`. */
function typesOf(declaration: string): { parameters: string[]; returns: string } {
  const head = declaration.slice(declaration.lastIndexOf("def "));
  const [, list, returns] = /\(([^]*)\)\s*(?:->\s*([^:]+))?:\s*$/.exec(head.trimEnd()) ?? [];
  const parameters = splitTop(list ?? "").map((one) => typeOf(one.split(":").slice(1).join(":").split("=")[0]!));
  return { parameters, returns: typeOf(returns ?? "") };
}

const plainTypes: { [python: string]: string } = { int: "number", float: "number", str: "string", bool: "boolean" };

function typeOf(python: string): string {
  const name = python.trim();
  if (Object.hasOwn(plainTypes, name)) return plainTypes[name]!;
  const [, outer, inner] = /^(\w+)\[(.*)\]$/.exec(name) ?? [];
  if (outer === "List") return `(${typeOf(inner!)})[]`;
  if (outer === "Optional") return `${typeOf(inner!)} | null | undefined`;
  if (outer === "Tuple" && !inner!.includes("...")) return `[${splitTop(inner!).map(typeOf).join(", ")}]`;
  if (name === "list" || outer === "Tuple") return "any[]";
  return "any";
}

/** Parts between commas that no bracket holds. */
function splitTop(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    if (letter === "[" || letter === "(") depth++;
    if (letter === "]" || letter === ")") depth--;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((one) => one.trim()).filter((one) => one !== "");
}
