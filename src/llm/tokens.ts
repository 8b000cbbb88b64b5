/** Counting tokens, for usage and budgets: GPT-2's own encoding (r50k), whatever the model. */

import { countTokens as countWhole } from "gpt-tokenizer/encoding/r50k_base";

/** Marks such as <|endoftext|> are letters here, whoever writes them. */
const plain = { disallowedSpecial: new Set<string>() };

/** Longest piece that is counted in one go: the time for a long word grows with its square. */
const pieceLength = 500;

/** Tokens of a text. Long texts are counted in pieces of 500 characters, which may come to one token a piece too many. */
export function countTokens(text: string): number {
  if (text.length <= pieceLength * 4) return countWhole(text, plain);
  let sum = 0;
  for (let at = 0; at < text.length; at += pieceLength) sum += countWhole(text.slice(at, at + pieceLength), plain);
  return sum;
}
