/**
 * What is measured of a contestant's answers: the share that passed, task by task, with its interval over families of problems;
 * pass@k; and what a share alone would hide, such as copies. Not here: comparisons (`told.ts`).
 */

import { clusterInterval, type Interval, mean, wilsonInterval } from "../statistics/index.ts";
import type { KeptSeconds } from "./answers-file.ts";
import { type CodeExercise, type CodeTask, codeTasks, exercises, isRewritten } from "./exercises.ts";
import { normalised } from "./extract.ts";
import type { Graded } from "./grade.ts";
import { programOf } from "./program.ts";
import type { CodePrompts } from "./prompts.ts";
import { sentenceOf } from "./rewrite.ts";
import type { CodeOutcome } from "./types.ts";
import { editDistance, wordsOf } from "./words.ts";

/** A share with its interval: over families; of none or all by Wilson over problems. */
export interface CodeShare extends Interval {
  problems: number;
  answers: number;
}

/** One task of one contestant. A share that nothing was asked for is null. */
export interface TaskFigures {
  /**
   * What the task's column shows: the share of answers that pass all tests. Of a summary: of the programs that the writer wrote
   * from it, less those that it wrote from another problem's.
   */
  share: CodeShare | null;
  /** pass@k for each number of samples up to those asked; the mean over problems. */
  passAt: { readonly [k: number]: number };
  byLevel: { readonly [level: number]: CodeShare };
  byKind: { readonly [kind: string]: CodeShare };
  outcomes: { readonly [outcome in CodeOutcome]?: number };
  /** Programs of its own, and those among them that are the reference, letter by letter but for spaces. */
  programs: number;
  verbatim: number;
  /** What else the task tells, by name: see docs/metrics.md. */
  details: { readonly [detail: string]: number };
}

/** One contestant. */
export interface ContestantFigures {
  tasks: { readonly [task in CodeTask]?: TaskFigures };
  /** Of each run, the share of each task; null where there is one run. */
  runs: { readonly [task in CodeTask]?: readonly number[] } | null;
  cost: CodeCost;
}

/** What a contestant's own answers took. */
export interface CodeCost {
  answers: number;
  promptTokens: number;
  tokens: number;
  seconds: number;
  /** Null where the price of the model is not known. */
  dollars: number | null;
  /** Share of answers that were cut at their longest length. */
  cut: number;
  /** Share of the answers' tokens whose odds a trained head changes itself; null where there is no head, or no token. */
  steered: number | null;
}

/** The chance that one of k samples passes, of n of which c did: without bias, 1 - C(n - c, k) / C(n, k) (Chen and others 2021). */
export function passAtK(n: number, c: number, k: number): number {
  if (!(Number.isSafeInteger(k) && k >= 1 && k <= n && c >= 0 && c <= n))
    throw new RangeError(`Expected k from 1 to n and c from 0 to n, got n ${n}, c ${c}, k ${k}`);
  let none = 1;
  for (let i = 0; i < k; i++) none *= Math.max(0, n - c - i) / (n - i);
  return 1 - none;
}

/** A task's values, 0 or 1 each: of what its column is about. Of a summary, the writer's two are a pair: 1, 0 or -1. */
export interface TaskValue {
  problem: Graded["question"]["problem"];
  run: number;
  sample: number;
  value: number;
}

/** Values of one task among a contestant's graded answers. Those that could not be run are left out. */
export function valuesOf(graded: readonly Graded[], task: CodeTask): TaskValue[] {
  if (task !== "summary") return passes(graded, task);
  const others = new Map(passes(graded, "summary-of-another").map((one) => [placeOf(one), one.value]));
  return passes(graded, "summary-rewritten").map((one) => ({
    ...one,
    value: one.value - (others.get(placeOf(one)) ?? 0),
  }));
}

function placeOf({ problem, run, sample }: TaskValue): string {
  return JSON.stringify([problem.id, run, sample]);
}

/** Values of one exercise, 0 or 1 each. Those that could not be run are left out. */
export function passes(graded: readonly Graded[], exercise: CodeExercise): TaskValue[] {
  return graded.flatMap(({ question, score }) => {
    if (question.exercise !== exercise || score === null) return [];
    if (score.outcome === "sandbox_fault" || score.outcome === "not_run") return [];
    const { problem, of, sample } = question;
    return [{ problem, run: of.run, sample, value: Number(score.passed) }];
  });
}

/** The mean of values with its interval; null of none. */
export function shareOf(values: readonly TaskValue[], seed = 0): CodeShare | null {
  if (values.length === 0) return null;
  const families = Object.values(Object.groupBy(values, ({ problem }) => problem.family)) as TaskValue[][];
  const problems = new Set(values.map(({ problem }) => problem.id)).size;
  const share = mean(values.map(({ value }) => value));
  const counts = { problems, answers: values.length };
  // A bootstrap of what never, or always, passed would have no width.
  if (values.every(({ value }) => value === values[0]!.value))
    return { ...(share === 0 || share === 1 ? wilsonInterval(share * problems, problems) : flat(share)), ...counts };
  const interval = clusterInterval(families, (some) => mean(some.flat().map(({ value }) => value)), { seed });
  return { ...interval, estimate: share, ...counts };
}

function flat(share: number): Interval {
  return { estimate: share, low: share, high: share };
}

/** The figures of one task; null where the contestant was not asked. */
function taskFigures(graded: readonly Graded[], task: CodeTask, prompts: CodePrompts): TaskFigures | null {
  const own = graded.filter(({ question }) => exercises[question.exercise].task === task);
  if (own.length === 0) return null;
  const values = valuesOf(own, task);
  const shares = (by: (value: TaskValue) => string | number) =>
    Object.fromEntries(
      Object.entries(Object.groupBy(values, by)).map(([name, some]) => [name, shareOf(some as TaskValue[])!]),
    );
  const shown = own.filter(({ question }) => question.exercise === (task === "summary" ? "summary-rewritten" : task));
  const outcomes: { [outcome in CodeOutcome]?: number } = {};
  for (const { score } of shown) if (score) outcomes[score.outcome] = (outcomes[score.outcome] ?? 0) + 1;
  return {
    share: shareOf(values),
    passAt: task === "summary" ? {} : passAt(values),
    byLevel: shares(({ problem }) => problem.level),
    byKind: shares(({ problem }) => problem.kind),
    outcomes,
    programs: own.filter(({ question, score }) => score !== null && !isRewritten(question.exercise)).length,
    verbatim: own.filter(isReference).length,
    details: detailsOf(own, task, prompts),
  };
}

function passAt(values: readonly TaskValue[]): { [k: number]: number } {
  const problems = Object.values(Object.groupBy(values, ({ problem, run }) => `${run} ${problem.id}`)) as TaskValue[][];
  if (problems.length === 0) return {}; // none could be run
  const samples = Math.min(...problems.map((some) => some.length));
  const counts = problems.map((some) => ({ n: some.length, c: some.filter(({ value }) => value === 1).length }));
  const at = (k: number) => mean(counts.map(({ n, c }) => passAtK(n, c, k)));
  return Object.fromEntries(Array.from({ length: samples }, (_, i) => [i + 1, at(i + 1)]));
}

/** Of what the contestant itself wrote, not of what the writer did. */
function isReference({ question: { problem, exercise }, source }: Graded): boolean {
  const { answer } = exercises[exercise];
  if (source === null || answer === "sentence" || isRewritten(exercise)) return false;
  return normalised(source) === normalised(programOf(problem, answer));
}

/** What a share hides, task by task. */
function detailsOf(own: readonly Graded[], task: CodeTask, prompts: CodePrompts): { [detail: string]: number } {
  const rate = (exercise: CodeExercise): number | undefined => shareOf(passes(own, exercise))?.estimate;
  const told = (details: { [detail: string]: number | undefined }) =>
    Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined)) as {
      [detail: string]: number;
    };
  if (task === "completion") return told({ "from half a body": rate("completion-half") });
  if (task === "translation") return told({ "to Python": rate("translation-python") });
  if (task === "repair") return repairDetails(own);
  if (task !== "summary") return {};
  const sentences = own.filter(({ question }) => question.exercise === "summary");
  const examples = new Set(prompts.examples.map(({ ask }) => plain(ask)));
  const copies = sentences.filter(({ answer }) => examples.has(plain(sentenceOf(answer.text))));
  return told({
    rewritten: rate("summary-rewritten"),
    "from another's": rate("summary-of-another"),
    "copies of an example": copies.length / sentences.length,
  });
}

/** How many answers are the program as it was given, and how far answers and faults are from the reference, in words of code. */
function repairDetails(own: readonly Graded[]): { [detail: string]: number } {
  const repairs = own.flatMap(({ question: { problem, mutant }, source }) => {
    const reference = programOf(problem, "javascript");
    const given = programOf(problem, "javascript", problem.code.javascript!.mutants[mutant]!.body);
    const words = [source ?? "", given, reference].map(wordsOf) as [string[], string[], string[]];
    return [
      {
        copy: source !== null && normalised(source) === normalised(given),
        answer: editDistance(words[0], words[2]),
        fault: editDistance(words[1], words[2]),
      },
    ];
  });
  return {
    copies: mean(repairs.map(({ copy }) => Number(copy))),
    "words from the reference": mean(repairs.map(({ answer }) => answer)),
    "of the fault": mean(repairs.map(({ fault }) => fault)),
  };
}

function plain(sentence: string): string {
  return sentence
    .toLowerCase()
    .replace(/[^\w]+/g, " ")
    .trim();
}

/** All figures of one contestant. */
export function contestantFigures(
  graded: readonly Graded[],
  {
    prompts,
    tasks: asked,
    seconds,
    price,
  }: {
    prompts: CodePrompts;
    tasks: readonly CodeTask[];
    seconds: readonly KeptSeconds[];
    price: CodePrice | null;
  },
): ContestantFigures {
  const tasks: { [task in CodeTask]?: TaskFigures } = {};
  const runs: { [task in CodeTask]?: number[] } = {};
  const numbers = [...new Set(graded.map(({ question }) => question.of.run))];
  for (const task of codeTasks.filter((one) => asked.includes(one))) {
    const figures = taskFigures(graded, task, prompts);
    if (figures === null) continue;
    tasks[task] = figures;
    const values = valuesOf(graded, task);
    runs[task] = numbers.map((run) => mean(values.filter((one) => one.run === run).map(({ value }) => value)));
  }
  return { tasks, runs: numbers.length > 1 ? runs : null, cost: costOf(graded, seconds, price) };
}

/** Dollars a million tokens. */
export interface CodePrice {
  prompt: number;
  completion: number;
}

/** Of what the contestant itself answered: the writer's part is no cost of it. Equal questions were asked once. */
function costOf(graded: readonly Graded[], seconds: readonly KeptSeconds[], price: CodePrice | null): CodeCost {
  const own = graded.filter(({ question }) => !isRewritten(question.exercise)).map(({ answer }) => answer);
  const answers = [...new Map(own.map((answer) => [answer.key, answer])).values()];
  const sum = (of: (answer: (typeof answers)[number]) => number) => answers.reduce((total, one) => total + of(one), 0);
  const [promptTokens, tokens] = [sum((one) => one.promptTokens), sum((one) => one.tokens)];
  const headed = answers.filter(({ steered }) => steered !== null);
  const written = headed.reduce((total, one) => total + one.tokens, 0);
  return {
    ...{ answers: answers.length, promptTokens, tokens },
    seconds: seconds.reduce((total, one) => total + one.seconds, 0),
    dollars: price && (promptTokens * price.prompt + tokens * price.completion) / 1e6,
    cut: answers.length === 0 ? 0 : mean(answers.map(({ finish }) => Number(finish === "length"))),
    steered: written === 0 ? null : headed.reduce((total, one) => total + one.steered!, 0) / written,
  };
}
