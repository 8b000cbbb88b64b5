/** Single answers: those that failed, to read; and all of them as lines for a spreadsheet. */

import { type Displayable, displaySymbol, escapeHtml, type MimeBundle, visible } from "../display/index.ts";
import { type CodeTask, exercises } from "./exercises.ts";
import type { Graded } from "./grade.ts";

/** A failed answer, as a reader wants it. */
export interface WorstAnswer {
  problem: string;
  level: number;
  exercise: string;
  prompt: string;
  /** What the model wrote, and the program that was found in it. */
  answer: string;
  program: string | null;
  /** The input that it fails on, what is expected and what it gave; null where it never came to that. */
  input: readonly unknown[] | null;
  outcome: string;
  why: string;
}

/** Failed answers, which show themselves. */
export interface WorstAnswers extends Displayable {
  readonly answers: readonly WorstAnswer[];
}

/** Failed answers of one contestant to one task: those first that most others got right, then the easier ones. */
export function worstOf(
  graded: readonly Graded[],
  { task, name, count }: { task: CodeTask; name: string; count: number },
): WorstAnswers {
  const own = graded.filter(({ question }) => exercises[question.exercise].task === task);
  const place = ({ question }: Graded): string => JSON.stringify([question.problem.id, question.exercise]);
  const right = new Map<string, number>();
  for (const one of own)
    if (one.score?.passed && one.question.of.name !== name) right.set(place(one), (right.get(place(one)) ?? 0) + 1);
  const failed = own.filter(({ question, score }) => question.of.name === name && score !== null && !score.passed);
  const order = (a: Graded, b: Graded): number =>
    (right.get(place(b)) ?? 0) - (right.get(place(a)) ?? 0) || a.question.problem.level - b.question.problem.level;
  const answers = failed.sort(order).slice(0, count).map(shown);
  const caption = `${name}, ${task}: ${answers.length} of ${failed.length} answers that fail`;
  return { answers, [displaySymbol]: () => worstBundle(answers, caption) };
}

function shown({ question: { problem, exercise, prompt }, answer, source, score }: Graded): WorstAnswer {
  return {
    ...{ problem: problem.id, level: problem.level, exercise, prompt: prompt.text },
    ...{ answer: answer.text, program: source, input: score!.failed?.input ?? null },
    ...{ outcome: score!.outcome, why: score!.cause },
  };
}

function worstBundle(answers: readonly WorstAnswer[], caption: string): MimeBundle {
  const html = answers.map(
    ({ problem, level, exercise, prompt, answer, outcome, why }) =>
      `<details open><summary><b>${escapeHtml(problem)}</b> (level ${level}, ${exercise}): ${escapeHtml(
        outcome.replaceAll("_", " "),
      )}. ${escapeHtml(why)}</summary><details><summary>prompt</summary><pre>${escapeHtml(
        prompt,
      )}</pre></details><pre>${escapeHtml(answer)}</pre></details>`,
  );
  const plain = answers.map(
    ({ problem, level, exercise, prompt, answer, outcome, why }) =>
      `${problem} (level ${level}, ${exercise}): ${outcome.replaceAll("_", " ")}. ${visible(why)}\n--- prompt\n${visible(
        prompt,
      )}\n--- answer\n${visible(answer)}`,
  );
  return {
    "text/html": `<p>${escapeHtml(caption)}</p>${html.join("")}`,
    "text/plain": [caption, ...plain].join("\n\n"),
  };
}

const columns = ["contestant", "run", "problem", "level", "family", "kind", "task", "exercise", "sample"] as const;
const measured = ["outcome", "passed", "right", "tests", "tokens", "finish", "answer", "program"] as const;

/** A line an answer, by RFC 4180. */
export function csvOf(graded: readonly Graded[]): string {
  const lines = graded.map(({ question: { of, problem, exercise, sample }, answer, source, score }) => {
    const { task } = exercises[exercise];
    const where = [of.name, of.run, problem.id, problem.level, problem.family, problem.kind, task, exercise, sample];
    const what = [score?.outcome, score?.passed, score?.right, score?.tests, answer.tokens, answer.finish];
    return [...where, ...what, answer.text, source].map(field).join(",");
  });
  return `${[[...columns, ...measured].join(","), ...lines].join("\r\n")}\r\n`;
}

/** A text that a spreadsheet would run as a formula is told to be a text. */
function field(value: string | number | boolean | null | undefined): string {
  const text = String(value ?? "").replace(/^[=+\-@\t\r]/, (first) =>
    typeof value === "string" ? `'${first}` : first,
  );
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
