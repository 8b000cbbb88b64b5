/**
 * What a summary is worth: one frozen writer, the same for all contestants, writes the function again from it. Beside it the
 * writer gets the summary of another problem, to the same head and tests, so that what it guesses from the head alone counts
 * for nothing. Texts are not compared: no measure of likeness tells these summaries from another problem's.
 */

import type { AnswersFile } from "./answers-file.ts";
import { withoutThought } from "./candidates.ts";
import type { ContestantRun } from "./contestants.ts";
import { type Asking, type Question, questionOf } from "./plan.ts";
import type { CodeProblem } from "./types.ts";

/** Longest summary that the writer sees, in characters: a sentence, and no program. */
const longest = 240;

/** The sentence of an answer: its first line after what was thought, without marks of a comment or a quotation around it. */
export function sentenceOf(text: string): string {
  const [line = ""] = withoutThought(text).trim().split("\n");
  return line
    .replace(/^[\s/#*>"'`]+|["'`\s]+$/g, "")
    .slice(0, longest)
    .trimEnd();
}

/**
 * Whose summary stands in for a problem's own: the next one's of another family, of those that are called alike where there is one. So
 * the head gives nothing away that the summary does not, and what the writer makes of it is mostly written already.
 */
function anotherFor(problems: readonly CodeProblem[], i: number): CodeProblem | null {
  const own = problems[i]!;
  const others = [...problems.slice(i + 1), ...problems].filter(({ family }) => family !== own.family);
  const called = ({ parameters }: CodeProblem): string => JSON.stringify(parameters);
  return others.find((one) => called(one) === called(own)) ?? others[0] ?? null;
}

/** The questions to the writer about a run's summaries of some problems; `all` are those that it has summed up. */
export function rewriteQuestions(
  asking: Asking,
  {
    writer,
    run,
    sample,
    all,
    from,
    to,
  }: {
    writer: ContestantRun;
    run: ContestantRun;
    sample: number;
    all: readonly CodeProblem[];
    from: number;
    to: number;
  },
  file: AnswersFile,
): Question[] {
  const summary = (problem: CodeProblem): string => {
    const { key } = questionOf(asking, { asked: run, problem, exercise: "summary", sample });
    return sentenceOf(file.answers.get(key)!.text);
  };
  return all.slice(from, to).flatMap((problem, i) => {
    const other = anotherFor(all, from + i);
    const about = { asked: writer, of: run, problem, sample };
    return [
      questionOf(asking, { ...about, exercise: "summary-rewritten", ask: summary(problem) }),
      ...(other === null
        ? []
        : [questionOf(asking, { ...about, exercise: "summary-of-another", ask: summary(other) })]),
    ];
  });
}
