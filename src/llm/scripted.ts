/** A model that answers from a list, in order: for lessons and tests that need no model, no key and no network. */

import { faultOf, listOf, text } from "../data/check.ts";
import { LanguageModelFailure } from "./error.ts";
import { countTokens } from "./tokens.ts";
import type { LanguageModel } from "./types.ts";

const answersSchema = listOf(text, "a list of texts");

/** Answers with the given texts, in order. When they are used up, `complete` rejects and says so. */
export function scripted(answers: readonly string[]): LanguageModel {
  const fault = faultOf(answersSchema, answers, "answers");
  if (fault !== null) throw new LanguageModelFailure(fault);
  let next = 0;
  return {
    name: "scripted",
    async complete({ prompt, seed, onText, signal }) {
      signal?.throwIfAborted();
      const text = answers[next++];
      if (text === undefined) throw new LanguageModelFailure({ kind: "script", answers: answers.length });
      onText?.(text);
      return {
        text,
        model: "scripted",
        usage: { promptTokens: countTokens(prompt), completionTokens: countTokens(text) },
        ...(seed !== undefined && { seed }),
      };
    },
  };
}
