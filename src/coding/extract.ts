/**
 * Finds the program in a model's answer. Each answer gives candidates, the likeliest first, and the first that parses and
 * defines the function is taken; so what is around a program (fences, one of two fences, talk) does not decide its score. Nothing
 * of an answer is mended: what a candidate holds is what the model wrote. Not here: the candidates (`candidates.ts`).
 */

import { type AnswerText, candidatesOf } from "./candidates.ts";
import { letter } from "./exercises.ts";
import { twinOf } from "./program.ts";
import { readPrograms } from "./reading.ts";
import type { CodeLanguage } from "./types.ts";

/** Raise it where the same answer comes to another program: kept scores name it. */
export const extractVersion = 4;

/** The program of each answer; null where it holds none. */
export async function extractPrograms(
  answers: readonly AnswerText[],
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<(string | null)[]> {
  const all = answers.map((answer) => candidatesOf(answer));
  const read = all.flatMap((candidates, i) =>
    answers[i]!.language === "javascript" ? candidates.map(({ source }) => source) : [],
  );
  const programs = await readPrograms(read, { signal });
  const known = new Map(read.map((source, i) => [source, programs[i]!]));
  return all.map((candidates, i) => {
    const answer = answers[i]!;
    const { name } = twinOf(answer.problem, answer.language);
    const whole = candidates.filter(({ source }) => {
      if (answer.language === "python") return definedInPython(name).test(source);
      const { errors, defines } = known.get(source)!;
      return errors.length === 0 && defines.has(name);
    });
    const given = answer.given === undefined ? null : normalised(answer.given);
    const own = whole.find(({ source, completed }) => !completed && normalised(source) !== given) ?? whole[0];
    // What does not parse, or defines something else, is a program still: that it fails is its own doing.
    const rest = candidates.find(({ source, certain }) => certain && looksLikeCode(source, answer.language));
    return (own ?? rest)?.source ?? null;
  });
}

/** A function of that name, or a name that is given one. */
function definedInPython(name: string): RegExp {
  return new RegExp(`^(async\\s+)?def\\s+${name}\\s*\\(|^${name}\\s*(:[^=\\n]*)?=(?!=)`, "m");
}

/** A program without what does not matter to a comparison of texts: spaces, line ends, the last semicolons. */
export function normalised(source: string): string {
  return source.replace(/\s+/g, "").replace(/;+(?=\}|$)/g, "");
}

function looksLikeCode(source: string, language: CodeLanguage): boolean {
  if (language === "python") return /^(def|class|import|from)\s|^\s+return\b/m.test(source);
  return new RegExp(`\\b(const|let|var|function|return)\\b|=>|\\b${letter}\\(`).test(source);
}
