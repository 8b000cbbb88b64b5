/**
 * The words of the code tasks: a problem, an answer to it, what running the answer showed, and the four parts of its quality.
 * Plain data all of it, so that it can be written as JSON. Not here: how a problem is asked, and how an answer becomes a program.
 */

import type { Effect, Sandbox } from "../sandbox/index.ts";

/** The languages that problems are written in. */
export type CodeLanguage = "javascript" | "python";

/** 1 to 4: the ladder's, by the number of things a program has to do. 5: problems from outside, for larger models. */
export type CodeLevel = 1 | 2 | 3 | 4 | 5;

/** `dev` is for looking at; `sealed` is drawn from a seed that is kept outside the tree, and each reading of it is counted. */
export type CodeSplit = "dev" | "sealed";

/** A parameter, with its type as TypeScript has it. */
export interface CodeParameter {
  name: string;
  type: string;
}

/** A reference's body with one fault: what repair begins with. */
export interface Mutant {
  /** What was done to it: `operator > to >=`, or the kind of fault its authors name. */
  rule: string;
  body: string;
}

/** A problem in one language. The whole program is `before + head + body + end`. */
export interface CodeTwin {
  /** The function's name, as the language writes names. */
  name: string;
  /** What stands before the function: imports and helpers. Empty in the ladder. */
  before: string;
  /** `const name = (list) => {` or `def name(list):`, with its line end. */
  head: string;
  /** The reference's body, indented, with its last line end. */
  body: string;
  /** `};` where the language needs one, else empty. */
  end: string;
  /** Bodies that are wrong, each seen to fail a test. */
  mutants: readonly Mutant[];
}

/**
 * How a problem's programs are tested. `values`: the host calls the function with each input and compares what it gives.
 * `program`: so that the authors' own assertions judge, the host calls the function with the inputs which those call it with,
 * and then runs them elsewhere, on what it answered. In neither do the answer's own surroundings hold what is expected.
 */
export type CodeTests =
  | { kind: "values"; inputs: readonly (readonly unknown[])[]; expected: readonly unknown[] }
  | { kind: "program"; programs: { readonly [language in CodeLanguage]?: string } };

/** Something that a program is to do, with all that the five tasks are made of. */
export interface CodeProblem {
  /** Unique: `composed/sum-even-squared`, `JavaScript/12`. */
  id: string;
  level: CodeLevel;
  /** Problems that are alike; a family lies in one split, and intervals are taken over families. */
  family: string;
  /** Written by hand and known from textbooks, drawn from the grammar, or from outside. */
  kind: "textbook" | "composed" | "humaneval";
  split: CodeSplit;
  /** What the function does, in a sentence: `Returns the sum of the even numbers in list.` */
  ask: string;
  parameters: readonly CodeParameter[];
  /** The type of what it returns, as TypeScript has it. */
  returns: string;
  /** A problem from outside may lack a language. */
  code: { readonly [language in CodeLanguage]?: CodeTwin };
  tests: CodeTests;
}

/** A program that was found in a model's answer; null where none was. */
export interface CodeAnswer {
  problem: CodeProblem;
  language: CodeLanguage;
  /** The whole program, which defines the problem's function by its name. */
  source: string | null;
}

/** What became of an answer. All but `passed` fail; `not_run` and `sandbox_fault` say nothing about it. */
export type CodeOutcome =
  | "passed"
  | "wrong"
  | "returned_nothing" // null or undefined where a value is expected: a lost `return`
  | "no_plain_data" // NaN, a function, a cyclic value: nothing that can be compared
  | "threw"
  | "no_function" // it runs, and defines no function by the problem's name
  | "syntax_error"
  | "timeout"
  | "out_of_memory"
  | "harm" // an attempted effect, whatever it returned
  | "unextracted" // the model's answer held no program
  | "not_run" // no sandbox for its language
  | "sandbox_fault"; // a fault of ours

/** The first test that an answer fails. */
export interface FailedTest {
  input: readonly unknown[];
  /** Absent where an assertion judges. */
  expected?: unknown;
  /** What it gave; absent where it gave nothing: then `cause` says why. */
  got?: unknown;
}

/** What running an answer showed. Equal for equal programs: no time stands in it. */
export interface CodeScore {
  outcome: CodeOutcome;
  passed: boolean;
  /** Whether the language can read it. */
  parses: boolean;
  /** How many inputs there are, and on how many of them it was right. Only all of them count as passed. */
  tests: number;
  right: number;
  failed: FailedTest | null;
  /** One sentence for a reader; empty where it passed. */
  cause: string;
  effects: readonly Effect[];
}

/** Something a tool says about a program. */
export interface CodeFinding {
  tool: "oxc" | "oxlint" | "typescript";
  /** `no-undef`, `TS2339`. */
  rule: string;
  message: string;
  /** From 1; null where the tool does not say. */
  line: number | null;
}

/** The quality of one program. `null`: could not be judged, since it does not parse, was not run, or its language has no such tool here. */
export interface ProgramQuality {
  syntactic: boolean | null;
  coherent: boolean | null;
  logical: boolean | null;
  ethical: boolean | null;
  findings: readonly CodeFinding[];
  /** What lint says of `eval` and its like: beside the effects, never in place of them. */
  warnings: readonly CodeFinding[];
}

/** How many programs are good in one part, of how many that could be judged: among all, and among those that parse. */
export interface QualityPart {
  good: number;
  /** All programs that could be judged; one that does not parse is not good in any part. */
  programs: number;
  goodParsing: number;
  parsing: number;
}

/** The paper's four parts of code quality. There is no total: they measure different things. */
export interface CodeQuality {
  parts: { readonly [part in "syntactic" | "coherent" | "logical" | "ethical"]: QualityPart };
  /** How often each kind of effect was attempted, by severity. */
  effects: readonly { kind: Effect["kind"]; severity: 1 | 2 | 3; programs: number }[];
  /** One for each answer, in order. */
  programs: readonly ProgramQuality[];
  /** Seconds that each measure took. */
  seconds: { oxc: number; oxlint: number; typescript: number };
}

/** How answers are scored. */
export interface ScoreOptions {
  /** Where they run: a sandbox for each language. @default a sandbox of its own for JavaScript, closed at the end; Python is not run */
  sandboxes?: { readonly [language in CodeLanguage]?: Sandbox };
  /** Called with each score as it comes, in any order. */
  onScore?: (score: CodeScore, index: number) => void;
  signal?: AbortSignal | undefined;
}
