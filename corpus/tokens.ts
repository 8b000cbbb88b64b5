/**
 * The vocabulary of a small model: a table of the r50k ids that a corpus uses, every single byte among them, so that any
 * text can be written. How such a table is read: `src/model/tokens.ts`.
 */

import { encode } from "gpt-tokenizer/encoding/r50k_base";
import type { TokenTable } from "../src/model/index.ts";

const endOfText = 50256;
/** r50k's first ids are the 256 bytes. */
const byteIds = 256;

/** A table of all bytes and of the ids that `texts` use at least `least` times. */
export function collectTokens(texts: Iterable<string>, { least = 1 }: { least?: number } = {}): TokenTable {
  const used = new Map<number, number>();
  for (const text of texts) for (const id of encode(text)) used.set(id, (used.get(id) ?? 0) + 1);
  const kept = [...used].filter(([id, times]) => id >= byteIds && times >= least).map(([id]) => id);
  const ids = [...Array.from({ length: byteIds }, (_, i) => i), ...kept.sort((a, b) => a - b), endOfText];
  return { encoding: "r50k_base", ids, end: ids.length - 1 };
}
