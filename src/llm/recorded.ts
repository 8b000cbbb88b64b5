/** A model that answers from a record, and refuses what it has not seen: for replays and tests without a model. */

import { createHash } from "node:crypto";
import { faultOf, like } from "../data/check.ts";
import { aboutModel, checkModel } from "./answer.ts";
import { LanguageModelFailure } from "./error.ts";
import type { Completion, LanguageModel, Message, Prompt } from "./types.ts";

/** One answer that was given before. */
export interface RecordedAnswer {
  prompt: string;
  /** The turns before it, if there were any. */
  messages?: readonly Message[];
  seed: number | null;
  /** What the question asked for beside the text, where it did. */
  how?: Pick<Prompt, "ids" | "form" | "stop" | "temperature" | "topP">;
  completion: Completion;
}

const answersSchema = like<readonly RecordedAnswer[]>(
  Array.isArray,
  "a list of answers, such as those that models.recording(model) has as its `answers`",
);

/** Answers as recorded. The same question asked again gets its answers in the order in which they were recorded. */
export function recorded(answers: readonly RecordedAnswer[]): LanguageModel {
  const fault = faultOf(answersSchema, answers, "answers");
  if (fault !== null) throw new LanguageModelFailure(fault);
  const left = new Map<string, Completion[]>();
  for (const { prompt, messages, seed, how, completion } of answers) {
    const key = keyOf({ prompt, ...(messages && { messages }), ...(seed !== null && { seed }), ...how });
    left.set(key, [...(left.get(key) ?? []), completion]);
  }
  return {
    name: "recorded",
    async complete(question) {
      question.signal?.throwIfAborted();
      const found = left.get(keyOf(question));
      const completion = found?.length === 1 ? found[0] : found?.shift();
      if (completion === undefined)
        throw new LanguageModelFailure({
          kind: "unrecorded",
          prompt: question.prompt,
          seed: question.seed ?? null,
        });
      question.onText?.(completion.text);
      return completion;
    },
  };
}

/**
 * A model that passes questions on and keeps the answers, to be given to `recorded`. Throws a LanguageModelFailure for what is no
 * model.
 */
export function recording(model: LanguageModel): LanguageModel & { readonly answers: RecordedAnswer[] } {
  const answers: RecordedAnswer[] = [];
  return {
    name: `${checkModel(model).name}, recorded`,
    ...aboutModel(model),
    answers,
    async complete(question) {
      const completion = await model.complete(question);
      const { prompt, messages, seed = null } = question;
      const how = howOf(question);
      answers.push({ prompt, seed, completion, ...(messages && { messages }), ...(how && { how }) });
      return completion;
    },
  };
}

function keyOf(question: Prompt): string {
  const { prompt, messages = [], seed } = question;
  const turns = messages.map(({ role, content }) => [role, content]);
  return createHash("sha256")
    .update(JSON.stringify([prompt, seed ?? null, ...turns, howOf(question) ?? null]))
    .digest("hex");
}

/** Null where the question asks for nothing but an answer. */
function howOf({ ids, form, stop, temperature, topP }: Prompt): RecordedAnswer["how"] | null {
  const how = {
    ...(ids !== undefined && { ids }),
    ...(form !== undefined && { form }),
    ...(stop !== undefined && { stop }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
  };
  return Object.keys(how).length > 0 ? how : null;
}
