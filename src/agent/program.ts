/** The program in a model's answer: what stands in its first fenced block, else the answer itself. */

/** Takes the program out of an answer. Fences of other languages than JavaScript and TypeScript are passed over. */
export function extractProgram(answer: string): string {
  for (const [, language, body] of answer.matchAll(/```([a-zA-Z]*)[^\n]*\n([^]*?)(?:```|$)/g))
    if (language === "" || /^(js|javascript|ts|typescript|node)$/i.test(language!)) return body!.trimEnd();
  return answer;
}
