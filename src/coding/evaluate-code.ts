/**
 * The paper's second evaluation: a random, a pretrained, a sharpened and a trained model answer the same problems in five tasks,
 * and their programs are run. `await evaluateCode({ random, pretrained, sharpened, trained }, { problems })`. Not here: what is
 * measured (`figures.ts`), what may be said (`told.ts`), how it is shown (`show.ts`).
 */

import {
  abortSignal,
  anything,
  callable,
  checkOptions,
  faultOf,
  flag,
  having,
  integer,
  numberFrom,
  OptionFailure,
  oneOf,
  only,
  optional,
  positiveInteger,
  someOf,
  text,
} from "../data/check.ts";
import { digest } from "../data/digest.ts";
import { stopSignal } from "../display/index.ts";
import { openProgress } from "../evaluation/progress.ts";
import type { PromptForm } from "../llm/index.ts";
import { priceOfModel } from "../llm/prices.ts";
import { createSandbox, type Sandbox } from "../sandbox/index.ts";
import { type AnswersFile, openAnswers } from "./answers-file.ts";
import { askAll } from "./ask.ts";
import {
  type CodeContestant,
  type CodeContestants,
  type ContestantRun,
  contestantSchema,
  runOf,
  runsOf,
} from "./contestants.ts";
import { askElsewhere, type CodeElsewhere } from "./elsewhere.ts";
import { type CodeTask, codeTasks, exercises, isRewritten } from "./exercises.ts";
import { type Graded, gradeAll } from "./grade.ts";
import { type Asking, type Part, partsOf, type Question, questionOf } from "./plan.ts";
import { codePrompts } from "./prompts.ts";
import { qualityOf } from "./quality.ts";
import { rewriteQuestions } from "./rewrite.ts";
import { noteSealedReading } from "./sealed.ts";
import { type CodeEvaluation, codeEvaluation } from "./show.ts";
import type { CodeLanguage, CodeProblem, CodeQuality } from "./types.ts";

/** How code tasks are asked and compared. */
export interface EvaluateCodeOptions {
  problems: readonly CodeProblem[];
  /** Answers to each question. More problems tell more than more samples. @default 1 */
  samples?: number;
  /** @default all five */
  tasks?: readonly CodeTask[];
  /** A file that keeps the answers, with their scores in another beside it; a call with the same questions goes on from it. */
  file?: string;
  /** Who is compared with the others: it must not be below the reference by more than 5 points. @default "pretrained", else the first */
  reference?: string;
  /** Who only sharpens. @default "sharpened", where there is one */
  control?: string;
  /** Of whom claims are made: one, so that they are five. @default "trained", else the last */
  about?: string;
  /** Who writes functions again from the summaries: the same for all. @default the reference */
  writer?: CodeContestant;
  /** Names every draw; all get the same. @default 0 */
  seed?: number;
  /** Problems that are asked together, and lost at most when it is stopped. @default 16 */
  batch?: number;
  /** Of all contestants. @default each one's own */
  temperature?: number;
  /** @default each one's own */
  topP?: number;
  /** `plain`: text to go on from, with examples; `chat`: a question in words. @default what suits each */
  form?: PromptForm;
  /**
   * Workers that ask the contestants and run their programs: `workers.redis(url)`, `workers.folder(path)`. Answers and scores are
   * the same. Contestants that are functions of this process cannot be sent. @default this process
   */
  on?: CodeElsewhere;
  /** Where programs run. @default a sandbox of its own for JavaScript; Python is asked for only where a sandbox for it is given */
  sandboxes?: { readonly [language in CodeLanguage]?: Sandbox };
  /** Also tells the four parts of code quality: a linter and a type checker read every program. @default true */
  quality?: boolean;
  /** Ends it at once; with `file` what was answered is kept. @default a notebook's stop button */
  signal?: AbortSignal;
  /** A line in the notebook that says how far it is. @default true */
  progress?: boolean;
  /** Called as answers and scores come. */
  onProgress?: (done: number, total: number, what: string) => void;
}

const optionsSchema = only<EvaluateCodeOptions>({
  problems: someOf(anything<CodeProblem>(), "a list of at least one problem, such as codeProblems() gives"),
  samples: optional(positiveInteger),
  tasks: optional(someOf(oneOf(...codeTasks), "a list of tasks")),
  file: optional(text),
  reference: optional(text),
  control: optional(text),
  about: optional(text),
  writer: optional(contestantSchema as never),
  seed: optional(integer),
  batch: optional(positiveInteger),
  temperature: optional(numberFrom(0, Number.MAX_VALUE, "0 or a positive number")),
  topP: optional(numberFrom(Number.MIN_VALUE, 1, "above 0 and at most 1")),
  form: optional(oneOf("plain", "chat")),
  on: optional(
    having<CodeElsewhere>(["answer", "score"], "workers, as `workers.redis(url)` or `workers.folder(path)` gives"),
  ),
  sandboxes: anything(),
  quality: optional(flag),
  signal: optional(abortSignal),
  progress: optional(flag),
  onProgress: optional(callable("a function of the progress")),
});

/** What stays the same from the first question to the last. */
interface Evaluating {
  readonly options: EvaluateCodeOptions;
  readonly asking: Asking;
  readonly runs: readonly ContestantRun[];
  readonly writer: ContestantRun;
  readonly tasks: readonly CodeTask[];
  readonly file: AnswersFile;
  readonly signal: AbortSignal | undefined;
  /** Another batch is done. */
  readonly tell: (what: string, known: boolean) => void;
  /** What goes on where no batch ends. */
  readonly note: (what: string) => void;
}

/**
 * Asks and scores the code tasks. Rejects with the signal's reason when it is stopped; with `file`, what was answered is kept.
 * Throws a TypeError or RangeError for options that have no meaning.
 */
export async function evaluateCode(
  contestants: CodeContestants,
  options: EvaluateCodeOptions,
): Promise<CodeEvaluation> {
  checkOptions(optionsSchema, options, "the options of evaluateCode");
  const { problems, samples = 1, tasks = codeTasks, batch = 16, signal = stopSignal(), seed = 0 } = options;
  const runs = await runsOf(contestants, options.form);
  const roles = rolesOf(Object.keys(contestants), options);
  const writer =
    options.writer === undefined
      ? runs.find(({ name }) => name === roles.reference)!
      : await runOf("the writer", 0, options.writer, options.form);
  for (const { given } of [...runs, writer]) await options.on?.admit(given);
  const asking = { prompts: codePrompts(), seed, ...samplingOf(options) };
  const summed = tasks.includes("summary") ? 1 : 0;
  const parts = (samples * runs.length * (1 + summed) + summed) * Math.ceil(problems.length / batch);
  const progress = openProgress(parts + 1, options.progress ?? true);
  let done = 0;
  const tell = (what: string, known: boolean): void => {
    progress.show(++done, what, known);
    options.onProgress?.(done, parts + 1, what);
  };
  const note = (what: string): void => progress.show(done, what, true);
  const file = openAnswers(options.file);
  const marks = Object.groupBy(runs, ({ name }) => name);
  const sealedReadings = noteSealedReading(
    problems,
    Object.fromEntries(Object.entries(marks).map(([name, own]) => [name, own!.map(({ mark }) => mark).join(" ")])),
  );
  const state: Evaluating = { options, asking, runs, writer, tasks, file, signal, tell, note };
  const asked: Part[] = [];
  for (let sample = 0; sample < samples; sample++) asked.push(...(await askSample(state, sample, batch)));
  const questions = asked.flatMap((part) => part.questions);
  const graded = await gradeHere(state, questions);
  const names = Object.keys(contestants);
  const qualities = options.quality === false ? {} : await qualitiesHere(state, names, graded);
  tell("scores", false);
  // What the writer took is no cost of whose summaries it had.
  const own = new Set(asked.filter(({ questions: [one] }) => one && !isRewritten(one.exercise)).map(nameOf));
  const seconds = file.seconds.filter(({ part }) => own.has(part));
  const price = (name: string) => priceOfModel(runs.find((one) => one.name === name)!.model);
  return codeEvaluation(graded, {
    ...{ ...roles, prompts: asking.prompts, problems, samples, tasks, names, qualities, sealedReadings },
    ...{ writer, seconds, price, python: options.sandboxes?.python !== undefined },
  });
}

/** Asks one sample of everything, and then the writer for its summaries. */
async function askSample(state: Evaluating, sample: number, batch: number): Promise<Part[]> {
  const { asking, runs, tasks, file, options } = state;
  const { problems } = options;
  const python = options.sandboxes?.python !== undefined;
  const parts = partsOf(runs, problems, asking, { sample, tasks, python, batch });
  const ceiling = ceilingParts(state, sample, batch);
  await askParts(state, [...parts, ...ceiling]);
  if (!tasks.includes("summary")) return parts;
  const rewritten: Part[] = [];
  for (let from = 0; from < problems.length; from += batch)
    for (const run of runs) {
      const about = { writer: state.writer, run, sample, all: problems, from, to: from + batch };
      const part = { run, sample, problems: problems.slice(from, from + batch) };
      const questions = rewriteQuestions(asking, about, file);
      rewritten.push({ ...part, questions });
    }
  await askParts(state, rewritten);
  return [...parts, ...ceiling, ...rewritten];
}

/** What the writer makes of the true sentences: what a summary can be worth. It takes the likeliest words: one sample tells it. */
function ceilingParts(
  { asking, writer, tasks, options: { problems } }: Evaluating,
  sample: number,
  batch: number,
): Part[] {
  if (!tasks.includes("summary") || sample > 0) return [];
  const parts: Part[] = [];
  for (let from = 0; from < problems.length; from += batch) {
    const some = problems.slice(from, from + batch);
    const questions = some.map((problem) =>
      questionOf(asking, { asked: writer, problem, exercise: "sentence-rewritten", sample }),
    );
    parts.push({ run: writer, sample, problems: some, questions });
  }
  return parts;
}

async function askParts({ asking, file, signal, tell, options }: Evaluating, parts: readonly Part[]): Promise<void> {
  const onPart = ({ run, sample }: Part, known: boolean): void => tell(`${run.name}, sample ${sample}`, known);
  if (options.on !== undefined) return askElsewhere(options.on, parts, file, { asking, signal, nameOf, onPart });
  for (const part of parts) {
    const known = part.questions.every(({ key }) => file.answers.has(key));
    await askAll(part.questions, file, { asking, part: nameOf(part), signal });
    onPart(part, known);
  }
}

function nameOf({ questions }: Part): string {
  return digest(questions.map(({ key }) => key));
}

async function gradeHere({ options, file, signal, note }: Evaluating, questions: readonly Question[]) {
  const { on } = options;
  const own = options.sandboxes?.javascript === undefined && on === undefined ? await createSandbox() : null;
  const sandboxes = { javascript: own, ...options.sandboxes };
  const onProgress = (done: number, total: number): void => {
    note(`${done} of ${total} programs run`);
    options.onProgress?.(done, total, "programs run");
  };
  try {
    return await gradeAll(questions, file, { sandboxes, on, signal, onProgress });
  } finally {
    await own?.dispose();
  }
}

/** The quality of each contestant's own programs, those to the writer left out. */
async function qualitiesHere({ signal, note }: Evaluating, names: readonly string[], graded: readonly Graded[]) {
  const qualities: { [name: string]: CodeQuality } = {};
  for (const name of names) {
    note(`the quality of what ${name} wrote`);
    const own = graded.flatMap(({ question: { of, problem, exercise }, source, score }) => {
      const { answer } = exercises[exercise];
      if (of.name !== name || answer === "sentence" || score === null || isRewritten(exercise)) return [];
      return [{ answer: { problem, language: answer, source }, score }];
    });
    const [answers, scores] = [own.map(({ answer }) => answer), own.map(({ score }) => score)];
    if (answers.length > 0) qualities[name] = await qualityOf(answers, scores, { signal });
  }
  return qualities;
}

function samplingOf({ temperature, topP }: EvaluateCodeOptions): Pick<Asking, "temperature" | "topP"> {
  return { ...(temperature !== undefined && { temperature }), ...(topP !== undefined && { topP }) };
}

/** Who stands for what in the comparison. Throws an OptionFailure for a name that no contestant has. */
function rolesOf(names: readonly string[], { reference, control, about }: EvaluateCodeOptions) {
  for (const [option, name] of Object.entries({ reference, control, about }))
    if (name !== undefined && !names.includes(name)) {
      const fault = faultOf(oneOf(...names), name, option);
      if (fault !== null) throw new OptionFailure(fault);
    }
  const usual = (given: string | undefined, name: string): string | null =>
    given ?? (names.includes(name) ? name : null);
  return {
    reference: usual(reference, "pretrained") ?? names[0]!,
    control: usual(control, "sharpened"),
    about: usual(about, "trained") ?? names.at(-1)!,
  };
}
