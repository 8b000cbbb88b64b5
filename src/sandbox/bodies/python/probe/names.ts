/** Names for what a probe assigns: as programs have them, and used by none of the life's own. */

import type { Random } from "../../../../random/index.ts";

const words =
  "count total index level size score width depth amount rate limit value result item entry text label note data info memory history counter average maximum minimum offset length weight speed energy color title message answer number flag mode status order rank batch group height target source step goal plan task skill mood tag key record path word phrase summary report log".split(
    " ",
  );

/** Names that have a meaning of their own, and those of the variables in `forms.ts`. */
const taken = new Set(
  "state query response execute_code call_LLM end self budget i n x word twice value text".split(" "),
);

/** Draws a name that no text of the life holds. */
export function drawName(random: Random, used: ReadonlySet<string>): string {
  for (let tries = 0; tries < 12; tries++) {
    const name = drawOne(random);
    if (!used.has(name) && !taken.has(name)) return name;
  }
  return `${random.choice(words)}_${random.choice(words)}_${random.integer(9000) + 100}`;
}

function drawOne(random: Random): string {
  const [word, other] = [random.choice(words), random.choice(words)];
  switch (random.integer(5)) {
    case 0:
      return word;
    case 1:
      return `${word}_${other}`;
    case 2:
      return `${word}${random.integer(random.choice([10, 100, 1000]))}`;
    case 3:
      return `${word}_of_${other}`;
    default:
      return `${random.choice(["my", "new", "last", "next", "old", "first"])}_${word}`;
  }
}

/** The names and words of a text. */
export function wordsOf(text: string): string[] {
  return text.match(/[A-Za-z_]\w*/g) ?? [];
}
