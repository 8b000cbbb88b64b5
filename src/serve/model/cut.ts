/** Texts of a request as token ids, the server staying free for others; refused before they are cut where they cannot fit. */

import { type Decoder, encodeTexts } from "../../model/index.ts";
import { ServeFailure } from "./error.ts";

/** What is cut, for whom. */
export interface Cutting {
  decoder: Decoder;
  /** Where the texts stand in the request. */
  field: "messages" | "prompt";
  /** Ids that stand before each. */
  begin: readonly number[];
  /** Gives up when the client is gone. */
  signal: AbortSignal;
}

/**
 * Ids of each prompt, whose texts are cut apart. Rejects with a ServeFailure for one that has more tokens than the model's context,
 * whatever they are.
 */
export async function cutPrompts(
  prompts: readonly (readonly string[])[],
  { decoder, field, begin, signal }: Cutting,
): Promise<number[][]> {
  const { tokenizer, config } = decoder;
  const { context } = config;
  for (const texts of prompts) {
    const prompt = texts.reduce((sum, text) => sum + (tokenizer.least?.(text) ?? 0), begin.length);
    if (prompt > context) throw new ServeFailure({ kind: "length", field, context, prompt, atLeast: true });
  }
  const all = await encodeTexts(tokenizer, prompts.flat(), signal);
  return prompts.map(({ length }) => [...begin, ...all.splice(0, length).flat()]);
}
