/**
 * A stage: the smallest thing that a function is asked to do, told four times: in English, as an expression, as a loop where
 * there is one, and as our own function, the reference that expected values come from. Functions that are asked for are one
 * stage or several in a row (`../reference.ts`). References run on the host: they are ours, and no guest's code.
 */

/** What a stage takes and gives. `count`: a whole number from 1 on, not large. */
export type Kind = "number" | "count" | "text" | "numbers" | "words" | "people" | "boolean";

/** What a task of people is about: a list of these. */
export interface Person {
  name: string;
  age: number;
}

/** A number or a text that a stage has besides what it takes. */
export type Constant = number | string;

/** One stage. In its texts `{0}` and `{1}` stand for what it takes, `{k}` and `{j}` for its constants, `{out}` for its result. */
export interface Stage {
  takes: readonly Kind[];
  gives: Kind;
  /** For each constant what it may be. Numbers are in the order k, j, and k is less than j. */
  constants: readonly (readonly Constant[])[];
  /** Names of methods that do this. */
  names: readonly string[];
  /** What it gives, in English; the first one is a noun. */
  phrases: readonly string[];
  /** The same as a later step of a row, after "then"; null: it stands inside the next one's phrase, or alone. */
  next: string | null;
  code: string;
  /** Statements that leave the result in a variable `{out}`; null: no other way than the expression. */
  loop: string | null;
  /** The reference: the values that it takes, then its constants. */
  run(...values: readonly unknown[]): unknown;
  /** Where English says what is meant: no other inputs are tried. */
  needs(...values: readonly unknown[]): boolean;
}

/** What is told of a stage beyond what it takes and gives. */
export interface StageWords {
  names: string;
  phrase: string | readonly string[];
  next?: string;
  code: string;
  loop?: string;
  constants?: readonly (readonly Constant[])[];
  // biome-ignore lint/suspicious/noExplicitAny: each stage's reference has types of its own
  run(...values: any[]): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  needs?(...values: any[]): boolean;
}

/** Makes a stage. */
export function stage(takes: readonly Kind[], gives: Kind, words: StageWords): Stage {
  const { names, phrase, next = null, code, loop = null, constants = [], run, needs = () => true } = words;
  const phrases = typeof phrase === "string" ? [phrase] : phrase;
  return { takes, gives, constants, names: names.split(" "), phrases, next, code, loop, run, needs };
}

/** Numbers that stand in asks. */
export const smallNumbers: readonly number[] = Array.from({ length: 19 }, (_, i) => i + 2);
/** The same and some larger ones. */
export const someNumbers: readonly number[] = [...smallNumbers, 25, 30, 40, 50, 75];
/** How many of something: less than the longest input has. */
export const fewNumbers: readonly number[] = [2, 3, 4, 5, 6, 7, 8, 9];
/** Words that stand in asks. */
export const someWords: readonly string[] =
  "tea red blue moon star sun rain snow wind fire apple bread fish cat dog bird horse lion winter summer".split(" ");
