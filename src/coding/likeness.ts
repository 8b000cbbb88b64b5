/** Which texts are most like one: by the fewest words to change, beside the longer of the two. */

import { editDistance, wordsOf } from "./words.ts";

/** The `count` things whose texts are most like `text`, the likest last; of equals the later one. */
export function likest<Thing>(
  things: readonly Thing[],
  { text, of, count }: { text: string; of: (one: Thing) => string; count: number },
): Thing[] {
  const own = wordsOf(text);
  const far = (one: Thing): number => {
    const words = wordsOf(of(one));
    return editDistance(words, own) / Math.max(words.length, own.length);
  };
  const known = things.map((one) => ({ one, far: far(one) }));
  return known
    .sort((a, b) => b.far - a.far)
    .slice(-count)
    .map(({ one }) => one);
}
