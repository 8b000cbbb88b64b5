/**
 * Answers for questions when nobody is there to type them: the file that `AUTOAGENT_ANSWERS` names, a JSON array taken
 * in order, or an object from question to answer. A front end that takes input is always asked first.
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** Prepared answers. */
export interface Answers {
  /** The answer to a question, or why there is none. */
  take(question: string): { text: string } | { reason: string };
}

/** Reads the answers that an environment names; the file is read at the first question. */
export function createAnswers(directory: string, environment: NodeJS.ProcessEnv = process.env): Answers {
  const file = environment.AUTOAGENT_ANSWERS;
  let answers: unknown;
  let next = 0;
  return {
    take(question) {
      if (file === undefined || file === "")
        return {
          reason:
            "this front end takes no input: give the answers in a JSON file (an array, or question to answer) named by AUTOAGENT_ANSWERS",
        };
      try {
        answers ??= JSON.parse(readFileSync(resolve(directory, file), "utf8"));
      } catch (error) {
        return { reason: `the answers file ${file} cannot be read (${(error as Error).message})` };
      }
      if (Array.isArray(answers))
        return next < answers.length
          ? { text: String(answers[next++]) }
          : { reason: `the answers file ${file} has ${answers.length} answers and all were taken` };
      const found = Object.entries(answers as object).find(([asked]) => asked.trim() === question.trim());
      return found === undefined
        ? { reason: `the answers file ${file} has no answer to ${JSON.stringify(question)}` }
        : { text: String(found[1]) };
    },
  };
}
