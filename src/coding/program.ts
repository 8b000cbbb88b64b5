/** A problem's programs as text: its reference, its mutants, and what stands around a body that a model wrote. */

import type { CodeLanguage, CodeProblem, CodeTwin } from "./types.ts";

/** A problem in a language; throws where it has none in it. */
export function twinOf(problem: CodeProblem, language: CodeLanguage): CodeTwin {
  const twin = problem.code[language];
  if (twin === undefined) {
    const has = Object.keys(problem.code).join(" and ");
    throw new RangeError(`The problem ${problem.id} is written in ${has}, not in ${language}: leave it out there`);
  }
  return twin;
}

/** A whole program of a problem. @param body @default the reference's */
export function programOf(problem: CodeProblem, language: CodeLanguage, body?: string): string {
  const { before, head, body: reference, end } = twinOf(problem, language);
  const inner = body ?? reference;
  return before + head + (inner.endsWith("\n") ? inner : `${inner}\n`) + end;
}

/** The head of a problem's function as TypeScript writes it: `const sumOf = (list: number[]): number => {`. */
export function typedHead(problem: CodeProblem): string {
  const parameters = problem.parameters.map(({ name, type }) => `${name}: ${type}`).join(", ");
  return `const ${twinOf(problem, "javascript").name} = (${parameters}): ${problem.returns} => {\n`;
}
