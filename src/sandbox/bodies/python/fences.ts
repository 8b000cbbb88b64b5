/** The program in a model's answer: what stands in its first fenced block of Python, else the answer itself. */

const fence = "```";
const languages = /^(python|python3|py|py3|pycon)$/i;

/** Takes the program out of an answer. Fences of other languages than Python are passed over. */
export function extractProgram(answer: string): string {
  for (let from = answer.indexOf(fence); from >= 0; ) {
    const line = answer.indexOf("\n", from);
    if (line < 0) break;
    const end = answer.indexOf(fence, line + 1);
    const [language] = /^[a-zA-Z0-9]*/.exec(answer.slice(from + fence.length, Math.min(line, from + 40)))!;
    if (language === "" || languages.test(language)) return answer.slice(line + 1, end < 0 ? undefined : end).trimEnd();
    from = end < 0 ? -1 : answer.indexOf(fence, end + fence.length);
  }
  return answer;
}
