/** Turns answers into programs and programs into scores, in chunks that are kept as they come, so that nothing is run twice. */

import { digest } from "../data/digest.ts";
import type { Sandbox } from "../sandbox/index.ts";
import { type AnswersFile, type KeptAnswer, type KeptScore, scoreKey } from "./answers-file.ts";
import type { CodeElsewhere } from "./elsewhere.ts";
import { exercises } from "./exercises.ts";
import { extractPrograms, extractVersion } from "./extract.ts";
import type { Question } from "./plan.ts";
import { programOf } from "./program.ts";
import { scoreAnswers, scorerVersion } from "./score.ts";
import type { CodeAnswer, CodeLanguage, CodeProblem, CodeScore, ScoreOptions } from "./types.ts";

/** A question with its answer, and what became of that. */
export interface Graded {
  question: Question;
  answer: KeptAnswer;
  /** The program that was found; null for none, and for a sentence. */
  source: string | null;
  /** Null for a sentence. */
  score: CodeScore | null;
}

/** How answers are graded. */
export interface GradeOptions {
  /** Null: one like any, made where the programs are run; with `on` alone. */
  sandboxes: { readonly [language in CodeLanguage]?: Sandbox | null };
  /** Who runs the programs. Absent: this process does, in these sandboxes. */
  on: CodeElsewhere | undefined;
  signal: AbortSignal | undefined;
  onProgress: (done: number, total: number) => void;
}

const chunk = 64;
const scorer = `${scorerVersion}.${extractVersion}`;

/** Grades every question's answer. */
export async function gradeAll(
  questions: readonly Question[],
  file: AnswersFile,
  { sandboxes, on, signal, onProgress }: GradeOptions,
): Promise<Graded[]> {
  const graded = questions.map((question): Graded => {
    return { question, answer: file.answers.get(question.key)!, source: null, score: null };
  });
  const programs = graded.filter(({ question }) => exercises[question.exercise].answer !== "sentence");
  const sources = await extractPrograms(programs.map(textOf), { signal });
  for (const [i, one] of programs.entries()) one.source = sources[i]!;
  const contents = new Map<CodeProblem, string>();
  const nameOf = ({ question: { problem, key } }: Graded): Omit<KeptScore, "score"> => {
    if (!contents.has(problem)) contents.set(problem, digest([JSON.stringify(problem)]));
    return { answer: key, problem: contents.get(problem)!, scorer };
  };
  const left = [...new Map(programs.map((one) => [scoreKey(nameOf(one)), one]))].filter(
    ([key]) => !file.scores.has(key),
  );
  const parts = Array.from({ length: Math.ceil(left.length / chunk) }, (_, i) =>
    left.slice(i * chunk, (i + 1) * chunk).map(([, one]) => one),
  );
  const answers = parts.map((some) => some.map((one) => ({ ...languageOf(one), source: one.source })));
  const faults = new Map<string, CodeScore>();
  let next = 0;
  onProgress(0, left.length);
  for await (const scores of on?.score(answers, { sandboxes, signal }) ?? scoresHere(answers, { sandboxes, signal })) {
    for (const [i, one] of parts[next++]!.entries()) {
      // A fault of ours says nothing about the answer: it is run again next time.
      if (scores[i]!.outcome === "sandbox_fault" || scores[i]!.outcome === "not_run")
        faults.set(scoreKey(nameOf(one)), scores[i]!);
      else file.addScore({ ...nameOf(one), score: scores[i]! });
    }
    onProgress(Math.min(next * chunk, left.length), left.length);
  }
  for (const one of programs) {
    const key = scoreKey(nameOf(one));
    one.score = file.scores.get(key) ?? faults.get(key) ?? null;
  }
  return graded;
}

async function* scoresHere(
  parts: readonly (readonly CodeAnswer[])[],
  { sandboxes: given, signal }: Pick<GradeOptions, "sandboxes" | "signal">,
): AsyncGenerator<CodeScore[]> {
  const sandboxes = given as NonNullable<ScoreOptions["sandboxes"]>;
  for (const answers of parts) {
    signal?.throwIfAborted();
    yield await scoreAnswers(answers, { sandboxes, signal });
  }
}

function languageOf({ question: { problem, exercise } }: Graded): { problem: CodeProblem; language: CodeLanguage } {
  return { problem, language: exercises[exercise].answer as CodeLanguage };
}

function textOf(one: Graded) {
  const { question, answer } = one;
  const { problem, exercise, mutant, prompt } = question;
  const fault = exercise === "repair" ? problem.code.javascript!.mutants[mutant] : undefined;
  const given = fault && programOf(problem, "javascript", fault.body);
  return { ...languageOf(one), text: answer.text, begun: prompt.begun, ...(given !== undefined && { given }) };
}
