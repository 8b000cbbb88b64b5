/**
 * Answers for questions when nobody is there to type them: the file that `AUTOAGENT_ANSWERS` names, else the notebook's
 * metadata, `"autoagent": { "answers": ... }`. Either is an array, taken in order, or an object from question to answer.
 * A front end that takes input is always asked first.
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { NotebookSettings } from "./notebook-settings.ts";

/** Prepared answers. */
export interface Answers {
  /** The answer to a question, or why there is none. */
  take(question: string): { text: string } | { reason: string };
}

interface AnswersOptions {
  directory: string;
  settings: () => NotebookSettings;
  environment?: NodeJS.ProcessEnv;
}

/** Where prepared answers are, as a sentence names it, and what is there. */
type Source = { name: string; answers: unknown };

const shape = "an array of answers, or an object from question to answer";

/** Finds the answers of a session; they are read at the first question. */
export function createAnswers({ directory, settings, environment = process.env }: AnswersOptions): Answers {
  let source: Source | undefined;
  let next = 0;
  const find = (): Source | undefined => {
    const file = environment.AUTOAGENT_ANSWERS;
    if (file) return { name: `the answers file ${file}`, answers: readAnswers(resolve(directory, file)) };
    const { answers } = settings();
    return answers === undefined ? undefined : { name: "the notebook's metadata", answers };
  };
  return {
    take(question) {
      try {
        source ??= find();
      } catch (error) {
        const why = (error as Error).message;
        return { reason: `the answers file ${environment.AUTOAGENT_ANSWERS} cannot be read (${why})` };
      }
      if (source === undefined)
        return {
          reason: `this front end takes no input: give the answers in a JSON file (${shape}) named by AUTOAGENT_ANSWERS`,
        };
      const { name, answers } = source;
      if (Array.isArray(answers))
        return next < answers.length
          ? textOf(answers[next++], name, next)
          : { reason: `${name} has ${answers.length} answers and all were taken` };
      if (typeof answers !== "object" || answers === null)
        return { reason: `${name} must hold ${shape}, got ${JSON.stringify(answers)}` };
      const found = Object.entries(answers).find(([asked]) => isAsked(asked.trim(), question.trim()));
      if (found === undefined) return { reason: `${name} has no answer to ${JSON.stringify(question)}` };
      return textOf(found[1], name, JSON.stringify(found[0]));
    },
  };
}

function readAnswers(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** A question is asked with its default or its choices behind it; the answers need not repeat them. */
function isAsked(prepared: string, question: string): boolean {
  if (prepared === question) return true;
  return question.startsWith(prepared) && /^\s*(?:\[[^]*\]|\([^]*\))$/.test(question.slice(prepared.length));
}

function textOf(answer: unknown, name: string, which: number | string): { text: string } | { reason: string } {
  if (typeof answer === "string") return { text: answer };
  if (typeof answer === "number" || typeof answer === "boolean") return { text: String(answer) };
  return {
    reason: `answer ${which} of ${name} must be text, a number or true or false, got ${JSON.stringify(answer)}`,
  };
}
