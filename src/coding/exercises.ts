/** What a model is asked of a problem: the paper's five tasks, some of them in more than one way. Not here: in which words (`prompts.ts`). */

import type { CodeLanguage } from "./types.ts";

/** The paper's five tasks, in its order. */
export const codeTasks = ["text-to-code", "completion", "translation", "repair", "summary"] as const;

/** One of them. */
export type CodeTask = (typeof codeTasks)[number];

/**
 * One way to ask a task. A task's own name is the way that its figures are of; beside it, completion is asked with half of the
 * body given, translation to Python, and a summary is given to the writer: its own problem's, and another's; and the writer is given
 * the problem's true sentence.
 */
export type CodeExercise =
  | CodeTask
  | "completion-half"
  | "translation-python"
  | "summary-rewritten"
  | "summary-of-another"
  | "sentence-rewritten";

/** What an exercise is. */
export interface ExerciseKind {
  task: CodeTask;
  /** What its answer is: a program in a language, or a sentence. */
  answer: CodeLanguage | "sentence";
  /** True if the function is called by a letter, so that its name gives nothing away. */
  nameless: boolean;
  /** Whose prompt it is asked with. */
  asked: Exclude<CodeExercise, "summary-rewritten" | "summary-of-another" | "sentence-rewritten"> | "rewriting";
}

/** All exercises. */
export const exercises: { readonly [exercise in CodeExercise]: ExerciseKind } = {
  "text-to-code": { task: "text-to-code", answer: "javascript", nameless: true, asked: "text-to-code" },
  completion: { task: "completion", answer: "javascript", nameless: false, asked: "completion" },
  "completion-half": { task: "completion", answer: "javascript", nameless: false, asked: "completion-half" },
  translation: { task: "translation", answer: "javascript", nameless: false, asked: "translation" },
  "translation-python": { task: "translation", answer: "python", nameless: false, asked: "translation-python" },
  repair: { task: "repair", answer: "javascript", nameless: false, asked: "repair" },
  summary: { task: "summary", answer: "sentence", nameless: true, asked: "summary" },
  "summary-rewritten": { task: "summary", answer: "javascript", nameless: true, asked: "rewriting" },
  "summary-of-another": { task: "summary", answer: "javascript", nameless: true, asked: "rewriting" },
  "sentence-rewritten": { task: "summary", answer: "javascript", nameless: true, asked: "rewriting" },
};

/** Whether it is the writer's answer, and not the contestant's own. */
export function isRewritten(exercise: CodeExercise): boolean {
  return exercises[exercise].asked === "rewriting";
}

/** What a function without a name is called. */
export const letter = "f";
