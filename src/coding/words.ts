/** How far two programs are apart: the fewest words of code to put in, take out or change (Levenshtein 1966). Spaces are no words. */

/** The words of a program: names, numbers, texts letter by letter, signs. */
export function wordsOf(source: string): string[] {
  return source.match(/[\w$]+|[^\s\w$]/g) ?? [];
}

/** Fewest changes of one word each that make the one into the other. */
export function editDistance(one: readonly string[], other: readonly string[]): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (const [i, word] of one.entries()) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++)
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + Number(word !== other[j])));
    row = next;
  }
  return row.at(-1)!;
}
