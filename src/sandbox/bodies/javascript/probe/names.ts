/** Names for what a probe assigns: as a life's own programs have them, and used by none of these. */

import type { Random } from "../../../../random/index.ts";

const words =
  "count total index level size score width depth sum rate limit value result item list text name note data info memory history counter average maximum minimum offset length weight speed energy color label title message answer number flag mode status order rank batch group length height target source step goal plan task skill mood tag key entry record state total path word phrase summary report log".split(
    " ",
  );

/** Names that have a meaning of their own, and those of the variables in `forms.ts`. */
const taken = new Set(
  "state query response execute_code call_LLM end length name budget environment constructor prototype arguments caller self value key error twice".split(
    " ",
  ),
);

/** Draws names that no text of the life holds. */
export function drawName(random: Random, used: ReadonlySet<string>, own: readonly string[]): string {
  for (let tries = 0; tries < 12; tries++) {
    const name = drawOne(random, own);
    if (!used.has(name) && !taken.has(name)) return name;
  }
  return `${random.choice(words)}_${random.choice(words)}_${random.integer(9000) + 100}`;
}

/** `own`: names that the life gave before. */
function drawOne(random: Random, own: readonly string[]): string {
  const word = random.choice(words);
  const base = own.length > 0 && random.integer(2) === 0 ? random.choice(own) : random.choice(words);
  const capital = base[0]!.toUpperCase() + base.slice(1);
  switch (random.integer(6)) {
    case 0:
      return word;
    case 1:
      return `${base}_${word}`;
    case 2:
      return `${word}${capital}`;
    case 3:
      return `${base.replace(/\d+$/, "")}${random.integer(random.choice([10, 100, 1000]))}`;
    case 4:
      return `${word}_${base}`;
    default:
      return `${random.choice(["my", "new", "last", "next", "old", "first"])}${capital}`;
  }
}

/** The names and words of a text. */
export function wordsOf(text: string): string[] {
  return text.match(/[A-Za-z_$][\w$]*/g) ?? [];
}
